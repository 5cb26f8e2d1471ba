from __future__ import annotations

import itertools
import linecache
from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def ipython_cell() -> Callable[[str], dict[str, Any]]:
    """Run text as a notebook runs a cell: one namespace, the text in linecache under the cell's own file name."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    numbers = itertools.count(1)

    def run(text: str) -> dict[str, Any]:
        name = f"<ipython-input-{next(numbers)}>"
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        exec(compile(text, name, "exec"), namespace)
        return namespace

    return run
