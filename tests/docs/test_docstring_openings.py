"""Docstrings open with the standard verb, or with a noun; these words are neither."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
OPENINGS = {"Give", "Say", "Tell", "Let", "Have", "Make", "See", "What"}
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@pytest.mark.parametrize("folder", [TESTS.parent / "aero_jupyter", TESTS], ids=["package", "tests"])
def test_no_docstring_opens_with_one_of_them(folder: Path) -> None:
    found = [
        f"{path.relative_to(folder)}: {text.splitlines()[0]}"
        for path in sorted(folder.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, DOCUMENTED)
        and (text := ast.get_docstring(node))
        and text.split()[0].strip(",.:") in OPENINGS
    ]
    assert found == []
