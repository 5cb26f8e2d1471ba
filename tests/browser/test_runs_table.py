"""The table of runs in JupyterLab: while a page comes, the buttons of an open run, and all of it without anywidget."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import expect
from support.jupyter_server import Jupyter

CELLS = (
    "%load_ext aero_jupyter\nimport aero_jupyter as aero",
    "%%aero_register --output busy_boom --replace\ndef busy_boom():\n    return 1 / 0",
    "%aero_run busy_boom",
    "aero.flow('busy_boom')",
    "aero.monitor('busy_boom')",
    "aero.browse()",
)
LONG = 120_000
#: Presses a button, and tells what the table says before the kernel has answered.
PRESSED = """([what]) => {
    const grid = document.querySelectorAll('.aero-grid');
    const last = grid[grid.length - 1];
    const before = last.getAttribute('aria-busy');
    last.querySelector(`[data-do=${what}]`).click();
    return [before, last.getAttribute('aria-busy')];
}"""


@pytest.mark.slow
def test_a_failed_run_is_opened_retried_and_a_page_that_goes_is_said(jupyter: Any, browser: Any) -> None:
    with jupyter.open(browser, jupyter.write_notebook("runs.ipynb", *CELLS), height=2600) as notebook:
        notebook.run_cells(len(CELLS))
        card = notebook.output(3)
        expect(card).to_contain_text("✕ The last run failed:")
        expect(card).to_contain_text("last: ✕ failed")
        grid = notebook.output(4).locator(".aero-grid")
        expect(grid).to_contain_text("1–1 of 1", timeout=LONG)
        more = grid.get_by_role("button", name="More")
        more.click()
        expect(grid.locator(".items")).to_contain_text("Pause updates")
        expect(grid.locator(".items .danger")).to_have_text("Delete the flow")
        more.click()
        assert grid.locator("td.bad").first.inner_text() == "✕ failed"
        grid.locator("tbody td button").first.click()
        detail = grid.locator(".detail")
        expect(detail).to_contain_text("ZeroDivisionError", timeout=LONG)
        expect(detail.get_by_role("button", name="Cancel")).to_be_disabled()
        detail.get_by_role("button", name="Retry").click()
        expect(grid).to_contain_text("1–2 of 2", timeout=LONG)
        expect(grid.locator(".note")).to_contain_text("✕ failed: run", timeout=LONG)
        browse = notebook.output(5).locator(".aero-grid")
        expect(browse).to_have_attribute("aria-busy", "false")
        browse.get_by_role("button", name="More").click()
        assert notebook.page.evaluate(PRESSED, ["refresh"]) == ["false", "true"]
        expect(browse).to_have_attribute("aria-busy", "false")
        card.get_by_role("button", name="Failed run").click()
        expect(card).to_contain_text("✕ failed · busy_boom · run", timeout=LONG)
        expect(card.locator("mark").first).to_contain_text("line 3 of the cell, in busy_boom")
        for dark in (False, True):
            notebook.set_theme(dark=dark)
            notebook.screenshot(f"runs-{'dark' if dark else 'light'}")


@pytest.mark.slow
def test_without_anywidget_a_run_is_opened_and_retried(
    aero: object, browser: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("bare")
    settings = folder / "config" / "labconfig" / "page_config.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"disabledExtensions": {"anywidget": True}}))
    with (
        Jupyter(folder) as jupyter,
        jupyter.open(browser, jupyter.write_notebook("bare.ipynb", *CELLS), height=3000) as notebook,
    ):
        notebook.run_cells(len(CELLS))
        runs = notebook.output(4)
        expect(runs).to_contain_text("does not show anywidget", timeout=LONG)
        failed = runs.locator("select").filter(has_text="nothing").locator("option", has_text="✕ failed")
        runs.locator("select").filter(has_text="nothing").select_option(label=failed.first.inner_text())
        expect(runs).to_contain_text("ZeroDivisionError", timeout=LONG)
        before = runs.locator("table tbody tr").count()
        runs.get_by_role("button", name="Retry").last.click()
        expect(runs.locator("table tbody tr")).to_have_count(before + 1, timeout=LONG)
        browse = notebook.output(5)
        browse.get_by_role("button", name="CSV of all").click()
        link = browse.get_by_role("link", name="Save data-")
        expect(link).to_be_visible(timeout=LONG)
        with notebook.page.expect_download() as download:
            link.click()
        assert download.value.path().read_text().startswith("name,description,")
        for dark in (False, True):
            notebook.set_theme(dark=dark)
            notebook.screenshot(f"bare-{'dark' if dark else 'light'}")
        notebook.errors.clear()
