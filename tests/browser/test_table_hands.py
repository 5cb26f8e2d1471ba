"""Interaction with the table: selecting rows and pages, copying cells, jumping to pages, and late replies."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

import aero_jupyter

COUNT = 100
LATE = """
import threading
df = %aero_search lagoon
pages, gate = df.aero._listing.pages, threading.Event()
fetch = pages._fetch

def slowly(part):
    # The fifth page comes when it is let go.
    return fetch(part) if not 55 <= part.offset < 75 else (gate.wait(180), fetch(part))[1]

pages._fetch = slowly
df
"""


@pytest.fixture(scope="module", autouse=True)
def _catalogue(aero: object) -> None:
    client = aero_jupyter.local().client
    for number in range(COUNT):
        client.post("data/source", data={"name": f"lagoon_{number:02d}", "url": f"https://example.org/l{number}.csv"})


def opened(jupyter: Any, browser: Any, name: str, *cells: str) -> Any:
    return jupyter.open(browser, jupyter.write_notebook(name, "%load_ext aero_jupyter", *cells), height=1500)


@pytest.mark.slow
def test_rows_and_pages_are_selected_and_cells_copied(jupyter: Any, browser: Any) -> None:
    with opened(jupyter, browser, "hands.ipynb", "df = %aero_search lagoon\ndf", "len(df.aero.selected)") as notebook:
        notebook.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        notebook.run_cells(2)
        grid = notebook.output(1).locator(".aero-grid")
        expect(grid).to_contain_text(f"1–15 of {COUNT}")
        grid.locator("tbody tr").nth(2).locator("td").first.click(position={"x": 2, "y": 2})
        expect(grid).to_contain_text("1 selected")
        every = grid.get_by_role("checkbox", name="select this page")
        assert every.evaluate("box => box.indeterminate")
        every.click()
        expect(grid).to_contain_text("15 selected")
        notebook.run_cell(2)
        expect(notebook.output(2)).to_contain_text("15")
        grid.get_by_role("checkbox", name="select this page").click()
        expect(grid.get_by_text(" selected")).to_have_count(0)
        row = grid.locator("tbody tr").nth(1)
        row.focus()
        for _ in range(3):
            notebook.page.keyboard.press("ArrowRight")
        expect(row.locator("td.at")).to_contain_text(re.compile("just now|min ago"))
        notebook.page.keyboard.press("c")
        expect(grid).to_contain_text("Copied updated.")
        copied = notebook.page.evaluate("navigator.clipboard.readText()")
        assert copied == row.locator("td.at").get_attribute("data-whole")


@pytest.mark.slow
def test_pages_are_jumped_to_and_resized_and_a_late_reply_takes_no_place(jupyter: Any, browser: Any) -> None:
    with opened(jupyter, browser, "late.ipynb", LATE, "gate.set()") as notebook:
        notebook.run_cells(2)
        grid = notebook.output(1).locator(".aero-grid")
        expect(grid).to_contain_text(f"1–15 of {COUNT}")
        grid.get_by_role("button", name="More").click()
        for page, about in (("5", None), ("7", f"91–100 of {COUNT}")):
            box = grid.locator("input[type=number]")
            box.fill(page)
            box.press("Enter")
            if about is None:
                expect(grid).to_have_attribute("aria-busy", "true")
            else:
                expect(grid).to_contain_text(about)
        notebook.run_cell(2)
        expect(grid).to_have_attribute("aria-busy", "false")
        expect(grid).to_contain_text(f"91–100 of {COUNT}")
        grid.get_by_role("combobox", name="rows a page").select_option("30")
        expect(grid).to_contain_text(f"91–100 of {COUNT}")
        grid.get_by_text("First", exact=True).click()
        expect(grid).to_contain_text(f"1–30 of {COUNT}")
        assert grid.locator("tbody tr").count() == 30


@pytest.mark.slow
def test_a_column_is_resized_with_the_mouse_and_keeps_its_width(jupyter: Any, browser: Any) -> None:
    with opened(jupyter, browser, "widths.ipynb", "df = %aero_search lagoon\ndf") as notebook:
        notebook.run_cells(2)
        grid = notebook.output(1).locator(".aero-grid")
        expect(grid).to_contain_text(f"1–15 of {COUNT}")
        handle = grid.locator("th[data-column=name] .resizable")
        handle.hover()
        before = handle.bounding_box()
        assert before is not None
        corner = (before["x"] + before["width"] - 3, before["y"] + before["height"] - 3)
        notebook.page.mouse.move(*corner)
        notebook.page.mouse.down()
        notebook.page.mouse.move(corner[0] + 80, corner[1], steps=5)
        notebook.page.mouse.up()
        resized = handle.evaluate("each => each.offsetWidth")
        assert resized >= before["width"] + 60
        grid.locator("th[data-column=name]").get_by_role("button").click()
        expect(grid.locator("th[data-column=name]")).to_have_attribute("aria-sort", "ascending")
        assert abs(handle.evaluate("each => each.offsetWidth") - resized) <= 1
