"""Tables that answer: search while typing, filters, pages of rows, columns that fit, menus, selected and fresh rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect
from support.accessibility import accessibility_violations

import aero_jupyter

pytestmark = pytest.mark.slow
COUNT = 20
CELLS = ("%load_ext aero_jupyter\nimport aero_jupyter as aero", "panel = aero.browse('creek')\npanel")
WIDTHS = """grid => {
    const scroll = grid.querySelector('.scroll');
    return [scroll.scrollWidth, scroll.clientWidth];
}"""
POSITION = "element => [element.getBoundingClientRect().top, element.getBoundingClientRect().bottom, innerHeight]"
LINES = """foot => new Set([...foot.children].filter(each => each.offsetWidth)
    .map(each => Math.round((each.offsetTop + each.offsetHeight / 2) / 16))).size"""
RESTART = """() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart().then(() => true)"""
TOGGLE_SIDE = "() => window.jupyterapp.commands.execute('application:toggle-left-area').then(() => true)"


@pytest.fixture(scope="module", autouse=True)
def _catalogue(aero: object) -> None:
    for number in range(COUNT):
        add_dataset(f"creek_{number:02d}")


def add_dataset(name: str) -> None:
    about = f"Zürich: {name}, sampled where the creek meets the wastewater outlet of the northern plant"
    body = {"name": name, "url": f"https://example.org/{name}.csv", "description": about}
    aero_jupyter.local().client.post("data/source", data=body)


@pytest.fixture
def table(jupyter: Any, browser: Any) -> Iterator[Any]:
    with jupyter.open(browser, jupyter.write_notebook("answers.ipynb", *CELLS), height=900) as notebook:
        notebook.run_cells(2)
        expect(grid(notebook)).to_contain_text("1–15 of")
        yield notebook


def grid(notebook: Any) -> Any:
    return notebook.output(1).locator(".aero-grid")


def rows(notebook: Any) -> Any:
    return grid(notebook).locator("tbody tr[data-id]")


def test_it_searches_while_the_user_types_and_offers_similar_names(table: Any) -> None:
    box = grid(table).get_by_role("searchbox")
    box.fill("")
    box.press_sequentially("zur")
    expect(grid(table).locator("tbody mark").first).to_have_text("Zür")
    expect(box).to_be_focused()
    box.fill("creek_07 AND")
    expect(grid(table).locator(".note")).to_contain_text("column 13")
    box.fill("wastewatr")
    expect(grid(table).locator(".empty")).to_contain_text('No data matches "wastewatr".')
    table.screenshot("answers-empty")
    grid(table).locator(".empty").get_by_role("button", name="wastewater").click()
    expect(grid(table)).to_contain_text("1–15 of")


def test_columns_are_filtered_and_a_chip_removes_the_filter(table: Any) -> None:
    grid(table).get_by_role("button", name="Filter").click()
    grid(table).get_by_label("text of the column").fill("_1")
    table.screenshot("answers-filter")
    grid(table).get_by_role("button", name="Apply").click()
    expect(grid(table)).to_contain_text("of 10")
    grid(table).get_by_role("button", name="remove the filter name = *_1*").click()
    expect(grid(table)).to_contain_text("1–15 of")


def test_columns_fit_when_the_table_appears(table: Any) -> None:
    expect(grid(table).locator("th[data-column=id]")).to_be_hidden()
    content, visible = grid(table).evaluate(WIDTHS)
    assert content <= visible + 1


def test_a_click_marks_a_row_and_opens_its_page_under_it_in_view(table: Any) -> None:
    row = rows(table).nth(12)
    row.locator("td").nth(3).click()
    detail = grid(table).locator(".detail")
    expect(detail).to_contain_text("No version yet.")
    expect(row).to_have_class("open")
    assert row.locator("xpath=following-sibling::tr[1]").locator(".detail").count() == 1
    top, bottom, height = detail.evaluate(POSITION)
    assert top >= 0
    assert bottom <= height
    table.screenshot("answers-opened")
    row.focus()
    table.page.keyboard.press("Escape")
    expect(detail).to_have_count(0)
    table.page.keyboard.press("ArrowUp")
    table.page.keyboard.press("Enter")
    expect(rows(table).nth(11)).to_have_class("open")
    expect(detail).to_be_visible()


def test_columns_and_footer_fit_every_width(table: Any) -> None:
    table.page.evaluate(TOGGLE_SIDE)
    rows(table).first.locator("input").click()
    expect(grid(table)).to_contain_text("1 selected")
    for width in (1300, 700, 420):
        table.page.set_viewport_size({"width": width, "height": 900})
        for dark in (False, True):
            table.set_theme(dark=dark)
            table.screenshot(f"answers-{width}-{'dark' if dark else 'light'}")
        content, visible = grid(table).evaluate(WIDTHS)
        assert content <= visible + 1, width
        assert grid(table).locator(".foot").evaluate(LINES) <= (2 if width < 700 else 1), width
        assert accessibility_violations(table.page) == []
    assert grid(table).locator("th[data-column=url]").is_hidden()
    grid(table).get_by_role("button", name="More").click()
    grid(table).get_by_label("url").check()
    expect(grid(table).locator("th[data-column=url]")).to_be_visible()
    table.screenshot("answers-more")


def test_a_registration_appears_by_itself_and_never_moves_rows_under_the_pointer(table: Any) -> None:
    add_dataset("creek_alone")
    expect(grid(table)).to_contain_text("creek_alone")
    rows(table).nth(2).hover()
    before = rows(table).locator("td:nth-child(2)").all_inner_texts()
    add_dataset("creek_below")
    new = grid(table).get_by_role("button", name="1 new")
    expect(new).to_be_visible()
    assert rows(table).locator("td:nth-child(2)").all_inner_texts() == before
    new.click()
    expect(grid(table)).to_contain_text("creek_below")


def test_after_a_restart_the_table_says_so_and_takes_no_click(table: Any) -> None:
    table.page.evaluate(RESTART)
    expect(table.output(1)).to_contain_text("The kernel was restarted. Run this cell again.")
    assert grid(table).evaluate("grid => grid.inert")
    table.screenshot("answers-restarted")
