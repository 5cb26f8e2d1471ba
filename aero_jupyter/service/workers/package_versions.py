"""The environment in which a function runs: the version of Python, and those of the packages that it imports."""

from __future__ import annotations

import ast
import contextlib
import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterator
from typing import Any  # JSON values

#: Packages that read and write tables, whether or not the function imports them.
TABLE_PACKAGES = ("numpy", "pandas", "pyarrow")
#: Names that are no packages of the function: the runtime stands in for them.
_OWN_NAMES = ("aero_client", "aero_jupyter", "__future__")
#: Functions whose imports are remembered.
_MOST_FUNCTIONS = 200
_imports: dict[str, frozenset[str]] = {}


class PackageVersions:
    """The versions of installed packages, as a process of this Python would import them now."""

    def __init__(self) -> None:
        self._state: tuple[int, ...] = ()
        self._found: dict[str, tuple[str, str] | None] = {}
        self._loaded: set[str] = set()

    def environment(self, imports: frozenset[str]) -> dict[str, Any]:
        """Return the version of Python, and those of the packages for tables and of the imported ones.

        Parameters
        ----------
        imports : frozenset of str
            The names of imported modules, without submodules.
        """
        if (state := _folder_state()) != self._state:
            self._state = state
            # A package that this process had loaded stays as it is; the others may have been replaced.
            self._found = {name: found for name, found in self._found.items() if name in self._loaded}
        found = [self._version(name) for name in sorted({*TABLE_PACKAGES, *imports})]
        self._loaded = self._found.keys() & sys.modules.keys()
        return {"python": platform.python_version(), "packages": dict(each for each in found if each is not None)}

    def _version(self, name: str) -> tuple[str, str] | None:
        if name not in self._found:
            self._found[name] = _installed_version(name)
        return self._found[name]


def _folder_state() -> tuple[int, ...]:
    """Return what changes whenever a package is installed or removed."""
    times = []
    for folder in sys.path:
        with contextlib.suppress(OSError):
            times.append(os.stat(folder or ".").st_mtime_ns)
    return tuple(times)


def _installed_version(name: str) -> tuple[str, str] | None:
    """Return the name and the version of the package that provides a module, or None if none is installed."""
    # Nothing about an installed package may end the worker.
    with contextlib.suppress(Exception):
        found = importlib.metadata.distribution(name)
        # Another package may have the name of the module.
        if name in (found.read_text("top_level.txt") or name).split():
            return str(found.metadata["Name"]), str(found.version)
    with contextlib.suppress(Exception):
        # Reads the list of files of each installed package, which takes a while.
        packages = () if name in TABLE_PACKAGES else importlib.metadata.packages_distributions().get(name, ())
        return next(((package, importlib.metadata.version(package)) for package in packages), None)
    return None


def imported_names(digest: str, code: str) -> frozenset[str]:
    """Return the modules outside the standard library that the source code of a task imports, without submodules.

    Parameters
    ----------
    digest : str
        Identifies the source code, whose imports are collected once.
    """
    if digest not in _imports:
        _imports.clear() if len(_imports) > _MOST_FUNCTIONS else None
        names: set[str] = set()
        # If a text is not valid Python, the task reports the error.
        with contextlib.suppress(Exception):
            sources, own = _sources(ast.parse(code))
            for source in sources:
                names |= {*_names(ast.parse(source))} - own
        _imports[digest] = frozenset(names - sys.stdlib_module_names - {*_OWN_NAMES})
    return _imports[digest]


def _sources(tree: ast.Module) -> tuple[list[str], set[str]]:
    """Return the source codes in a registered text: of the cell, and of the modules that come with it; their names."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "_CELL":
            cell = ast.literal_eval(node.value)
            modules = cell.get("modules") or {}
            texts = [cell.get("source", ""), *(each["source"] for each in modules.values())]
            return texts, {name.partition(".")[0] for name in modules}
    return [ast.unparse(tree)], set()


def _names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]
