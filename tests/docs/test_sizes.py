"""Files and functions of the package stay short enough to be read at once, and a class name has one meaning."""

from __future__ import annotations

import ast
import statistics
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import aero_jupyter

PACKAGE = Path(aero_jupyter.__file__).parent
FILE_LINES, FUNCTION_LINES, MEDIAN_LINES = 250, 40, 6
#: A model of the client, and the schema of the same name in the service's description.
BOTH_SIDES = {"Data", "DataFile", "Provenance"}


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE), ast.parse(path.read_text("utf-8"))


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function without its docstring."""
    has_docstring = ast.get_docstring(node) is not None
    docstring = node.body[0].end_lineno - node.body[0].lineno + 1 if has_docstring else 0
    return node.end_lineno - node.lineno + 1 - docstring


def test_no_file_is_longer_than_a_few_screens() -> None:
    lines = {path: len((PACKAGE / path).read_text("utf-8").splitlines()) for path, _ in trees()}
    assert {str(path): count for path, count in lines.items() if count > FILE_LINES} == {}


def test_functions_are_short() -> None:
    functions = [
        (body_lines(node), f"{path}:{node.lineno} {node.name}")
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    assert [(count, place) for count, place in functions if count > FUNCTION_LINES] == []
    assert statistics.median(count for count, _ in functions) <= MEDIAN_LINES


def test_a_class_name_means_one_thing() -> None:
    names = Counter(node.name for _, tree in trees() for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    assert {name for name, count in names.items() if count > 1} <= BOTH_SIDES
