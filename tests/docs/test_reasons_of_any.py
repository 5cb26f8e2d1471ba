"""`Any` stands where foreign values enter, and the line that imports it names the reason.

In a container (``dict[str, Any]``), in a callable, and for ``*args`` and ``**options``, it needs no reason: there it
stands for JSON, for keyword arguments, or for what a library receives.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import aero_jupyter

PACKAGE = Path(aero_jupyter.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
_CONTAINERS = {"Callable", "Mapping", "Sequence", "dict", "list", "tuple"}


def needs_reason(name: ast.Name, parents: dict[ast.AST, ast.AST]) -> bool:
    """Return whether this use of `Any` is neither in a container nor the type of ``*args`` or ``**options``."""
    node: ast.AST = name
    while node in parents and not isinstance(node, (ast.arg, ast.stmt)):
        node = parents[node]
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in _CONTAINERS:
            return False
    arguments = parents.get(node)
    return not (isinstance(arguments, ast.arguments) and node in (arguments.vararg, arguments.kwarg))


def uses_without_container(tree: ast.Module) -> Iterator[int]:
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "Any" and needs_reason(node, parents):
            yield node.lineno


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(PACKAGE)))
def test_the_import_of_any_names_its_reason(module: Path) -> None:
    text = module.read_text("utf-8")
    lines = text.splitlines()
    imports = [line for line in lines if line.startswith("from typing import") and "Any" in line]
    unexplained = [f"{number}: {lines[number - 1].strip()}" for number in uses_without_container(ast.parse(text))]
    has_reason = any("  # " in line for line in imports)
    assert has_reason or not unexplained, (
        f"{unexplained}: type it, or name the reason: from typing import Any  # JSON values"
    )
