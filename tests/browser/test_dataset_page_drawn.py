"""The page of a dataset in a browser: clicks open and compare versions, and nothing is cut or unreadable."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Locator, expect
from support.accessibility import accessibility_violations
from support.jupyter_server import Jupyter, Notebook

SITES = """%%aero_register --output drawn_page --replace --description "Weekly samples of three sites."
def sample(scale=1):
    import math
    import pandas as pd
    days = pd.date_range("2025-01-05", periods=60, freq="7D")
    rows = [(day, site, round(scale * (50 + 40 * math.sin(at / 8 + k)) + k, 1))
            for at, day in enumerate(days) for k, site in enumerate(("north", "south", "lake"))]
    return pd.DataFrame(rows, columns=["week", "site", "level"])"""
CELLS = (
    "%load_ext aero_jupyter\nimport aero_jupyter as aero",
    SITES,
    "run = %aero_run sample",
    SITES.replace("scale=1", "scale=2"),
    "run = %aero_run sample",
    "aero.dataset('drawn_page')",
)
PAGE = 5
_HIDE_SIDE = "() => window.jupyterapp.commands.execute('application:toggle-left-area').then(() => true)"
_TEXT_HEIGHTS = """panel => [...panel.querySelectorAll("svg:not(.small) text")].map(
    text => text.getBoundingClientRect().height)"""
WIDTHS = {"narrow": 420, "middle": 700, "wide": 1300}


def table(panel: Locator, caption: str) -> Locator:
    return panel.locator("table").filter(has=panel.page.locator("caption", has_text=caption))


def shown(notebook: Notebook) -> Locator:
    panel = notebook.output(PAGE).locator(".aero-panel")
    expect(table(panel, "The columns").locator("tbody tr")).to_have_count(3)
    expect(table(panel, "The latest versions").locator("tbody tr").first).to_contain_text("180")
    return panel


@pytest.mark.slow
def test_the_page_opens_versions_with_the_mouse_and_with_keys(jupyter: Jupyter, browser: Browser) -> None:
    with jupyter.open(browser, jupyter.write_notebook("page.ipynb", *CELLS), width=1300) as notebook:
        notebook.run_all()
        panel = shown(notebook)
        expect(panel).to_contain_text("drawn_page · version 2 of 2")
        expect(panel.get_by_role("img", name="level by week")).to_be_visible()
        assert not accessibility_violations(notebook.page, ".aero-panel")
        timeline = panel.get_by_role("group", name="Versions and runs in the order of time")
        timeline.get_by_role("button", name="Version 1,").click()
        expect(panel).to_contain_text("drawn_page · version 1 of 2")
        expect(panel.locator("pre")).to_contain_text("v1 -> v2")
        timeline.get_by_role("button", name="Version 2,").focus()
        notebook.page.keyboard.press("Enter")
        expect(panel).to_contain_text("drawn_page · version 2 of 2")
        panel.get_by_role("button", name="Lineage").click()
        expect(notebook.output(PAGE).locator(".picture")).to_be_visible()
        assert not notebook.errors


@pytest.mark.slow
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_fits_every_width_in_both_themes(jupyter: Jupyter, browser: Browser, width: str) -> None:
    name = jupyter.write_notebook(f"page_{width}.ipynb", CELLS[0], CELLS[PAGE])
    with jupyter.open(browser, name, width=WIDTHS[width] + 120, height=2200) as notebook:
        page = notebook.page
        page.evaluate(_HIDE_SIDE)
        notebook.run_all()
        panel = notebook.output(1).locator(".aero-panel")
        expect(table(panel, "The columns").locator("tbody tr")).to_have_count(3)
        assert panel.evaluate("each => each.scrollWidth <= each.clientWidth + 1")
        # One call: the panel may be drawn anew between two.
        sizes = panel.evaluate(_TEXT_HEIGHTS)
        assert min(sizes) > 9
        for dark in (False, True):
            notebook.set_theme(dark)
            notebook.screenshot(f"page-{'dark' if dark else 'light'}-{width}-in-lab")


@pytest.mark.slow
def test_the_card_of_a_flow_shows_its_code_in_both_themes(jupyter: Jupyter, browser: Browser) -> None:
    name = jupyter.write_notebook("flow_code.ipynb", CELLS[0], CELLS[2], "aero.flow('sample')")
    with jupyter.open(browser, name, width=820, height=1400) as notebook:
        notebook.page.evaluate(_HIDE_SIDE)
        notebook.run_all()
        panel = notebook.output(2).locator(".aero-panel")
        panel.get_by_role("button", name="Code", exact=True).click()
        code = panel.get_by_role("region", name="The registered code")
        expect(code).to_contain_text("def sample(scale=2):")
        expect(code.locator(".keyword").first).to_be_visible()
        expect(panel.get_by_role("group", name="Times of the last 2 runs")).to_be_visible()
        for dark in (False, True):
            notebook.set_theme(dark)
            assert not accessibility_violations(notebook.page, ".aero-panel")
            notebook.screenshot(f"flow-{'dark' if dark else 'light'}-in-lab")
