"""Drawing of a graph, as plain data and as SVG."""

from __future__ import annotations

import html
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
_TEXT_COLOR = "var(--jp-ui-font-color1,#212121)"
_META_COLOR = "var(--jp-ui-font-color2,#616161)"
_ACCENT = "var(--jp-brand-color1,#1976d2)"
_BORDER = "var(--jp-border-color1,#bdbdbd)"
_BACKGROUND = "var(--jp-layout-color1,#fff)"
_FOUND = "var(--jp-layout-color2,#eee)"
_STROKES = {
    "selected": _ACCENT,
    "here": _ACCENT,
    "failed": "var(--jp-error-color1,#b71c1c)",
    "stale": "var(--jp-warn-color1,#e65100)",
    "related": _ACCENT,
}
_FONT = "font-family:var(--jp-ui-font-family,sans-serif);font-size:var(--jp-ui-font-size1,13px)"
_SMALL = "font-size:12px"
#: An outline in the background's colour keeps a text over a line legible.
_OUTLINE = f"paint-order:stroke;stroke:{_BACKGROUND};stroke-width:4px"


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


def as_svg(drawn: Drawing) -> str:
    """Return a drawing as standalone SVG; the title of each box holds its whole text."""
    arrow = (
        '<marker id="aero-arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        f'<path d="M0 0L8 4L0 8z" style="fill:{_META_COLOR}"/></marker>'
    )
    lines = "".join(
        f'<path d="{line["path"]}" style="fill:none;{_line_style(line)}" marker-end="url(#aero-arrow)"/>'
        for line in drawn["lines"]
    )
    boxes = "".join(map(_svg_box, drawn["boxes"]))
    flows = "".join(_svg_flow(line) for line in drawn["lines"] if line["short"])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{drawn["width"]}" height="{drawn["height"]}" role="img" '
        f'aria-label="{html.escape(drawn["label"])}" style="{_FONT}"><defs>{arrow}</defs>{lines}{boxes}{flows}</svg>'
    )


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


def _line_style(line: Drawing) -> str:
    kind = line.get("class", "")
    color = {"apart": _BORDER, "related": _ACCENT, "selected": _ACCENT}.get(kind, _META_COLOR)
    return f"stroke:{color};stroke-width:{2 if kind == 'selected' else 1}"


def _svg_flow(line: Drawing) -> str:
    text = f'<text x="{line["x"]}" y="{line["y"]}" text-anchor="middle" style="{_SMALL};fill:{_META_COLOR};{_OUTLINE}">'
    return f"{text}{html.escape(line['short'])}<title>{html.escape(line['title'])}</title></text>"


def _svg_box(box: Drawing) -> str:
    x, y, kinds = box["x"], box["y"], box["class"].split()
    stroke = next((color for kind, color in _STROKES.items() if kind in kinds), _BORDER)
    dashed = ";stroke-dasharray:4 2" if "stale" in kinds or "failed" in kinds else ""
    title, round_ = html.escape(box["title"]), 2 if "data" in kinds else 16
    thick = 3 if "selected" in kinds else 2 if "here" in kinds else 1
    name, *details = box["texts"]
    small = f"{_SMALL};fill:{_META_COLOR}"
    return (
        f'<g role="listitem" aria-label="{title}"><title>{title}</title>'
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="{round_}" '
        f'style="fill:{_FOUND if "found" in kinds else _BACKGROUND};stroke:{stroke};stroke-width:{thick}{dashed}"/>'
        f'<text x="{x + 8}" y="{y + 20}" style="fill:{_TEXT_COLOR}">{html.escape(name)}</text>'
        + "".join(
            f'<text x="{x + 8}" y="{y + 36 + 15 * number}" style="{small}">{html.escape(text)}</text>'
            for number, text in enumerate(details)
        )
        + "</g>"
    )
