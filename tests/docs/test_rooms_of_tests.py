"""The tests stand in the rooms of the package, and one test file never uses another."""

from __future__ import annotations

import ast
from pathlib import Path

TESTS = Path(__file__).parents[1]
ROOMS = {path.parent.name for path in (TESTS.parent / "aero_jupyter").glob("*/__init__.py")}
#: Tests of several rooms, of the top of the package and of the documents; and what is no test.
OTHERS = {"benchmarks", "browser", "docs", "endpoint", "journeys", "public", "support"}


def test_each_folder_is_named_after_a_room() -> None:
    folders = {path.relative_to(TESTS).parts[0] for path in TESTS.glob("*/**/*.py")}
    assert folders <= ROOMS | OTHERS
    assert [path.name for path in TESTS.glob("*.py")] == ["conftest.py"]


def imported_modules(path: Path) -> set[str]:
    """Return the first name of each module that a file imports."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    imports = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    froms = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    return {name.partition(".")[0] for name in imports | froms}


def test_a_test_file_imports_no_other_one() -> None:
    files = sorted(TESTS.rglob("test_*.py"))
    stems = {path.stem for path in files}
    assert {path.name: found for path in files if (found := imported_modules(path) & stems)} == {}
