"""Large lineages: bounded, the same each time, everything within reach; and no line runs through a box."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import aero_jupyter
from aero_jupyter.client.lineage import Lineage, Link
from aero_jupyter.core.models import Data
from aero_jupyter.notebook.panels.lineage.folding import collapse
from aero_jupyter.notebook.panels.lineage.geometry import build_drawing
from aero_jupyter.notebook.panels.lineage.graph import Box, Graph, Line
from aero_jupyter.notebook.panels.lineage.outline import MAX_DEPTH, as_list
from aero_jupyter.notebook.panels.lineage.panel import LineageView
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.drawing_svg import drawing_svg
from aero_jupyter.notebook.widgets.tree import text_list

Pairs = list[tuple[int, int]]
_NUMBER = r"-?\d+"


def ladder(count: int) -> Pairs:
    return [(2 * at + one, 2 * at + 2 + two) for at in range(count // 2 - 1) for one in (0, 1) for two in (0, 1)]


def random_graph(count: int) -> Pairs:
    dice = random.Random(1)
    return [
        (start, end)
        for end in range(1, count)
        for start in sorted({dice.randrange(max(0, end - 60), end) for _ in range(dice.randint(1, 3))})
    ]


def tree(count: int) -> Pairs:
    return [(end // 3, end) for end in range(1, count)]


def chain(count: int) -> Pairs:
    return [(end - 1, end) for end in range(1, count)]


def fan(count: int) -> Pairs:
    return [(0, end) for end in range(1, count)]


SHAPES = [ladder, random_graph, tree, chain, fan]


def graph(pairs: Pairs, count: int, here: int) -> Graph:
    boxes = {
        f"b{number}": Box(
            f"b{number}", f"data {number}", "v1, 3 h ago", ("you are here",) * (number == here), number == here
        )
        for number in range(count)
    }
    return Graph(boxes, tuple(Line(f"b{start}", f"b{end}", f"flow {end}", f"f{end}") for start, end in pairs))


@pytest.mark.parametrize("count", [300, 3_000])
@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_shown_and_saved_is_bounded(shape: Callable[[int], Pairs], count: int) -> None:
    whole = graph(shape(count), count, count // 2)
    shown = collapse(whole)
    drawn = build_drawing(shown, "large")
    assert len(shown.boxes) <= 300
    assert sum(box.holds for box in shown.boxes.values()) == count
    assert f"b{count // 2}" in shown.boxes
    assert drawn["width"] < 20_000
    assert len(drawing_svg(drawn)) + len(text_list(as_list(shown))) < 700_000
    assert len(json.dumps(drawn)) < 400_000
    assert collapse(whole) == shown
    assert whole.to_networkx().number_of_nodes() == count
    assert whole.to_mermaid().count("-->") == len(whole.lines)


@pytest.mark.parametrize("shape", [ladder, random_graph, tree, fan])
def test_what_is_near_is_shown_and_far_folds_point_the_same_way(shape: Callable[[int], Pairs]) -> None:
    whole = graph(shape(3_000), 3_000, 1_500)
    shown = collapse(whole)
    linked = whole.to_networkx()
    near = {"b1500", *linked.predecessors("b1500"), *linked.successors("b1500")}
    assert len(near & set(shown.boxes)) >= min(len(near), 3)
    folded = shown.to_networkx()
    places = {box["id"]: box["x"] for box in build_drawing(shown, "x")["boxes"]}
    assert all(places[start] < places[end] for start, end in folded.edges())


@pytest.mark.parametrize("shape", SHAPES)
def test_every_fold_opens_until_all_is_shown(shape: Callable[[int], Pairs]) -> None:
    whole, opened = graph(shape(450), 450, 225), []
    for _ in range(100):
        shown = collapse(whole, unfolded=opened)
        folds = [box for box in shown.boxes.values() if box.holds > 1]
        if not folds:
            break
        opened.append(folds[0].id)
        after = collapse(whole, unfolded=opened)
        # Every click has an effect.
        assert folds[0].id not in {box.id for box in after.boxes.values() if box.holds > 1}
    assert set(collapse(whole, unfolded=opened).boxes) == set(whole.boxes)


def test_a_fold_says_what_is_stale_and_failed_in_it() -> None:
    whole = graph(fan(500), 500, 0)
    boxes = whole.boxes | {"b499": Box("b499", "old", is_stale=True), "b498": Box("b498", "wrong", has_failed=True)}
    shown = collapse(Graph(boxes, whole.lines))
    assert [box.title for box in shown.boxes.values() if box.holds > 1] == ["… 440 more · 1 stale · 1 failed"]


def test_a_deep_list_says_its_depth() -> None:
    listed = as_list(graph(chain(50), 50, 0))
    assert max(depth for depth, _ in listed) == MAX_DEPTH
    assert listed[-1] == (MAX_DEPTH, "step 49: flow 49 → data 49 v1, 3 h ago")


def test_a_large_view_is_saved_small_and_opens(aero: Any) -> None:
    aero_jupyter.local()
    data = [Data(f"d{number}", f"data {number}") for number in range(3_000)]
    links = tuple(Link(f"f{end}", None, (data[start],), (data[end],)) for start, end in ladder(3_000))
    view = LineageView(aero_jupyter.current(), Lineage(data[1_500], None, False, links))
    assert sum(map(len, view.snapshot_bundle().values())) < 400_000
    assert len(json.dumps(view.tree())) < 400_000
    assert "3000 data" in repr(view)
    picture = next(node for node in trees.walk(view.tree()) if node["is"] == "picture")
    fold = next(box for box in picture["boxes"] if box["holds"] > 1)
    view.act({"do": "open", "id": fold["id"]})
    assert view.value.unfolded == (fold["id"],)
    assert view.as_code().endswith(f"unfolded=({fold['id']!r},))\n")
    assert view.to_networkx().number_of_nodes() == 3_000


def points_of(path: str) -> Iterator[tuple[float, float]]:
    """Yield closely spaced points on a path of M, C and H."""
    at = (0.0, 0.0)
    for command, text in re.findall(r"([MCH])([^MCH]*)", path):
        numbers = [float(number) for number in re.findall(_NUMBER, text)]
        if command == "M":
            at = (numbers[0], numbers[1])
        elif command == "H":
            yield from ((at[0] + (numbers[0] - at[0]) * part / 20, at[1]) for part in range(21))
            at = (numbers[0], at[1])
        else:
            ends = [at, *zip(numbers[::2], numbers[1::2], strict=True)]
            yield from (_bezier(ends, part / 20) for part in range(21))
            at = ends[-1]


def _bezier(ends: list[tuple[float, float]], part: float) -> tuple[float, float]:
    weights = ((1 - part) ** 3, 3 * (1 - part) ** 2 * part, 3 * (1 - part) * part**2, part**3)
    x, y = (sum(weight * end[axis] for weight, end in zip(weights, ends, strict=True)) for axis in (0, 1))
    return x, y


@pytest.mark.parametrize("shape", [random_graph, tree, ladder])
def test_no_line_runs_through_a_box(shape: Callable[[int], Pairs]) -> None:
    shown = collapse(graph(shape(300), 300, 150))
    drawn = build_drawing(shown, "x")
    crossed = [
        (line["title"], box["title"])
        for line in drawn["lines"]
        for x, y in points_of(line["path"])
        for box in drawn["boxes"]
        if box["x"] < x < box["x"] + box["width"] and box["y"] < y < box["y"] + box["height"]
    ]
    assert crossed == []
    assert len(drawn["lines"]) == len(shown.lines) > 100


def test_a_circle_of_flows_is_drawn_beside_its_boxes() -> None:
    drawn = build_drawing(graph([(0, 1), (1, 0), (1, 1), (1, 2)], 3, 0), "x")
    for line in drawn["lines"]:
        for x, y in points_of(line["path"]):
            assert not any(
                box["x"] < x < box["x"] + box["width"] and box["y"] < y < box["y"] + box["height"]
                for box in drawn["boxes"]
            )
            assert 0 <= x <= drawn["width"]
