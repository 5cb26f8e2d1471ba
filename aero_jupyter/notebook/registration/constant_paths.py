"""Paths that code builds from constants: text, f-strings, ``Path(…) / "…"``, `os.path.join` and names bound once."""

from __future__ import annotations

import ast
import posixpath
from collections import Counter
from collections.abc import Callable, Mapping

_JOINING_CALLS = frozenset({"Path", "PurePath", "PosixPath", "join", "joinpath", "str", "fspath"})


def constants_of(tree: ast.AST) -> dict[str, ast.expr]:
    """Return the names that a tree binds exactly once, by an assignment, with the assigned expressions."""
    bound: Counter[str] = Counter()
    values: dict[str, ast.expr] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound[node.id] += 1
        elif isinstance(node, ast.arg):
            bound[node.arg] += 1
        elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            values[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            values[node.target.id] = node.value
    return {name: value for name, value in values.items() if bound[name] == 1}


def constant_path(node: ast.expr, constants: Mapping[str, ast.expr]) -> str | None:
    """Return the text of a path; None if a part of it is known only when the code runs.

    Examples
    --------
    >>> constant_path(ast.parse('Path("data") / f"{1}.csv"', mode="eval").body, {})
    'data/1.csv'
    """
    if isinstance(node, ast.Constant):
        return str(node.value) if isinstance(node.value, (str, int)) else None
    if isinstance(node, ast.Name) and node.id in constants:
        # Without the name itself: a value that refers to its own name has no end.
        return constant_path(constants[node.id], {name: value for name, value in constants.items() if name != node.id})
    if isinstance(node, ast.FormattedValue):
        return constant_path(node.value, constants) if node.conversion == -1 and node.format_spec is None else None
    if isinstance(node, ast.JoinedStr):
        return _combined(node.values, constants, "".join)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _combined([node.left, node.right], constants, "".join)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return _combined([node.left, node.right], constants, _joined)
    if isinstance(node, ast.Call) and not node.keywords and node.args:
        return _of_call(node, constants)
    return None


def called_name(call: ast.Call) -> str:
    """Return the last part of the name that is called; an empty text if it has none."""
    return call.func.id if isinstance(call.func, ast.Name) else str(getattr(call.func, "attr", ""))


def _of_call(node: ast.Call, constants: Mapping[str, ast.expr]) -> str | None:
    name = called_name(node)
    is_text_method = isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Constant)
    if name not in _JOINING_CALLS or is_text_method:
        return None
    receiver = [node.func.value] if name == "joinpath" and isinstance(node.func, ast.Attribute) else []
    return _combined([*receiver, *node.args], constants, _joined)


def _combined(
    nodes: list[ast.expr], constants: Mapping[str, ast.expr], combine: Callable[[list[str]], str]
) -> str | None:
    parts = [part for node in nodes if (part := constant_path(node, constants)) is not None]
    return combine(parts) if len(parts) == len(nodes) else None


def _joined(parts: list[str]) -> str:
    return posixpath.join(*parts)
