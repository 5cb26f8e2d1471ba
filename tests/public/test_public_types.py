"""A type checker knows every public name as it is at run time."""

from __future__ import annotations

import ast
from pathlib import Path

import aero_jupyter

STUB = ast.parse(Path(aero_jupyter.__file__).with_suffix(".pyi").read_text())


def test_the_stub_imports_each_public_name_from_its_room() -> None:
    found = {
        alias.asname: (node.module or "").removeprefix("aero_jupyter").lstrip(".")
        for node in STUB.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("aero_jupyter")
        for alias in node.names
        if alias.asname != "__version__"
    }
    assert found == aero_jupyter._HOME


def test_the_stub_declares_the_same_names() -> None:
    (names,) = (ast.literal_eval(node.value) for node in STUB.body if isinstance(node, ast.Assign))
    assert names == aero_jupyter.__all__
