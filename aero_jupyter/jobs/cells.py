"""A cell's text made into a function again, on a machine that knows neither the notebook nor this package."""

from __future__ import annotations

import ast
import importlib.util
import linecache
import sys
import uuid
from collections.abc import Callable, Mapping
from types import ModuleType, TracebackType
from typing import Any

from aero_jupyter.jobs.outputs import AeroOutput
from aero_jupyter.jobs.web import AeroJobError


def load_cell(cell: Mapping[str, Any]) -> ModuleType:
    """Run the cell's text in a module of its own, in ``sys.modules`` until `forget` removes it.

    Raises
    ------
    AeroJobError
        If this Python cannot read the text.
    """
    provide_aero_output()
    module = ModuleType(f"aero_cell_{uuid.uuid4().hex}")
    sys.modules[module.__name__] = module
    try:
        guarded(cell, lambda: exec(_compiled(cell), module.__dict__))  # noqa: S102  it is what this task is
    except BaseException:
        forget(module)
        raise
    return module


def forget(module: ModuleType) -> None:
    """Remove the cell's module, so that a worker that runs for weeks does not keep them all."""
    sys.modules.pop(module.__name__, None)


def guarded(cell: Mapping[str, Any], call: Callable[[], Any]) -> Any:
    """Call the user's code; what it raises points at the user's cell, and an exit is a failure like others."""
    try:
        return call()
    except SystemExit as error:
        code = "" if error.code is None else repr(error.code)
        raise AeroJobError(f"{cell['name']}() called sys.exit({code}).") from None
    except KeyboardInterrupt:
        raise AeroJobError(f"{cell['name']}() was interrupted.") from None
    except Exception as error:
        raise error.with_traceback(_from_cell(error.__traceback__, cell["filename"]))  # noqa: B904  keeps its cause


def provide_aero_output() -> None:
    """Let ``from aero_client.utils import AeroOutput`` and its like work where the package is not installed."""
    for package in ("aero_client", "aero_jupyter"):
        # Looked for, never imported: importing aero_client logs in.
        if package not in sys.modules and importlib.util.find_spec(package) is None:
            stand_in, utils = _stand_in(package), _stand_in(f"{package}.utils")
            stand_in.__path__ = []
            vars(stand_in)["utils"] = utils
            sys.modules.update({package: stand_in, f"{package}.utils": utils})


def _stand_in(name: str) -> ModuleType:
    module = ModuleType(name, "What a function needs of this package, where it is not installed.")

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
    # No modification time: linecache then never looks for a file of that name.
    linecache.cache[filename] = (len(source), None, lines, filename)
    try:
        tree = ast.increment_lineno(ast.parse(source, filename), shift)
        # Annotations are never evaluated: what only they name need not exist on the endpoint.
        return compile(tree, filename, "exec", flags=annotations.compiler_flag, dont_inherit=True)
    except SyntaxError as error:
        line = (error.lineno or 1) + shift
        python = ".".join(map(str, sys.version_info[:2]))
        raise AeroJobError(f"Python {python} of this endpoint cannot read line {line}: {error.msg}.") from None


def _from_cell(trace: TracebackType | None, filename: str) -> TracebackType | None:
    found = trace
    while found and found.tb_frame.f_code.co_filename != filename:
        found = found.tb_next
    return found or trace
