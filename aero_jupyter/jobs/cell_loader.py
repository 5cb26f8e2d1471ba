"""Loading of a cell's function on a machine without the notebook or this package."""

from __future__ import annotations

import importlib.util
import linecache
import sys
import uuid
from collections.abc import Callable, Mapping
from types import ModuleType, TracebackType
from typing import Any  # values of a function's arguments and result

from aero_jupyter.jobs.aero_output import AeroOutput
from aero_jupyter.jobs.bundled_modules import install_bundled, module_cure, remove_bundled
from aero_jupyter.jobs.request_errors import AeroJobError


def load_cell(cell: Mapping[str, Any]) -> ModuleType:
    """Run the cell in a module of its own, in ``sys.modules`` until `forget` removes it.

    Raises
    ------
    AeroJobError
        If this Python cannot parse it.
    """
    provide_aero_output()
    module = ModuleType(f"aero_cell_{uuid.uuid4().hex}")
    sys.modules[module.__name__] = module
    try:
        install_bundled(module.__name__, cell.get("modules") or {})
        guarded(cell, lambda: exec(_compiled(cell), module.__dict__))  # noqa: S102  it is what this task is
    except BaseException:
        forget(module)
        raise
    return module


def forget(module: ModuleType) -> None:
    """Remove the cell's module and its bundled modules, so that they do not pile up in a worker."""
    remove_bundled(module.__name__)
    sys.modules.pop(module.__name__, None)


def guarded(cell: Mapping[str, Any], call: Callable[[], Any]) -> Any:
    """Call the user's code; tracebacks point at the user's cell, and an exit counts as a failure."""
    try:
        return call()
    except SystemExit as error:
        code = "" if error.code is None else repr(error.code)
        raise AeroJobError(f"{cell['name']}() called sys.exit({code}).") from None
    except KeyboardInterrupt:
        raise AeroJobError(f"{cell['name']}() was interrupted.") from None
    except ModuleNotFoundError as error:
        if not error.name:
            raise error.with_traceback(_from_cell(error.__traceback__, cell["filename"])) from None
        place = _from_cell(error.__traceback__, cell["filename"])
        raise AeroJobError(module_cure(cell["name"], error)).with_traceback(place) from None
    except Exception as error:
        raise error.with_traceback(_from_cell(error.__traceback__, cell["filename"]))  # noqa: B904  keeps its cause


def provide_aero_output() -> None:
    """Install a substitute for ``aero_client.utils`` and ``aero_jupyter.utils`` if they are missing."""
    for package in ("aero_client", "aero_jupyter"):
        # Never imported: importing aero_client logs in.
        if package not in sys.modules and importlib.util.find_spec(package) is None:
            stand_in, utils = _stand_in(package), _stand_in(f"{package}.utils")
            stand_in.__path__ = []
            vars(stand_in)["utils"] = utils
            sys.modules.update({package: stand_in, f"{package}.utils": utils})


def _stand_in(name: str) -> ModuleType:
    module = ModuleType(name, "The part of this package that functions use where it is not installed.")

    def absent(attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)

        def refuse(*_: Any, **__: Any) -> None:
            raise AeroJobError(f"{attribute}() of {name} cannot be called on an endpoint.")

        return refuse

    vars(module).update({"AeroOutput": AeroOutput, "__getattr__": absent})
    return module


def _compiled(cell: Mapping[str, Any]) -> Any:
    source, filename, shift = cell["source"], cell["filename"], cell["first_line"] - 1
    lines = ["\n"] * shift + source.splitlines(keepends=True)
    # No modification time, so that linecache never looks for the file.
    linecache.cache[filename] = (len(source), None, lines, filename)
    try:
        # Annotations are never evaluated: their names need not exist on the endpoint.
        return compile("".join(lines), filename, "exec", flags=annotations.compiler_flag, dont_inherit=True)
    except SyntaxError as error:
        line = error.lineno or shift + 1
        python = ".".join(map(str, sys.version_info[:2]))
        raise AeroJobError(f"Python {python} of this endpoint cannot read line {line}: {error.msg}.") from None


def _from_cell(trace: TracebackType | None, filename: str) -> TracebackType | None:
    found = trace
    while found and found.tb_frame.f_code.co_filename != filename:
        found = found.tb_next
    return found or trace
