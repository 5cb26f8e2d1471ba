"""A graph drawn: where each box stands, as plain data and as SVG."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from aero_jupyter.notebook.panels.graph import Box, Graph, Line
from aero_jupyter.notebook.panels.placing import Place, Places, places_of
from aero_jupyter.notebook.words import shortened

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _EDGE = 212, 60, 144, 16, 8
#: Characters that a box and a line have room for.
_NAME, _ABOUT, _FLOW = 24, 32, 18
_INK = "var(--jp-ui-font-color1,#212121)"
_FAINT = "var(--jp-ui-font-color2,#616161)"
_BORDER = "var(--jp-border-color1,#bdbdbd)"
_GROUND = "var(--jp-layout-color1,#fff)"
_STROKES = {
    "here": "var(--jp-brand-color1,#1976d2)",
    "failed": "var(--jp-error-color1,#b71c1c)",
    "stale": "var(--jp-warn-color1,#e65100)",
}
_FONT = "font-family:var(--jp-ui-font-family,sans-serif);font-size:var(--jp-ui-font-size1,13px)"
_SMALL = "font-size:var(--jp-ui-font-size0,11px)"
#: A text over a line stays legible.
_OVER = f"paint-order:stroke;stroke:{_GROUND};stroke-width:4px"


def drawing(graph: Graph, label: str) -> dict[str, Any]:
    """Give the drawing as plain data: where each box stands, and the path of each line; in px."""
    places = places_of(graph)
    every = [*places.boxes.values(), *(point for points in places.points.values() for point in points)]
    right, low = max((column for column, _ in every), default=0), max((row for _, row in every), default=0.0)
    return {
        "label": label,
        "width": _EDGE * 2 + _WIDTH + right * (_WIDTH + _GAP_X) + _GAP_X * _has_circle(graph, places),
        "height": _EDGE * 2 + _HEIGHT + round(low * (_HEIGHT + _GAP_Y)),
        "lines": [_drawn_line(line, graph, places) for line in graph.lines],
        "boxes": [_drawn_box(graph.boxes[id], place) for id, place in places.boxes.items()],
    }


def as_svg(drawn: Mapping[str, Any]) -> str:
    """Write a drawing as SVG that stands by itself; each box tells everything in its title."""
    arrow = (
        '<marker id="aero-arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        f'<path d="M0 0L8 4L0 8z" style="fill:{_FAINT}"/></marker>'
    )
    lines = "".join(
        f'<path d="{line["path"]}" style="fill:none;stroke:{_FAINT}" marker-end="url(#aero-arrow)"/>'
        for line in drawn["lines"]
    )
    boxes = "".join(map(_svg_box, drawn["boxes"]))
    flows = "".join(map(_svg_flow, drawn["lines"]))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{drawn["width"]}" height="{drawn["height"]}" role="img" '
        f'aria-label="{html.escape(drawn["label"])}" style="{_FONT}"><defs>{arrow}</defs>{lines}{boxes}{flows}</svg>'
    )


def _corner(place: Place) -> tuple[int, int]:
    return _EDGE + place[0] * (_WIDTH + _GAP_X), _EDGE + round(place[1] * (_HEIGHT + _GAP_Y))


def _has_circle(graph: Graph, places: Places) -> bool:
    return any(places.boxes[line.start][0] == places.boxes[line.end][0] for line in graph.lines)


def _drawn_line(line: Line, graph: Graph, places: Places) -> dict[str, Any]:
    stops = [places.boxes[line.start], *places.points[line], places.boxes[line.end]]
    corners = [(x, y + _HEIGHT // 2) for x, y in map(_corner, stops)]
    path, x, y = _around(corners) if stops[0][0] == stops[-1][0] else _along(corners)
    return {
        "path": path,
        "x": x,
        "y": y,
        "flow": line.flow,
        "short": shortened(line.flow, _FLOW),
        "title": f"{line.flow}, from {graph.boxes[line.start].title} to {graph.boxes[line.end].title}",
        "id": line.flow_id,
        "start": line.start,
        "end": line.end,
    }


def _along(corners: Sequence[tuple[int, int]]) -> tuple[str, int, int]:
    """Draw a line through the gaps between the columns; give its path, and where its label stands in the last gap."""
    path = f"M{corners[0][0] + _WIDTH} {corners[0][1]}"
    for number, ((x, y), (to_x, to_y)) in enumerate(pairwise(corners)):
        start, half = x + _WIDTH, _GAP_X // 2
        path += f"H{start}" if number else ""
        path += f"C{start + half} {y} {to_x - half} {to_y} {to_x} {to_y}"
    (_, y), (to_x, to_y) = corners[-2:]
    return path, to_x - round(_GAP_X * 0.42), y + round((to_y - y) * 0.65) - 6


def _around(corners: Sequence[tuple[int, int]]) -> tuple[str, int, int]:
    """Draw a line of a circle: out of its box on the right, and back into one of the same column."""
    (x, y), (_, to_y) = corners[0], corners[-1]
    side, far = x + _WIDTH, x + _WIDTH + _GAP_X // 2
    y, to_y = (y + 12, to_y - 12) if to_y == y else (y, to_y)
    return f"M{side} {y}C{far} {y} {far} {to_y} {side} {to_y}", far, (y + to_y) // 2 - 6


def _drawn_box(box: Box, place: Place) -> dict[str, Any]:
    x, y = _corner(place)
    return {
        "id": box.id,
        "x": x,
        "y": y,
        "width": _WIDTH,
        "height": _HEIGHT,
        "texts": [shortened(box.name, _NAME), *(shortened(text, _ABOUT) for text in _below(box))],
        "title": box.title,
        "class": " ".join([box.kind, *box.marks]),
        "holds": box.holds,
    }


def _below(box: Box) -> list[str]:
    """Give the lines below the name: which version, and what is to be known of it."""
    here, rest = box.notes[: box.is_here], box.notes[box.is_here :]
    return [text for text in (" · ".join(filter(None, (box.about, *here))), " · ".join(rest)) if text]


def _svg_flow(line: Mapping[str, Any]) -> str:
    text = f'<text x="{line["x"]}" y="{line["y"]}" text-anchor="middle" style="{_SMALL};fill:{_FAINT};{_OVER}">'
    return f"{text}{html.escape(line['short'])}<title>{html.escape(line['title'])}</title></text>"


def _svg_box(box: Mapping[str, Any]) -> str:
    x, y, kinds = box["x"], box["y"], box["class"].split()
    stroke = next((color for kind, color in _STROKES.items() if kind in kinds), _BORDER)
    dashed = ";stroke-dasharray:4 2" if "stale" in kinds or "failed" in kinds else ""
    title, thick, round_ = html.escape(box["title"]), 2 if "here" in kinds else 1, 2 if "data" in kinds else 16
    name, *rest = box["texts"]
    return (
        f'<g role="listitem" aria-label="{title}"><title>{title}</title>'
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="{round_}" '
        f'style="fill:{_GROUND};stroke:{stroke};stroke-width:{thick}{dashed}"/>'
        f'<text x="{x + 8}" y="{y + 20}" style="fill:{_INK}">{html.escape(name)}</text>'
        + "".join(
            f'<text x="{x + 8}" y="{y + 36 + 15 * number}" style="{_SMALL};fill:{_FAINT}">{html.escape(text)}</text>'
            for number, text in enumerate(rest)
        )
        + "</g>"
    )
