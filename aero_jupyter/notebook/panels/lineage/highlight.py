"""Marks of a drawing: the selected box or flow with everything upstream and downstream, and what a search found."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import networkx as nx

from aero_jupyter.notebook.panels.lineage.graph import Graph

# JSON for the front end.
Drawing = dict[str, Any]


@dataclass(frozen=True)
class Related:
    """The selected boxes, with the ids of all boxes upstream and downstream of them."""

    selected: frozenset[str] = frozenset()
    upstream: frozenset[str] = frozenset()
    downstream: frozenset[str] = frozenset()

    @property
    def boxes(self) -> frozenset[str]:
        """All these ids."""
        return self.selected | self.upstream | self.downstream


def related_boxes(graph: Graph, selected: str | None) -> Related:
    """Return the boxes upstream and downstream of a box, or of a flow; none if the graph has no such id."""
    linked: nx.DiGraph[str] = nx.DiGraph()
    linked.add_nodes_from(graph.boxes)
    linked.add_edges_from((line.start, line.end) for line in graph.lines)
    if selected in graph.boxes:
        up, down = nx.ancestors(linked, selected), nx.descendants(linked, selected)
        return Related(frozenset([selected]), frozenset(up), frozenset(down))
    lines = [line for line in graph.lines if selected and line.flow_id == selected]
    starts, ends = ({line.start for line in lines}, {line.end for line in lines})
    up = starts.union(*(nx.ancestors(linked, id) for id in starts))
    down = ends.union(*(nx.descendants(linked, id) for id in ends))
    return Related(frozenset(), frozenset(up), frozenset(down))


def mark_drawing(drawn: Drawing, graph: Graph, selected: str | None, found: Collection[str]) -> Drawing:
    """Return a drawing whose boxes and lines carry their marks as further classes.

    "selected" marks the box or the flow, "related" what is upstream or downstream of it, "apart" every other line, and
    "found" the boxes of a search.
    """
    related = related_boxes(graph, selected)
    if not related.boxes and not found:
        return drawn
    boxes = []
    for box in drawn["boxes"]:
        is_related = box["id"] in related.boxes
        marks = (("selected", box["id"] == selected), ("related", is_related), ("found", box["id"] in found))
        boxes.append({**box, "class": " ".join([box["class"], *(name for name, is_set in marks if is_set)])})
    lines = [{**line, "class": _line_class(line, related, selected)} for line in drawn["lines"]]
    return {**drawn, "boxes": boxes, "lines": lines}


def _line_class(line: Drawing, related: Related, selected: str | None) -> str:
    if not related.boxes:
        return ""
    if selected is not None and line["id"] == selected:
        return "selected"
    up, down = related.upstream | related.selected, related.downstream | related.selected
    ends = {line["start"], line["end"]}
    return "related" if ends <= up or ends <= down else "apart"
