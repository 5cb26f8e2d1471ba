"""Modules bundled with a function: importable while the function's cell is loaded."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import linecache
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from aero_jupyter.jobs.request_errors import AeroJobError


class BundledModules(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """The importer of a cell's modules; hides installed modules of the same name.

    Parameters
    ----------
    owner : str
        The name of the cell's module.
    modules : mapping
        Full module name to ``{"source": text, "is_package": bool}``.
    """

    def __init__(self, owner: str, modules: Mapping[str, Mapping[str, Any]]) -> None:
        self.owner = owner
        self._modules = modules
        self._roots = {name.partition(".")[0] for name in modules}
        self._hidden: dict[str, ModuleType] = {}

    def install(self) -> None:
        """Install the importer."""
        self._hidden = self._taken_out()
        sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Remove the modules; restore the hidden ones."""
        sys.meta_path.remove(self)
        self._taken_out()
        sys.modules.update(self._hidden)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return the specification of a bundled module; None for every other one."""
        if fullname not in self._modules:
            return None
        is_package = bool(self._modules[fullname]["is_package"])
        return importlib.util.spec_from_loader(fullname, self, origin=_file_of_module(fullname), is_package=is_package)

    def exec_module(self, module: ModuleType) -> None:
        """Run the source code of a module; tracebacks show its lines."""
        source, filename = str(self._modules[module.__name__]["source"]), _file_of_module(module.__name__)
        # No modification time, so that linecache never looks for the file.
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        try:
            code = compile(source, filename, "exec", dont_inherit=True)
        except SyntaxError as error:
            raise AeroJobError(
                f"Python {sys.version_info[0]}.{sys.version_info[1]} of this endpoint cannot read line {error.lineno} "
                f"of the module {module.__name__}: {error.msg}."
            ) from None
        exec(code, module.__dict__)  # noqa: S102  it is what an import is

    def _taken_out(self) -> dict[str, ModuleType]:
        names = [name for name in sys.modules if name.partition(".")[0] in self._roots]
        return {name: sys.modules.pop(name) for name in names}


def install_bundled(owner: str, modules: Mapping[str, Mapping[str, Any]]) -> None:
    """Install the modules of a cell until `remove_bundled`."""
    if modules:
        BundledModules(owner, modules).install()


def remove_bundled(owner: str) -> None:
    """Remove the modules of a cell."""
    for finder in [each for each in sys.meta_path if isinstance(each, BundledModules) and each.owner == owner]:
        finder.remove()


def module_cure(function: str, error: ModuleNotFoundError) -> str:
    """Return the name of the missing module, and the cure."""
    name = error.name or ""
    top = name.partition(".")[0]
    if top != name and top in sys.modules:
        return (
            f"{function}() needs `{name}`, which the `{top}` of this endpoint does not have. "
            f"Install the version of `{top}` there that this function was written with."
        )
    return (
        f"{function}() needs the module `{name}`, which this endpoint does not have. "
        "Install the package that provides it there, or choose another endpoint with --endpoint."
    )


def _file_of_module(name: str) -> str:
    return f"<module {name}>"
