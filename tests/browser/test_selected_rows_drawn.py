"""Selected rows of a table: load, compare, copy and download."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import expect

FLOW = """%%aero_register --output {name} --replace
def make_{name}():
    import pandas as pd
    return pd.DataFrame({{"day": [1, 2], "level": [3, {level}]}})"""
CELLS = ("%load_ext aero_jupyter\nimport aero_jupyter as aero", "panel = aero.browse('creek')\npanel")


def grid(notebook: Any) -> Any:
    return notebook.output(1).locator(".aero-grid")


@pytest.mark.slow
def test_selected_rows_are_loaded_compared_downloaded_and_copied(jupyter: Any, browser: Any) -> None:
    names = ("brook_left", "brook_right")
    flows = [FLOW.format(name=name, level=level) for level, name in enumerate(names)]
    waits = [f"%aero_run make_{name}" for name in names]
    shapes = "print(brook_left.shape, brook_right.shape)"
    cells = (CELLS[0], CELLS[1].replace("creek", "brook"), *flows, *waits, shapes)
    with jupyter.open(browser, jupyter.write_notebook("selected.ipynb", *cells), height=1500) as notebook:
        notebook.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        for number in (0, 2, 3, 4, 5, 1):
            notebook.run_cell(number)
        shown = grid(notebook)
        expect(shown).to_contain_text("1–2 of 2")
        expect(shown.get_by_role("button", name="Next")).to_have_count(0)
        shown.get_by_role("checkbox", name="select this page").click()

        def choose(action: str) -> None:
            shown.locator("[data-do='menu selected']").click()
            shown.locator(".items").get_by_role("button", name=action).click()

        choose("Load as DataFrames")
        expect(shown.locator(".note")).to_contain_text("Loaded as brook_")
        notebook.run_cell(6)
        expect(notebook.output(6)).to_contain_text("(2, 2) (2, 2)")
        choose("Compare")
        expect(shown.locator(".detail")).to_contain_text("level: ")
        choose("Copy names")
        expect(shown).to_contain_text("Copied the names.")
        assert sorted(notebook.page.evaluate("navigator.clipboard.readText()").split()) == list(names)
        with notebook.page.expect_download() as download:
            choose("Download the data")
        assert "day" in Path(download.value.path()).read_text()
        shown.get_by_role("button", name="Download").click()
        with notebook.page.expect_download() as download:
            shown.get_by_role("button", name="Excel of all").click()
        saved = pd.read_excel(io.BytesIO(Path(download.value.path()).read_bytes()))
        assert set(saved["name"]) == set(names)
        notebook.screenshot("answers-selected")
