"""Modules beside the notebook: which ones a function imports, and the source code of each that travels with it."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import sys
import warnings
from collections.abc import Iterator
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from aero_jupyter.compute.module_origin import is_installed
from aero_jupyter.core.errors import FunctionRefused
from aero_jupyter.core.source_parsing import parse_source

#: Packages that the runtime provides on every endpoint.
_PROVIDED = frozenset({"aero_jupyter", "aero_client", "__main__", "__future__"})
#: Names of a module that need its file, which an endpoint does not have.
_FILE_NAMES = frozenset({"__file__", "__path__", "__spec__", "__loader__", "__cached__"})
_FILE_MODULES = ("importlib.resources", "importlib_resources", "pkg_resources", "pkgutil.get_data")
_INSIDE = "Put what the function needs of it in the cell"
_IMPORTERS = frozenset({"import_module", "__import__"})


def modules_of(source: str) -> dict[str, dict[str, object]]:
    """Return the local modules that a source text imports, with those that they import in turn.

    Parameters
    ----------
    source : str
        Python, of a cell.

    Returns
    -------
    dict
        Full module name to ``{"source": text, "is_package": bool}``. What is installed, and what belongs to Python,
        is left out.

    Raises
    ------
    FunctionRefused
        If a local module cannot travel; the message names it.
    """
    importlib.invalidate_caches()
    found: dict[str, dict[str, object]] = {}
    waiting = list(imported_names(parse_source(source)))
    while waiting:
        for name in _with_parents(waiting.pop()):
            spec = None if name in found else _local_spec(name)
            if spec is not None:
                text, tree = _readable(name, spec)
                is_package = spec.submodule_search_locations is not None
                found[name] = {"source": text, "is_package": is_package}
                waiting += imported_names(tree, name if is_package else name.rpartition(".")[0])
    return dict(sorted(found.items()))


def refusal_of(statement: str) -> FunctionRefused | None:
    """Return why an import statement cannot be used on an endpoint; None where its module travels or is installed."""
    try:
        modules_of(statement)
    except FunctionRefused as error:
        return error
    return None


def imported_names(tree: ast.AST, package: str = "") -> Iterator[str]:
    """Return the full names of what a tree imports, also inside functions, but not below ``if TYPE_CHECKING``.

    Parameters
    ----------
    package : str
        The package that relative imports start from.
    """
    for node in _run(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _base_of(node, package)
            if base:
                yield base
                yield from (f"{base}.{name}" for alias in node.names for name in _starred(base, alias.name))
        elif isinstance(node, ast.Call) and _name_of(node.func) in _IMPORTERS and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str) and not first.value.startswith("."):
                yield first.value


def _run(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree without the blocks that never run in a module that is imported."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and _never_runs(child.test):
            for other in child.orelse:
                yield other
                yield from _run(other)
        else:
            yield child
            yield from _run(child)


def _never_runs(test: ast.expr) -> bool:
    if isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__":
        right = test.comparators[0]
        return isinstance(test.ops[0], ast.Eq) and isinstance(right, ast.Constant) and right.value == "__main__"
    return _name_of(test) == "TYPE_CHECKING"


def _name_of(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _base_of(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    if not package or node.level > len(parts):
        return ""
    base = ".".join(parts[: len(parts) - node.level + 1])
    return f"{base}.{node.module}" if node.module else base


def _starred(base: str, name: str) -> list[str]:
    """Return what one name of ``from base import …`` imports: for a star, what the ``__all__`` of base lists."""
    if name != "*":
        return [name]
    spec = next((spec for each in _with_parents(base) if each == base and (spec := _local_spec(each))), None)
    if spec is None or spec.submodule_search_locations is None:
        return []
    for node in _readable(base, spec)[1].body:
        if isinstance(node, ast.Assign) and [_name_of(target) for target in node.targets] == ["__all__"]:
            try:
                return [str(each) for each in ast.literal_eval(node.value)]
            except (ValueError, TypeError):
                return []
    return []


def _with_parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    yield from (".".join(parts[:size]) for size in range(1, len(parts) + 1))


def _local_spec(name: str) -> ModuleSpec | None:
    """Return the specification of a local module; None where it is installed, part of Python, or not there.

    Raises
    ------
    FunctionRefused
        If it is local and not a file of Python source code.
    """
    top, _, rest = name.partition(".")
    spec = None if top in _PROVIDED or top in sys.builtin_module_names else _top_spec(top)
    if spec is None or is_installed(spec):
        return None
    if top in sys.stdlib_module_names:
        cure = "Rename it, here and where it is imported."
        raise FunctionRefused(f"`{top}` beside the notebook has the name of a module of Python itself.", cure)
    done = top
    for part in rest.split(".") if rest else ():
        if spec is None or spec.submodule_search_locations is None:
            return None
        done = f"{done}.{part}"
        spec = PathFinder.find_spec(done, list(spec.submodule_search_locations))
    if spec is not None:
        _require_source_file(name, spec)
    return spec


def _top_spec(top: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(top)
    except (ValueError, ImportError):
        if top not in sys.modules:
            return None
        cure = f"{_INSIDE}, or save it as {top}.py."
        raise FunctionRefused(f"`{top}` was made in this kernel and has no file, so it cannot be sent.", cure) from None


def _require_source_file(name: str, spec: ModuleSpec) -> None:
    if spec.origin is None or spec.origin == "namespace":
        text = f"`{name}` is a folder without __init__.py, which is not sent with the function."
        raise FunctionRefused(text, "Create an empty __init__.py in it.")
    if not spec.origin.endswith(".py"):
        text = (
            f"`{name}` is not a Python source file ({Path(spec.origin).name}), so it cannot be sent with the function."
        )
        raise FunctionRefused(text, f"{_INSIDE}, or install it on the endpoint and here.")
    if not os.path.isfile(spec.origin):
        text = f"`{name}` is inside an archive, so it cannot be sent with the function."
        raise FunctionRefused(text, "Unpack it beside the notebook.")


def _readable(name: str, spec: ModuleSpec) -> tuple[str, ast.Module]:
    """Return the source code of a local module, as text and as a tree.

    Raises
    ------
    FunctionRefused
        If it is not Python, or needs its own file.
    """
    place = Path(str(spec.origin))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            text = importlib.util.decode_source(place.read_bytes())
            tree = parse_source(text)
            compile(tree, str(place), "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError, RecursionError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        why = error.msg if isinstance(error, SyntaxError) else str(error)
        raise FunctionRefused(f"`{name}` cannot be read ({place.name}{line}: {why}).", "Correct that file.") from None
    for node in _run(tree):
        needed = _file_need(node)
        if needed:
            where = f"({place.name}, line {getattr(node, 'lineno', 1)})"
            text = f"`{name}` uses {needed} {where}, and data files are not sent."
            raise FunctionRefused(text, f"{_INSIDE}, or install the module on the endpoint and here.")
    return text, tree


def _file_need(node: ast.AST) -> str:
    if isinstance(node, ast.Name) and node.id in _FILE_NAMES:
        return node.id
    names: list[str] = []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and not node.level:
        names = [f"{node.module}.{alias.name}" for alias in node.names]
    elif isinstance(node, ast.Attribute):
        names = [ast.unparse(node)]
    return next((need for need in _FILE_MODULES for name in names if name == need or name.startswith(f"{need}.")), "")
