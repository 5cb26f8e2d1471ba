"""Drawing of a graph as plain data: the position of each box and the path of each line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import networkx as nx

from aero_jupyter.notebook.formatting import elide_middle
from aero_jupyter.notebook.panels.lineage.graph import Box, Graph, Line
from aero_jupyter.notebook.panels.lineage.layout import Layout, Position, compute_layout

# JSON for the front end.
Drawing = dict[str, Any]

#: Pixels.
_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _EDGE = 204, 60, 116, 16, 8
#: Characters that fit: a name and a line below it in a box, and a flow on a line.
_NAME_CHARS, _DETAIL_CHARS, _FLOW_CHARS = 24, 29, 15


def build_drawing(graph: Graph, label: str) -> Drawing:
    """Return the drawing as plain data, in pixels: the position of each box and the path of each line."""
    layout = compute_layout(graph)
    every = [*layout.boxes.values(), *(point for points in layout.points.values() for point in points)]
    right, low = max((column for column, _ in every), default=0), max((row for _, row in every), default=0.0)
    return {
        "label": label,
        "width": _EDGE * 2 + _WIDTH + right * (_WIDTH + _GAP_X) + _GAP_X * _has_cycle(graph, layout),
        "height": _EDGE * 2 + _HEIGHT + round(low * (_HEIGHT + _GAP_Y)),
        "lines": _draw_lines(graph, layout),
        "boxes": [_box_data(graph.boxes[id], position) for id, position in layout.boxes.items()],
    }


def _corner(position: Position) -> tuple[int, int]:
    return _EDGE + position[0] * (_WIDTH + _GAP_X), _EDGE + round(position[1] * (_HEIGHT + _GAP_Y))


def _has_cycle(graph: Graph, layout: Layout) -> bool:
    return any(layout.boxes[line.start][0] == layout.boxes[line.end][0] for line in graph.lines)


def _draw_lines(graph: Graph, layout: Layout) -> list[Drawing]:
    """Return the lines; of the lines of one step of a flow, the middle one carries the label."""
    drawn = {line: _line_data(line, graph, layout) for line in graph.lines}
    for lines in _steps(graph):
        middle = sorted(lines, key=lambda line: (drawn[line]["y"], drawn[line]["x"]))[len(lines) // 2]
        starts = list(dict.fromkeys(line.start for line in lines))
        goals = list(dict.fromkeys(line.end for line in lines))
        titles = (", ".join(graph.boxes[id].title for id in ids) for ids in (starts, goals))
        drawn[middle] |= {
            "short": elide_middle(middle.flow, _FLOW_CHARS),
            "title": f"{middle.flow}, from {' to '.join(titles)}",
            "starts": starts,
            "ends": goals,
        }
    return list(drawn.values())


def _steps(graph: Graph) -> Iterator[list[Line]]:
    """Yield the lines of each step: those of one flow that share a start or an end."""
    order = {line: number for number, line in enumerate(graph.lines)}
    by_flow: dict[str, nx.Graph[tuple[str, str]]] = {}
    for line in graph.lines:
        if line.flow_id:
            ends = by_flow.setdefault(line.flow_id, nx.Graph())
            ends.add_edge(("start", line.start), ("end", line.end), line=line)
        else:
            yield [line]
    for ends in by_flow.values():
        for component in nx.connected_components(ends):
            lines = [labelled["line"] for *_, labelled in ends.edges(component, data=True)]
            # A component is a set, without an order.
            yield sorted(lines, key=order.__getitem__)


def _line_data(line: Line, graph: Graph, layout: Layout) -> Drawing:
    stops = [layout.boxes[line.start], *layout.points[line], layout.boxes[line.end]]
    corners = [(x, y + _HEIGHT // 2) for x, y in map(_corner, stops)]
    path, x, y = _path_within_column(corners) if stops[0][0] == stops[-1][0] else _path_between_columns(corners)
    return {
        "path": path,
        "x": x,
        "y": y,
        "flow": line.flow,
        "short": "",
        "title": f"{line.flow}, from {graph.boxes[line.start].title} to {graph.boxes[line.end].title}",
        "id": line.flow_id,
        "start": line.start,
        "end": line.end,
    }


def _path_between_columns(corners: Sequence[tuple[int, int]]) -> tuple[str, int, int]:
    """Return the path of a line through the gaps between columns, and the position of its label in the last gap."""
    path = f"M{corners[0][0] + _WIDTH} {corners[0][1]}"
    for number, ((x, y), (to_x, to_y)) in enumerate(pairwise(corners)):
        start, half = x + _WIDTH, _GAP_X // 2
        path += f"H{start}" if number else ""
        path += f"C{start + half} {y} {to_x - half} {to_y} {to_x} {to_y}"
    (_, y), (to_x, to_y) = corners[-2:]
    return path, to_x - _GAP_X // 2, (y + to_y) // 2 - 6


def _path_within_column(corners: Sequence[tuple[int, int]]) -> tuple[str, int, int]:
    """Return the path of a line between boxes of one column, and the position of its label."""
    (x, y), (_, to_y) = corners[0], corners[-1]
    side, far = x + _WIDTH, x + _WIDTH + _GAP_X // 2
    y, to_y = (y + 12, to_y - 12) if to_y == y else (y, to_y)
    return f"M{side} {y}C{far} {y} {far} {to_y} {side} {to_y}", far, (y + to_y) // 2 - 6


def _box_data(box: Box, position: Position) -> Drawing:
    x, y = _corner(position)
    return {
        "id": box.id,
        "x": x,
        "y": y,
        "width": _WIDTH,
        "height": _HEIGHT,
        "texts": [
            elide_middle(box.name, _NAME_CHARS),
            *(elide_middle(text, _DETAIL_CHARS) for text in _lines_below_name(box)),
        ],
        "title": box.title,
        "class": " ".join([box.kind, *box.marks]),
        "holds": box.holds,
    }


def _lines_below_name(box: Box) -> list[str]:
    """Return the lines below the name: the version and its state."""
    here, rest = box.notes[: box.is_here], box.notes[box.is_here :]
    return [text for text in (" · ".join(filter(None, (box.about, *here))), " · ".join(rest)) if text]
