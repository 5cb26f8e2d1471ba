"""The table "Where is what" of CONTRIBUTING: each file exists and defines what the table says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
_ROW = re.compile(r"^\| (?P<what>[^|]+) \| `(?P<file>[\w/]+\.py)` \| `(?P<name>[\w.]+)` \|$", re.MULTILINE)
ROWS = [found.group("what", "file", "name") for found in _ROW.finditer(CONTRIBUTING)]
#: The questions that a newcomer must be able to answer in under a minute.
_QUESTIONS = ("search query is parsed", "run's retry", "form's state", "bytes are hashed", "flow card is drawn")


def defines(body: list[ast.stmt], name: str) -> bool:
    """Return whether statements define a class, a function, or a method of one of their classes."""
    first, _, rest = name.partition(".")
    for node in body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == first:
            return not rest or defines(node.body, rest)
    return False


@pytest.mark.parametrize(("what", "file", "name"), ROWS, ids=[name for _, _, name in ROWS])
def test_each_file_defines_what_the_table_says(what: str, file: str, name: str) -> None:
    tree = ast.parse((ROOT / "aero_jupyter" / file).read_text("utf-8"))
    assert defines(tree.body, name), f"CONTRIBUTING names {name} of {file} for: {what}. Correct the table."


@pytest.mark.parametrize("question", _QUESTIONS)
def test_each_question_of_a_newcomer_has_a_row(question: str) -> None:
    assert [what for what, _, _ in ROWS if question in what]


def test_every_row_of_the_table_is_read() -> None:
    section = CONTRIBUTING.partition("## Where is what")[2].partition("\n## ")[0]
    assert section.count("\n| ") - 1 == len(ROWS) > 10
