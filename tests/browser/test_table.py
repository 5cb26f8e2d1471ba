"""The table of a frame in JupyterLab: turned, searched, sorted, selected, copied, opened, downloaded."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from playwright.sync_api import expect
from support.unregistrable_names import add_unregistrable_dataset

import aero_jupyter

pytestmark = pytest.mark.long(120)

HOSTILE = "<img src=x onerror='window.hit=1'></script>\"&'\u202e\U0001f600\nnext"
COUNT = 40
TRUSTED = """() => {
    const cells = window.jupyterapp.shell.currentWidget.content.model.cells;
    return Array.from(cells).filter(cell => cell.type === 'code').every(cell => cell.trusted);
}"""


@pytest.fixture(scope="module")
def catalogue(aero: object) -> None:
    client = aero_jupyter.local().client
    for number in range(COUNT):
        body = {"name": f"basin_{number:02d}", "url": f"https://example.org/{number}.csv", "description": "a basin"}
        client.post("data/source", data=body)


@pytest.fixture
def table(jupyter: Any, browser: Any, catalogue: None) -> Iterator[Any]:
    name = jupyter.write_notebook(
        "table.ipynb",
        "%load_ext aero_jupyter",
        "df = %aero_search basin\ndf",
        "print(list(df.aero.selected['name']))",
        "import threading; print('busy', flush=True); threading.Event().wait(2)",
    )
    with jupyter.open(browser, name, height=1500) as notebook:
        notebook.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        run(notebook, 0)
        run(notebook, 1)
        expect(grid(notebook)).to_contain_text(f"1–15 of {COUNT}")
        yield notebook


def run(notebook: Any, number: int) -> None:
    """Run one cell, and do not wait for it."""
    notebook.page.evaluate(
        """number => {
            const notebook = window.jupyterapp.shell.currentWidget.content;
            notebook.activeCellIndex = number;
            return window.jupyterapp.commands.execute('notebook:run-cell').then(() => true, () => true);
        }""",
        number,
    )


def grid(notebook: Any) -> Any:
    return notebook.output(1).locator(".aero-grid")


def press(notebook: Any, text: str, menu: str = "More") -> None:
    """Press a button of a menu."""
    grid(notebook).get_by_role("button", name=menu).click()
    grid(notebook).locator(".items").get_by_text(text, exact=True).click()


def names(notebook: Any) -> list[str]:
    return list(grid(notebook).locator("tbody tr td:nth-child(2)").all_inner_texts())


def clipboard(notebook: Any) -> str:
    return str(notebook.page.evaluate("navigator.clipboard.readText()"))


def test_it_turns_searches_sorts_selects_and_gives_the_selection_back(table: Any) -> None:
    assert table.output(1).locator("[data-aero]").is_hidden()
    table.screenshot("table-light")
    grid(table).get_by_text("Next", exact=True).click()
    expect(grid(table)).to_contain_text(f"16–30 of {COUNT}")
    grid(table).locator("tbody input").nth(0).click()
    grid(table).locator("tbody input").nth(2).click(modifiers=["Shift"])
    expect(grid(table)).to_contain_text("3 selected")
    chosen = names(table)[:3]
    press(table, "Last")
    expect(grid(table)).to_contain_text(f"31–{COUNT} of {COUNT}")
    run(table, 2)
    assert str(chosen) in table.output(2).inner_text()

    box = grid(table).locator("input[type=search]")
    box.fill("basin_07")
    box.press("Enter")
    expect(grid(table)).to_contain_text("1–1 of 1")
    assert names(table) == ["basin_07"]
    box = grid(table).locator("input[type=search]")
    box.fill("")
    box.press("Enter")
    expect(grid(table).locator("th[aria-sort]").first).to_be_visible()
    grid(table).locator("th button", has_text="name").click()
    expect(grid(table).locator("th[aria-sort=ascending]")).to_have_text("name ▴")
    assert names(table) == sorted(names(table), key=str.casefold)
    table.set_theme(dark=True)
    table.screenshot("table-dark")


def test_a_row_opens_and_ids_and_code_are_copied_whole(table: Any) -> None:
    grid(table).locator("tbody td button").first.click()
    page = table.output(1).locator(".aero-panel")
    expect(page).to_contain_text("No version yet.")
    page.get_by_role("button", name="Copy code").click()
    expect(page).to_contain_text("Copied")
    row = grid(table).locator("tbody tr").first
    assert clipboard(table) == f"aero.read('{row.get_attribute('data-id')}')  # {names(table)[0]}"
    table.screenshot("table-detail")
    row.locator("button.code").click()
    expect(grid(table)).to_contain_text("Copied id.")
    assert clipboard(table) == row.get_attribute("data-id")
    press(table, "Copy as code")
    expect(grid(table)).to_contain_text("Copied the code.")
    assert "aero.frame('data', 'basin'" in clipboard(table)


@pytest.mark.slow
def test_it_is_downloaded(table: Any) -> None:
    for button, rows in (("CSV of this page", 15), ("CSV of all", COUNT), ("Parquet of all", COUNT)):
        with table.page.expect_download() as download:
            press(table, button, "Download")
        path = Path(download.value.path())
        reader = pd.read_parquet if "Parquet" in button else pd.read_csv
        frame = reader(io.BytesIO(path.read_bytes()))
        assert len(frame) == rows
        assert set(frame["name"]) <= {f"basin_{number:02d}" for number in range(COUNT)}
        expect(grid(table)).to_contain_text(f"{rows} rows downloaded.")


def test_it_is_used_by_keyboard_alone(table: Any) -> None:
    grid(table).locator("tbody tr").first.focus()
    first = names(table)
    for key in ("ArrowDown", " ", "Shift+ArrowDown", "Shift+ArrowDown"):
        table.page.keyboard.press(key)
        table.page.wait_for_timeout(0)
    expect(grid(table)).to_contain_text("3 selected")
    table.page.keyboard.press("PageDown")
    expect(grid(table)).to_contain_text(f"16–30 of {COUNT}")
    expect(grid(table).locator("tbody tr").first).to_be_focused()
    table.page.keyboard.press("PageUp")
    expect(grid(table)).to_contain_text(f"1–15 of {COUNT}")
    table.page.keyboard.press("Enter")
    expect(table.output(1).locator(".aero-panel")).to_contain_text(first[0])
    table.page.keyboard.press("c")
    expect(grid(table)).to_contain_text("Copied the id.")


NEXT_PAGE = """() => new Promise(done => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    kernel.iopubMessage.connect((_, message) => {
        const changes = message.content?.data?.content?.changes ?? [];
        if (changes.some(each => each.path === '/page' && each.value === 2)) setTimeout(done, 200);
    });
    document.querySelector('.aero-grid [data-do=next]').click();
})"""


def test_a_page_that_comes_under_a_press_does_not_take_the_click_away(table: Any) -> None:
    name = names(table)[0]
    grid(table).locator("tbody input").first.hover()
    table.page.mouse.down()
    table.page.evaluate(NEXT_PAGE)
    expect(grid(table)).to_contain_text(f"1–15 of {COUNT}")
    table.page.mouse.up()
    expect(grid(table)).to_contain_text(f"16–30 of {COUNT}")
    expect(grid(table)).to_contain_text("1 selected")
    run(table, 2)
    expect(table.output(2)).to_contain_text(str([name]))


def test_what_is_being_typed_stays_when_a_page_comes(table: Any) -> None:
    box = grid(table).locator("input[type=search]")
    box.fill("basin_0")
    expect(grid(table)).to_contain_text("1–10 of 10")
    expect(grid(table).locator("input[type=search]")).to_be_focused()
    table.page.keyboard.type("7")
    assert grid(table).locator("input[type=search]").input_value() == "basin_07"
    expect(grid(table)).to_contain_text("1–1 of 1")


def test_while_the_kernel_is_busy_nothing_is_lost(table: Any) -> None:
    run(table, 3)
    expect(table.output(3)).to_contain_text("busy")
    grid(table).get_by_text("Next", exact=True).click()
    expect(grid(table)).to_contain_text(f"16–30 of {COUNT}", timeout=120_000)


@pytest.mark.slow
def test_reopened_without_a_kernel_the_static_table_is_there(jupyter: Any, table: Any, browser: Any) -> None:
    table.save()
    saved = [out for out in jupyter.read_notebook("table.ipynb").cells[1].outputs if "text/html" in out.get("data", {})]
    assert f"1–15 of {COUNT} · as of" in saved[0]["data"]["text/html"]
    assert "page 1 of 3" in saved[0]["data"]["text/html"]
    book = jupyter.read_notebook("table.ipynb")
    nbformat.write(book, jupyter.root / "again.ipynb")
    with jupyter.open(browser, "again.ipynb", height=1500) as again:
        expect(again.output(1).locator("table")).to_contain_text("basin_")
        assert again.output(1).locator(".aero-grid").count() == 0
        again.screenshot("table-reopened")


def test_hostile_names_are_shown_as_themselves_and_run_nothing(jupyter: Any, browser: Any) -> None:
    add_unregistrable_dataset(HOSTILE, description="hostilely " + HOSTILE)
    name = jupyter.write_notebook("hostile-table.ipynb", "%load_ext aero_jupyter", "%aero_search hostilely")
    with jupyter.open(browser, name) as notebook:
        notebook.run_all()
        grid(notebook).locator("tbody td button").first.click()
        page = notebook.output(1).locator(".aero-panel")
        expect(page).to_contain_text("onerror='window.hit=1'")
        for shown in (grid(notebook), page):
            assert shown.locator("img, script").count() == 0
        assert notebook.page.evaluate("() => window.hit") is None
        notebook.save()
    book = jupyter.read_notebook(name)
    # Another text than the one that was signed: nobody trusts it.
    book.metadata["copied"] = True
    nbformat.write(book, jupyter.root / "untrusted.ipynb")
    with jupyter.open(browser, "untrusted.ipynb") as notebook:
        shown = notebook.output(1).locator("table")
        expect(shown).to_contain_text("<img src=x onerror='wind")
        assert notebook.page.evaluate(TRUSTED) is False
        assert shown.locator("img, script").count() == 0
        assert notebook.page.evaluate("() => window.hit") is None
        notebook.screenshot("table-untrusted")


@pytest.mark.slow
def test_what_goes_wrong_in_a_callback_is_shown_in_the_table_and_told_in_full(jupyter: Any, browser: Any) -> None:
    client = aero_jupyter.local().client
    for number in range(70):
        client.post("data/source", data={"name": f"weir_{number:02d}", "url": f"https://example.org/w{number}.csv"})
    name = jupyter.write_notebook(
        "broken.ipynb",
        "%load_ext aero_jupyter",
        "df = %aero_search weir\ndf",
        "def broken(number):\n    raise ZeroDivisionError('so it is')",
        "df._pager.listing.pages._fetch = broken\n'broken now'",
        "%aero_traceback",
    )
    with jupyter.open(browser, name) as notebook:
        for number in range(4):
            run(notebook, number)
        expect(notebook.output(3)).to_contain_text("broken now")
        expect(grid(notebook)).to_contain_text("1–15 of 70")
        press(notebook, "Last")
        error = grid(notebook).locator(".error")
        expect(error).to_contain_text("Something went wrong here: ZeroDivisionError: so it is")
        expect(grid(notebook)).to_contain_text("1–15 of 70")
        assert error.locator("pre").is_hidden()
        error.locator("summary").click()
        expect(error.locator("pre")).to_contain_text("raise ZeroDivisionError")
        notebook.screenshot("table-error")
        run(notebook, 4)
        expect(notebook.output(4)).to_contain_text("raise ZeroDivisionError")


@pytest.mark.slow
def test_where_the_front_end_has_no_anywidget_plain_controls_turn_the_static_table(
    jupyter: Any, browser: Any, catalogue: None
) -> None:
    # The module of the table is withheld, as where the server's environment lacks anywidget.
    name = jupyter.write_notebook(
        "plain.ipynb",
        "%load_ext aero_jupyter",
        "from aero_jupyter.notebook.widgets import view_widget, widget_host\n"
        "view_widget.ViewWidget._esm = 'export default {}'\nwidget_host.WIDGET_HANDSHAKE_SECONDS = 0.5",
        "%aero_search basin",
    )
    with jupyter.open(browser, name) as notebook:
        notebook.run_all()
        output = notebook.output(2)
        expect(output).to_contain_text("does not show anywidget")
        output.get_by_role("button", name="Next").click()
        expect(output.locator("[data-aero]")).to_contain_text("16–30 of")
        notebook.screenshot("table-plain")
