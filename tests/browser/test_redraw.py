"""A change of the view redraws what has changed: focus, typed text, selection, scroll position and open parts stay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from support.drawn_panel import change_view, draw_panel

from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.tree import Node

pytestmark = pytest.mark.slow
#: Marks an element of the page, to find it again after a redraw.
MARK = "each => { each.marked = true; }"
IS_MARKED = "each => each.marked === true"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1000, "height": 700})
    yield context.new_page()
    context.close()


def form(*notes: str, names: tuple[str, ...] = ("a", "b"), value: str = "") -> Node:
    rows = [trees.row(trees.text(name), trees.field(name, name, value)) for name in names]
    log = trees.pre("\n".join(map(str, range(200))))
    more = trees.fold("More", trees.text(f"{len(notes)} notes"))
    return trees.panel(*(trees.note("▲", note) for note in notes), *rows, more, log, label="Form")


def test_a_field_keeps_the_focus_its_text_and_its_selection_while_the_form_changes(page: Page) -> None:
    draw_panel(page, form())
    field = page.get_by_label("b")
    field.press_sequentially("level")
    field.evaluate("each => each.setSelectionRange(1, 3)")
    field.evaluate(MARK)
    # Rows come and go before it, it changes its place, and another of its value comes late.
    for view in (form("one"), form("one", "two"), form(names=("b",)), form(names=("b", "c", "a")), form(value="lev")):
        change_view(page, view)
        expect(field).to_be_focused()
        expect(field).to_have_value("level")
        assert field.evaluate("each => [each.selectionStart, each.selectionEnd]") == [1, 3]
        assert field.evaluate(IS_MARKED)
    field.blur()
    change_view(page, form(value="other"))
    expect(field).to_have_value("other")


def test_a_change_that_the_user_has_not_typed_over_is_shown_in_the_focused_field(page: Page) -> None:
    draw_panel(page, form(value="a"))
    field = page.get_by_label("b")
    field.focus()
    change_view(page, form(value="b"))
    expect(field).to_have_value("b")
    expect(field).to_be_focused()


def test_scroll_position_selected_text_and_unfolded_parts_stay(page: Page) -> None:
    draw_panel(page, form())
    log = page.locator("pre")
    log.evaluate("each => { each.scrollTop = 120; }")
    page.locator("summary").click()
    expect(page.locator("details")).to_have_attribute("open", "")
    select = "each => getSelection().selectAllChildren(each.children[3])"
    log.evaluate(select)
    change_view(page, form("one"))
    assert log.evaluate("each => each.scrollTop") == 120
    assert page.evaluate("() => getSelection().toString().trim()") == "3"
    expect(page.locator("details")).to_have_attribute("open", "")
    expect(page.locator("details")).to_contain_text("1 notes")


def test_several_options_are_selected_and_a_file_is_saved(page: Page) -> None:
    options = {"a": "first", "b": "second", "c": "third"}
    view = trees.panel(
        trees.selection("some", "Some", ["b"], options), trees.file("x.csv", "data:text/csv,n"), label=""
    )
    draw_panel(page, view)
    expect(page.get_by_text("Save x.csv")).to_have_attribute("download", "x.csv")
    selection = page.get_by_label("Some")
    expect(selection).to_have_values(["b"])
    selection.select_option(["a", "b"])
    assert page.evaluate("() => window.sent.at(-1)") == {"do": "set", "name": "some", "value": ["a", "b"]}
    change_view(page, trees.panel(trees.selection("some", "Some", ["c"], options), label=""))
    expect(selection).to_have_values(["c"])
    assert trees.as_text(view) == "Some: second"
    assert "Some: second" in trees.as_html(view)


def table(*names: str, **more: Any) -> dict[str, Any]:
    columns = [{"name": name, "side": "", "code": False, "time": False, "sorted": ""} for name in ("name", "about")]
    rows = [{"id": name, "selected": False, "cells": [{"text": name}, {"text": f"about {name}"}]} for name in names]
    can = {"first": False, "previous": False, "next": True, "last": True}
    return {
        "heading": "Data", "columns": columns, "rows": rows, "about": "1–3 of 9", "asked": "", "turned": 0,
        "opened": "", "note": "", "empty": "", "similar": [], "words": [], "filters": [], "selection_code": "",
        "filterable": ["name"], "downloads": [], "chosen": [], "page": 1, "pages": 3, "size": 3, "sizes": [3],
        "total": 9, "can": can, "search": "", "filter": "search", "selected": 0, "grown": 0, "error": None,
        "detail": None, "code": "", "actions": [], "choices": [], "confirm": None, **more,
    }  # fmt: skip


def test_a_row_keeps_the_focus_while_rows_come_before_it_and_the_first_has_it_on_another_page(page: Page) -> None:
    draw_panel(page, table("a", "b", "c"))
    page.locator("tr[data-id=b]").focus()
    page.keyboard.press("ArrowRight")
    page.mouse.move(999, 699)
    for names in (("new", "a", "b"), ("c", "b", "a"), ("b",)):
        change_view(page, table(*names))
        expect(page.locator("tr[data-id=b]")).to_be_focused()
        expect(page.locator("td.at")).to_have_text("b")
    change_view(page, table("d", "e", turned=1))
    expect(page.locator("tr[data-id=d]")).to_be_focused()


def test_an_open_menu_and_what_is_typed_in_it_stay(page: Page) -> None:
    draw_panel(page, table("a", "b"))
    page.get_by_role("button", name="Filter").click()
    value = page.get_by_label("text of the column")
    value.press_sequentially("mo")
    change_view(page, table("a", "new", note="Refreshed."))
    expect(value).to_be_focused()
    page.keyboard.type("re")
    expect(value).to_have_value("more")
    page.keyboard.press("Enter")
    sent = page.evaluate("() => window.sent.filter(each => each.do === 'filter')")
    assert sent == [{"do": "filter", "column": "name", "value": "more"}]
    expect(value).to_have_count(0)


def test_nodes_that_stay_are_not_made_again(page: Page) -> None:
    draw_panel(page, table("a", "b", "c"))
    row = page.locator("tr[data-id=c]")
    row.evaluate(MARK)
    change_view(page, table("c", "a", note="one"))
    assert row.evaluate(IS_MARKED)


def test_changes_of_the_kernel_are_applied_once_and_a_gap_asks_for_the_whole_view(page: Page) -> None:
    draw_panel(page, {**form("one").as_data(), "number": 3})
    note = [{"op": "replace", "path": "/children/0/text", "value": "two"}]
    page.evaluate("() => { const { model } = window; initialize({ model }); initialize({ model }); }")
    receive(page, {"do": "change", "number": 4, "changes": note})
    expect(page.locator(".words")).to_have_text("two")
    added = {"op": "add", "path": "/children/0", "value": trees.text("first").as_data()}
    removed = {"op": "remove", "path": "/children/1"}
    receive(page, {"do": "change", "number": 5, "changes": [added, removed]})
    expect(page.locator(".words")).to_have_count(0)
    expect(page.locator("section > .text")).to_have_text(["first"])
    receive(page, {"do": "change", "number": 9, "changes": []})
    assert page.evaluate("() => window.sent.at(-1)") == {"do": "resend", "number": 5}


def receive(page: Page, message: dict[str, Any]) -> None:
    page.evaluate("message => window.model.receive(message)", message)
