"""A lineage answers: a click marks what is related, a search finds boxes, the tab follows other tabs."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import aero_jupyter
from aero_jupyter.client.lineage import Lineage, Link
from aero_jupyter.core.models import Data
from aero_jupyter.notebook.panels.base import Task
from aero_jupyter.notebook.panels.lineage.geometry import build_drawing
from aero_jupyter.notebook.panels.lineage.graph import Box, Graph, Line
from aero_jupyter.notebook.panels.lineage.highlight import related_boxes
from aero_jupyter.notebook.panels.lineage.panel import LineageView
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.drawing_svg import drawing_svg


def boxes(*ids: str) -> dict[str, Box]:
    return {id: Box(id, id) for id in ids}


#: One flow with two inputs and two outputs, and another behind it.
JOINED = Graph(
    boxes("a", "b", "c", "d", "e"),
    (*(Line(start, end, "join", "f1") for start in "ab" for end in "cd"), Line("c", "e", "report", "f2")),
)


def chain_view(count: int) -> LineageView:
    data = [Data(f"d{number}", f"data {number}") for number in range(count)]
    links = tuple(Link(f"f{n}", None, (data[n],), (data[n + 1],)) for n in range(count - 1))
    return LineageView(aero_jupyter.current(), Lineage(data[0], None, False, links))


def picture(view: LineageView) -> trees.Node:
    return next(node for node in trees.walk(view.tree()) if node["is"] == "picture")


def at_once(task: Task) -> None:
    task()


def test_each_step_of_a_flow_has_one_label() -> None:
    drawn = build_drawing(JOINED, "x")
    labels = [(line["short"], line["title"]) for line in drawn["lines"] if line["short"]]
    assert labels == [("join", "join, from a, b to c, d"), ("report", "report, from c to e")]
    svg = drawing_svg(drawn)
    assert svg.count(">join<title>") == 1
    # The snapshot has every line and every box.
    root = ElementTree.fromstring(svg)
    assert len(root.findall("{http://www.w3.org/2000/svg}path")) == 5
    assert len(root.findall("{http://www.w3.org/2000/svg}g")) == 5


def test_two_runs_of_a_flow_on_different_versions_have_two_labels() -> None:
    graph = Graph(boxes("a1", "a2", "c1", "c2"), (Line("a1", "c1", "f", "f"), Line("a2", "c2", "f", "f")))
    assert sum(bool(line["short"]) for line in build_drawing(graph, "x")["lines"]) == 2


def test_a_box_is_related_to_what_is_upstream_and_downstream() -> None:
    assert related_boxes(JOINED, "c").boxes == {"a", "b", "c", "e"}
    assert related_boxes(JOINED, "a").boxes == {"a", "c", "d", "e"}
    assert related_boxes(JOINED, "f2").boxes == {"a", "b", "c", "e"}
    assert related_boxes(JOINED, "gone").boxes == related_boxes(JOINED, None).boxes == frozenset()


def test_a_click_marks_the_box_before_its_details_have_come(influent: Any) -> None:
    view = aero_jupyter.lineage("level@1")
    tasks: list[Task] = []
    view._start_task = tasks.append
    used = next(box for box in picture(view)["boxes"] if box["texts"][0] == "influent")
    view.act({"do": "open", "id": used["id"]})
    kinds = {box["texts"][0]: box["class"].split() for box in picture(view)["boxes"]}
    assert "selected" in kinds["influent"]
    assert "related" in kinds["level"]
    assert {line["class"] for line in picture(view)["lines"]} == {"related"}
    tasks.pop()()
    assert view.value.opened == used["id"]
    assert "stroke-width:3" in view._repr_html_()
    view.act({"do": "close"})
    assert "stroke-width:3" not in view._repr_html_()


def test_a_click_on_a_flow_shows_its_code_and_a_dataset_names_its_flow(influent: Any) -> None:
    view = aero_jupyter.lineage("level@1")
    view._start_task = at_once
    flow = aero_jupyter.current().client.resolve_flow("follow")
    view.act({"do": "open", "id": view.value.data_id + ":1"})
    buttons = {node["text"]: node["more"] for node in trees.walk(view.tree()) if node["is"] == "button"}
    assert buttons["Flow follow"] == {"id": flow.id}
    view.act({"do": "open", "id": flow.id})
    assert "def follow(" in repr(view)
    assert view.as_code().endswith(f"opened={flow.id!r})\n")


def test_a_search_marks_boxes_and_goes_to_the_next(aero: Any) -> None:
    aero_jupyter.local()
    view = chain_view(100)
    view.act({"do": "set", "name": "search", "value": "DATA 7"})
    assert "11 of 100 match 'DATA 7'." in repr(view)
    assert view.as_code().endswith("search='DATA 7')\n")
    # "data 70" is folded; the search unfolds it.
    view.find("data 70")
    assert view._drawing.next_match() == "d70"
    drawn = picture(view)
    assert "found" in next(box["class"].split() for box in drawn["boxes"] if box["id"] == "d70")
    assert drawn["center"] == "d70"
    view.find("nowhere")
    assert "0 of 100 match 'nowhere'." in repr(view)
    assert view._drawing.next_match() is None


def test_a_list_line_opens_its_box_and_a_fold_unfolds(aero: Any) -> None:
    aero_jupyter.local()
    view = chain_view(100)
    listed = next(node for node in trees.walk(view.tree()) if node["is"] == "nested")
    assert len(listed["ids"]) == len(listed["lines"])
    fold = next(id for id, (_, words) in zip(listed["ids"], listed["lines"], strict=True) if "more" in words)
    view.act({"do": "open", "id": fold})
    assert view.value.unfolded == (fold,)
    assert view.value.opened is None


def test_the_lineage_tab_shows_what_is_open_in_another_tab(influent: Any) -> None:
    bench = aero_jupyter.panel()
    bench._start_task = at_once
    assert bench.widget is not None
    page = aero_jupyter.dataset("level", version=1)
    bench._panels["browse"].show_child(page)
    bench.select_tab("lineage")
    assert bench.value.lineage is not None
    assert bench.value.lineage.data_id == page.value.data.id
    assert bench.value.lineage.version == 1
    bench.close()


def test_a_lineage_that_is_built_late_does_not_turn_the_tab_back(influent: Any) -> None:
    bench = aero_jupyter.panel()
    tasks: list[Task] = []
    assert bench.widget is not None
    bench._panels["browse"].show_child(aero_jupyter.dataset("level", version=1))
    bench._start_task = tasks.append
    bench.select_tab("lineage")
    assert "text/html" in bench.mime_bundle()
    bench.select_tab("register")
    for task in reversed(tasks):
        task()
    assert bench.value.tab == "register"
    assert bench._tab_box.children == (bench._panels["register"].widget,)
    assert bench.value.lineage is not None
    bench.close()


def test_the_lineage_tab_asks_for_another_dataset(influent: Any) -> None:
    bench = aero_jupyter.panel("lineage", lineage=aero_jupyter.lineage("level"))
    bench._start_task = at_once
    assert bench.widget is not None
    traced = bench._panels["lineage"]
    traced._start_task = at_once
    assert "Another dataset" in str(traced.tree())
    traced.act({"do": "another"})
    assert "Where did a number come from?" in repr(bench)
    assert bench.value.lineage is None
    assert "Another dataset" not in str(aero_jupyter.lineage("level").tree())
    bench.close()


def test_a_tab_that_was_left_before_it_was_drawn_is_live_when_it_is_shown_again(influent: Any) -> None:
    bench = aero_jupyter.panel("lineage")
    assert bench.widget is not None
    bench.on_displayed()
    host = bench._panels["lineage"]._host
    # Nothing of it was drawn, so its fallback took its place; another panel was drawn.
    host.show_fallback()
    bench._host.show_live()
    bench.on_displayed()
    assert host.fallback is None
    assert host.box.children == (host.widget,)
    bench.close()
