"""Every message, help text and log line of the package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import aero_jupyter

ROOT = Path(aero_jupyter.__file__).parent


def messages() -> Iterator[tuple[str, str]]:
    """Yield the place and text of each string that is not a docstring; a computed part reads as data."""
    for path in sorted(ROOT.rglob("*.py")):
        tree = ast.parse(path.read_text())
        left_out = set[int]()
        for node in ast.walk(tree):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                first = node.body[0] if node.body else None
                if isinstance(first, ast.Expr):
                    left_out.add(id(first.value))
            elif isinstance(node, ast.JoinedStr):
                left_out |= {id(part) for part in node.values}
        for node in ast.walk(tree):
            text = None if id(node) in left_out else _text_of(node)
            if text and " " in text:
                yield f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}", text


def _text_of(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "data" for part in node.values)
    return None
