"""Lineage as it is seen: the picture, the list, and the forms to go on with."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import aero_jupyter
from aero_jupyter.client.lineage import Lineage, Link
from aero_jupyter.core.errors import InvalidArgument, UnknownName
from aero_jupyter.core.models import Data, Version
from aero_jupyter.notebook.panels.lineage.builder import graph_of
from aero_jupyter.notebook.panels.lineage.folding import collapse
from aero_jupyter.notebook.panels.lineage.geometry import build_drawing
from aero_jupyter.notebook.panels.lineage.graph import Box, Graph, Line
from aero_jupyter.notebook.panels.lineage.layout import box_positions
from aero_jupyter.notebook.panels.lineage.outline import as_list
from aero_jupyter.notebook.widgets.drawing_svg import drawing_svg
from aero_jupyter.notebook.widgets.tree import html_list


def chained(count: int) -> Graph:
    boxes = {f"b{number}": Box(f"b{number}", f"data {number}", is_here=number == 5) for number in range(count)}
    return Graph(boxes, tuple(Line(f"b{number}", f"b{number + 1}", "f") for number in range(count - 1)))


def version(name: str, number: int, newest: int) -> Version:
    return Version(f"{name}{number}", name, number, data=Data(name, name, newest_version=newest))


def test_from_any_thing_of_aero_the_way_is_told(influent: Any) -> None:
    client = aero_jupyter.current().client
    data = client.resolve_data("level")
    flow = client.resolve_flow("follow")
    newest = client.latest(data.id)
    run = next(run for run in client.list("run", match=flow.id).all() if run.made and run.made[0].version == 2)
    for start in ("level", "level@2", data, newest, flow, run, client.read(data.id), data.id):
        view = aero_jupyter.lineage(start)
        assert repr(view).splitlines()[0] == f"Lineage of level v{newest.version}"
        assert re.search(r"── follow → level v2, .* · you are here", repr(view))
        assert "by version" in repr(view)


def test_what_was_made_of_it_is_told_too_and_what_is_stale(influent: Any) -> None:
    view = aero_jupyter.lineage("influent@1")
    lines = repr(view).splitlines()
    assert any("influent v1" in line and "you are here" in line and "v1 used, v2 exists" in line for line in lines)
    assert any("follow → level v1" in line for line in lines)
    assert "v2 exists" in view._repr_html_()


def test_the_magic_shows_the_same(shell: Any, influent: Any) -> None:
    assert (
        repr(shell.run_line_magic("aero_lineage", "level")).splitlines()[:-1]
        == (repr(aero_jupyter.lineage("level")).splitlines()[:-1])
    )


def test_its_code_shows_it_again(influent: Any) -> None:
    view = aero_jupyter.lineage("level@1")
    names: dict[str, Any] = {}
    exec(view.as_code().replace("aero.lineage", "again = aero.lineage"), names)
    assert names["again"].lineage.links == view.lineage.links
    assert names["again"].value == view.value


def test_where_versions_are_not_told_it_is_of_flows_and_says_so() -> None:
    raw, clean = Data("r", "raw"), Data("c", "clean")
    found = graph_of(Lineage(clean, None, False, (Link("f" * 9, None, (raw,), (clean,)),)))
    assert as_list(found) == [(0, "raw"), (1, "flow ffffffff (deleted) → clean · you are here")]


@pytest.mark.parametrize("nothing", [None, 7, "", {}])
def test_what_does_not_come_from_aero_is_said(aero: Any, nothing: Any) -> None:
    aero_jupyter.local()
    with pytest.raises(InvalidArgument, match="has no recorded lineage"):
        aero_jupyter.lineage(nothing)


def test_what_is_not_there_is_said(influent: Any) -> None:
    with pytest.raises(UnknownName, match="nowhere to be found"):
        aero_jupyter.lineage("nowhere to be found")


def test_the_forms_hold_the_same(influent: Any) -> None:
    view = aero_jupyter.lineage("level")
    graph = view.to_networkx()
    assert isinstance(graph, nx.MultiDiGraph)
    assert {data["name"] for _, data in graph.nodes(data=True) if data["kind"] == "data"} == {"influent", "level"}
    assert [data["flow"] for *_, data in graph.edges(data=True)] == ["take_in", "follow"]
    mermaid = view.to_mermaid()
    assert mermaid.startswith("flowchart LR\n")
    assert mermaid.count("-->") == 2
    assert '|"follow"|' in mermaid


def test_hostile_names_are_shown_as_themselves() -> None:
    name = "<img src=x onerror='hit()'>\"&]|\n\x1b[2J"
    graph = Graph({"a": Box("a", name, is_here=True), "b": Box("b", name)}, (Line("a", "b", name),))
    svg = drawing_svg(build_drawing(graph, name))
    ElementTree.fromstring(svg.replace("\x1b", ""))
    assert "<img" not in svg + html_list(as_list(graph))
    assert "<img" not in graph.to_mermaid()
    assert len(graph.to_mermaid().splitlines()) == 7


def test_a_long_chain_is_drawn_as_one_box_and_listed_whole_elsewhere() -> None:
    graph = chained(100)
    drawn = collapse(graph)
    assert [box.name for box in drawn.boxes.values()] == ["data 0", "… 4 more", "data 5", "… 93 more", "data 99"]
    assert len(drawn.lines) == 4
    assert collapse(chained(60)) == chained(60)


@pytest.mark.parametrize("count", [300, 3_000])
def test_large_graphs_are_drawn_with_sources_left(count: int) -> None:
    boxes = {str(number): Box(str(number), f"d{number}") for number in range(count)}
    lines = tuple(Line(str(number // 3), str(number), "f") for number in range(1, count))
    places = box_positions(Graph(boxes, lines))
    assert len(set(places.values())) == count
    assert all(places[line.start][0] < places[line.end][0] for line in lines)
    crossings = sum(
        (places[one.start][1] - places[other.start][1]) * (places[one.end][1] - places[other.end][1]) < 0
        for one in lines[:300]
        for other in lines[:300]
        if places[one.start][0] == places[other.start][0]
    )
    assert crossings == 0


@settings(max_examples=80, deadline=None)
@given(st.sets(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=30))
def test_any_graph_has_a_place_and_a_line_for_everything(pairs: set[tuple[int, int]]) -> None:
    ids = {str(each) for pair in pairs for each in pair}
    graph = Graph({id: Box(id, f"d{id}") for id in sorted(ids)}, tuple(Line(str(a), str(b), "f") for a, b in pairs))
    assert set(box_positions(graph)) == ids
    assert len(set(box_positions(graph).values())) == len(ids)
    assert {words.split()[-1] for _, words in as_list(graph) if "see above" not in words} >= {f"d{id}" for id in ids}
    ElementTree.fromstring(drawing_svg(build_drawing(graph, "any")))


def test_what_is_stale_is_told_once() -> None:
    used, made = version("raw", 5, 7), version("clean", 1, 1)
    graph = graph_of(Lineage(Data("clean", "clean"), 1, True, (Link("f", None, (used,), (made,)),) * 2))
    assert graph.boxes["raw:5"].notes == ("v5 used, v7 exists",)
    assert len(graph.lines) == 1


def test_what_was_made_of_an_older_version_says_so_too() -> None:
    used, made = version("raw", 5, 7), version("clean", 1, 1)
    graph = graph_of(Lineage(Data("clean", "clean"), 1, True, (Link("f", None, (used,), (made,)),)))
    assert graph.boxes["clean:1"].title == "clean v1 · you are here · made from raw v5, v7 exists"
    assert graph.boxes["clean:1"].is_stale


def test_what_the_newest_version_left_unchanged_is_not_stale() -> None:
    old, new, made, other = version("raw", 1, 2), version("raw", 2, 2), version("clean", 1, 1), version("other", 1, 1)
    confirmed = (Link("f", None, (old,), (made,)), Link("f", None, (new,), (made,)))
    graph = graph_of(Lineage(Data("clean", "clean"), 1, True, confirmed))
    assert not any(box.is_stale for box in graph.boxes.values())
    graph = graph_of(Lineage(Data("clean", "clean"), 1, True, (*confirmed, Link("g", None, (old,), (other,)))))
    assert {id for id, box in graph.boxes.items() if box.is_stale} == {"raw:1", "other:1"}


def test_an_unchanged_run_takes_the_mark_away(shell: Any, aero: Any) -> None:
    text = (
        "%%aero_register {} --output {}\ndef {}:\n    import time, pandas as pd\n    return pd.DataFrame({{'n': [{}]}})"
    )
    assert shell.run_cell(text.format("--policy none", "view_moves", "view_moves()", "time.time_ns()")).success
    assert shell.run_cell(text.format("--input x=view_moves", "view_stays", "view_stays(x)", "1")).success
    client = aero_jupyter.current().client
    moves, stays = (client.resolve_flow(name) for name in ("view_moves", "view_stays"))
    for runs in (1, 2):
        client.wait_for_run(client.run_flow(moves.id).id, 180)
        ended = [run for run in client.list("run", match=stays.id).all() if client.wait_for_run(run.id, 180)]
        assert len(ended) == runs
    assert client.get_run(ended[0].id).state == "unchanged"
    assert "view_moves v1" in repr(aero_jupyter.lineage("view_stays"))
    for start in ("view_stays", "view_moves@1", "view_moves"):
        assert "exists" not in repr(aero_jupyter.lineage(start))


def test_sources_and_flows_without_inputs_are_drawn(influent: Any) -> None:
    view = aero_jupyter.lineage("level")
    url = aero_jupyter.current().client.resolve_data("influent").url
    assert f"{url}\n└── take_in → influent v2" in repr(view)
    assert f'(["{url}"]) ' in view.to_mermaid().replace("\n", " ")
    assert '|"take_in"|' in view.to_mermaid()
    assert ">take_in<" in view._repr_html_()
    assert "2 data, 2 flows · by version" in repr(view)
    made = Data("c", "<b>", url="https://example.org/" + "<i>" * 40)
    links = (Link("f", None, (), (made,)), Link("g", None, (), (Data("d", "d"),)), Link("h", None, (made,), ()))
    graph = graph_of(Lineage(made, None, False, links))
    assert [box.name for box in graph.boxes.values() if box.kind != "data"][1:] == ["no input", "no output"]
    assert len(graph.lines) == 3
    source = next(box for box in graph.boxes.values() if box.kind == "source")
    assert source.name.startswith("https://example.org/")
    assert len(source.name) == 60
    ElementTree.fromstring(drawing_svg(build_drawing(graph, "x")))
    assert "<i>" not in drawing_svg(build_drawing(graph, "x")) + html_list(as_list(graph)) + graph.to_mermaid()


def test_what_failed_is_marked_in_mermaid() -> None:
    assert "    class n0 failed" in Graph({"a": Box("a", "a", has_failed=True)}).to_mermaid().splitlines()
