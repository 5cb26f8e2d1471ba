"""One run on an endpoint as it is seen in JupyterLab."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.slow

CELL = """%%aero_run --kwarg text={!r}
def words(text):
    print("counting", text)
    return {{"words": len(text.split()), "first": text.split()[0]}}
"""


def test_a_run_shows_its_state_what_it_printed_and_its_result(jupyter: Any, browser: Any) -> None:
    name = jupyter.write_notebook(
        "run.ipynb", "%load_ext aero_jupyter", CELL.format("<b>no</b> markup"), CELL.format("")
    )
    with jupyter.open(browser, name) as notebook:
        notebook.run_all()
        good = notebook.output(1).inner_text()
        assert "✓ done in" in good
        assert "counting <b>no</b> markup" in good
        assert "{'words': 2, 'first': '<b>no</b>'}" in good
        bad = notebook.output(2).inner_text()
        assert "✕ failed in" in bad
        assert "→ line 4 of the cell, in words" in bad
        assert "words() raised IndexError: list index out of range" in bad
        for dark in (False, True):
            notebook.set_theme(dark=dark)
            notebook.screenshot(f"run-{'dark' if dark else 'light'}")
