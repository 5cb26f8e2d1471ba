"""Messages name options to users of a magic, and buttons and fields to users of the form."""

from __future__ import annotations

import ast
import copy
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

import aero_jupyter
from aero_jupyter.core.surface_text import SurfaceText, form_words

PACKAGE = Path(aero_jupyter.__file__).parent


def calls() -> Iterator[object]:
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "SurfaceText":
                yield pytest.param(node, id=f"{file.relative_to(PACKAGE)}:{node.lineno}")


@pytest.mark.parametrize("call", list(calls()))
def test_the_words_for_the_form_name_no_option_and_no_magic(call: ast.Call) -> None:
    in_magic, in_form = map(ast.unparse, call.args)
    assert "--" in in_magic or "%aero" in in_magic
    assert "--" not in in_form
    assert "%aero" not in in_form


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda text: pickle.loads(pickle.dumps(text))])
def test_a_copied_message_keeps_both_wordings(copied: object) -> None:
    text = copied(SurfaceText("Choose one with --name.", "Choose one."))  # type: ignore[operator]
    assert (text, form_words(text)) == ("Choose one with --name.", "Choose one.")


def test_other_text_is_the_same_in_the_form() -> None:
    assert form_words("Choose another output.") == "Choose another output."
