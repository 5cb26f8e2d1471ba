"""The functions of this kernel: which there are, and the text of each that travels."""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator, Mapping
from typing import Any

from aero_jupyter.compute import cells
from aero_jupyter.compute.closure import closure, statements_of
from aero_jupyter.compute.live import known_elsewhere, maker_of, plain_function, source_around
from aero_jupyter.core.errors import FunctionRefused


def functions_of(shell: Any) -> dict[str, str]:
    """Give the functions that the cells of this kernel defined, newest first: name to the text that travels."""
    if shell is None:
        return {}
    names: Mapping[str, Any] = shell.user_ns
    found: dict[str, str] = {}
    for cell in reversed(list(names.get("In", ()))):
        for name, text in _defined(_without_magic(str(cell))):
            if name not in found and isinstance(names.get(name), types.FunctionType) and not name.startswith("_"):
                found[name] = text
    return found


def text_of(function: Any) -> tuple[str, str]:
    """Give the name of a function and the text of it that travels.

    Raises
    ------
    FunctionRefused
        If it cannot travel, or its text cannot be found.
    """
    if isinstance(function, str):
        tree = cells.parsed(cells.tidy(function))
        name = cells.chosen(tree, statements_of(tree), None, 0).name
        return name, function
    plain = plain_function(function)
    text, _ = source_around(plain)
    return plain.__name__, kept(text, plain.__name__)


def kept(cell: str, name: str) -> str:
    """Give what a function needs of its cell, and nothing else."""
    text = cells.tidy(cell)
    tree = cells.parsed(text)
    found = closure(statements_of(tree), name)
    parts = [_segment(text, statement.node) for statement in found.statements]
    head = [_segment(text, node) for node in tree.body if _is_future(node) and _segment(text, node) not in parts]
    blocks = "\n".join([*head, *parts[:-1]])
    return f"{blocks}\n\n\n{parts[-1]}\n" if blocks else f"{parts[-1]}\n"


def missing_in(text: str, name: str) -> tuple[str, ...]:
    """Give the names that a function uses and its text does not have."""
    tree = cells.parsed(cells.tidy(text))
    return closure(statements_of(tree), name).missing


def import_of(name: str, names: Mapping[str, Any]) -> str:
    """Give the import that makes a name; nothing where none is known."""
    made = maker_of(name, known_elsewhere(names))
    return made if made and made.startswith(("import ", "from ")) else ""


def with_import(text: str, statement: str) -> str:
    """Move an import into a text: above everything, but below what must come first."""
    tree = ast.parse(text)
    first = [node for node in tree.body if cells.always_stays(node)]
    lines = text.split("\n")
    at = max((node.end_lineno or 0 for node in first), default=0)
    blank = [] if at < len(lines) and lines[at].startswith(("import ", "from ")) else ["", ""]
    return "\n".join([*lines[:at], statement, *blank, *lines[at:]])


def _without_magic(cell: str) -> str:
    return cell.partition("\n")[2] if cell.startswith("%%aero_") else cell


def _defined(cell: str) -> Iterator[tuple[str, str]]:
    try:
        tree = cells.parsed(cells.tidy(cell))
        names = list(cells.definitions(tree))
    except FunctionRefused:
        return
    for name in reversed(names):
        yield name, kept(cell, name)


def _segment(text: str, node: ast.stmt) -> str:
    first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
    return "\n".join(text.split("\n")[first - 1 : node.end_lineno])


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def parameters_of(text: str, name: str) -> list[tuple[str, bool]] | None:
    """Give the parameters of a function, and whether each is required; None where the text cannot be read."""
    node = _function_in(text, name)
    if node is None:
        return None
    named, defaults = node.args.args, len(node.args.defaults)
    found = [(each.arg, at < len(named) - defaults) for at, each in enumerate(named)]
    return found + [
        (each.arg, default is None) for each, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    ]


def first_line(text: str, name: str) -> str:
    """Give the first line of a function's docstring."""
    node = _function_in(text, name)
    return ((ast.get_docstring(node) or "") if node else "").partition("\n")[0].strip()


def _function_in(text: str, name: str) -> ast.FunctionDef | None:
    try:
        tree = cells.parsed(cells.tidy(text))
    except FunctionRefused:
        return None
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name]
    return nodes[-1] if nodes else None
