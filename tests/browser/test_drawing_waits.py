"""A drawing stays still under the pointer, fits its width, and sends what the user clicks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from support.drawn_panel import change_view, draw_panel, wait_for_frames

from aero_jupyter.notebook.panels.lineage.drawing import LineageDrawing
from aero_jupyter.notebook.panels.lineage.graph import Box, Graph, Line
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.tree import Node

pytestmark = pytest.mark.slow


def chain(count: int) -> Graph:
    boxes = {f"b{number}": Box(f"b{number}", f"data {number}", is_here=number == 0) for number in range(count)}
    return Graph(boxes, tuple(Line(f"b{at}", f"b{at + 1}", "step", f"f{at}") for at in range(count - 1)))


def view(drawing: LineageDrawing) -> Node:
    return trees.panel(drawing.picture(), drawing.outline(), label="Lineage")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1000, "height": 700})
    yield context.new_page()
    context.close()


def test_boxes_wait_while_the_pointer_is_over_the_drawing(page: Page) -> None:
    drawing, grown = LineageDrawing(chain(3), "x"), LineageDrawing(chain(5), "x")
    draw_panel(page, view(drawing))
    boxes = page.locator("svg .box")
    expect(boxes).to_have_count(3)
    grown.adopt(drawing)
    page.locator(".picture svg").hover()
    change_view(page, view(grown))
    expect(boxes).to_have_count(3)
    page.get_by_role("button", name="2 new").click()
    expect(boxes).to_have_count(5)
    expect(page.get_by_role("button", name="2 new")).to_have_count(0)
    # What the user asks for is shown at once.
    page.locator(".picture svg").hover()
    grown.unfold([])
    change_view(page, view(LineageDrawing(chain(4), "x")))
    expect(boxes).to_have_count(4)


def test_boxes_appear_at_once_while_the_pointer_is_elsewhere(page: Page) -> None:
    drawing, grown = LineageDrawing(chain(3), "x"), LineageDrawing(chain(4), "x")
    draw_panel(page, view(drawing))
    grown.adopt(drawing)
    change_view(page, view(grown))
    expect(page.locator("svg .box")).to_have_count(4)


def test_a_drawing_that_does_not_fit_keeps_its_text_and_fades_where_it_continues(page: Page) -> None:
    draw_panel(page, view(LineageDrawing(chain(12), "x")))
    svg = page.locator(".picture svg")
    smallest = "all => Math.min(...all.map(each => parseFloat(getComputedStyle(each).fontSize) * each.getCTM().a))"
    assert svg.locator("text").evaluate_all(smallest) >= 11 - 0.01
    edges = "svg => [svg.style.getPropertyValue('--left'), svg.style.getPropertyValue('--right')]"
    assert svg.evaluate(edges) == ["0px", "32px"]
    svg.focus()
    page.keyboard.press("ArrowRight")
    assert svg.evaluate(edges) == ["32px", "32px"]
    for _ in range(5):
        page.get_by_role("button", name="Zoom out").click()
    assert svg.locator("text").evaluate_all(smallest) >= 11 - 0.01


def test_a_narrow_panel_is_a_list_whose_lines_open_boxes(page: Page) -> None:
    draw_panel(page, view(LineageDrawing(chain(3), "x")))
    expect(page.get_by_role("button", name="step → data 2")).to_be_hidden()
    page.set_viewport_size({"width": 420, "height": 700})
    wait_for_frames(page)
    expect(page.locator(".picture svg")).to_be_hidden()
    expect(page.get_by_label("Search the lineage")).to_be_visible()
    page.get_by_role("button", name="step → data 2").click()
    assert page.evaluate("() => window.sent.filter(each => each.do === 'open')") == [{"do": "open", "id": "b2"}]
