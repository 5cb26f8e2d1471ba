"""A graph drawn: where each box stands, as plain data and as SVG."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from aero_jupyter.notebook.panels.graph import Box, Graph, Line, placed
from aero_jupyter.notebook.words import shortened

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _EDGE = 168, 48, 120, 16, 8
_INK = "var(--jp-ui-font-color1,#212121)"
_FAINT = "var(--jp-ui-font-color2,#616161)"
_BORDER = "var(--jp-border-color1,#bdbdbd)"
_HERE = "var(--jp-brand-color1,#1976d2)"
_STALE = "var(--jp-warn-color1,#e65100)"
_FAILED = "var(--jp-error-color1,#b71c1c)"
_FONT = "font-family:var(--jp-ui-font-family,sans-serif);font-size:var(--jp-ui-font-size1,13px)"
_SMALL = "font-size:var(--jp-ui-font-size0,11px)"


def drawing(graph: Graph, label: str) -> dict[str, Any]:
    """Give the drawing as plain data: where each box stands, and the path of each line; in px."""
    places = placed(graph)
    width = _EDGE * 2 + _WIDTH + max((column for column, _ in places.values()), default=0) * (_WIDTH + _GAP_X)
    height = _EDGE * 2 + _HEIGHT + round(max((row for _, row in places.values()), default=0) * (_HEIGHT + _GAP_Y))
    return {
        "label": label,
        "width": width,
        "height": height,
        "lines": [_drawn_line(line, places) for line in graph.lines],
        "boxes": [_drawn_box(graph.boxes[id], place) for id, place in places.items()],
    }


def as_svg(drawn: Mapping[str, Any]) -> str:
    """Write a drawing as SVG that stands by itself; each box tells everything in its title."""
    arrow = (
        '<marker id="aero-arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        f'<path d="M0 0L8 4L0 8z" style="fill:{_FAINT}"/></marker>'
    )
    lines = "".join(_svg_line(line) for line in drawn["lines"])
    boxes = "".join(_svg_box(box) for box in drawn["boxes"])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{drawn["width"]}" height="{drawn["height"]}" role="img" '
        f'aria-label="{html.escape(drawn["label"])}" style="{_FONT}"><defs>{arrow}</defs>{lines}{boxes}</svg>'
    )


def _corner(place: tuple[int, float]) -> tuple[int, int]:
    return _EDGE + place[0] * (_WIDTH + _GAP_X), _EDGE + round(place[1] * (_HEIGHT + _GAP_Y))


def _drawn_line(line: Line, places: dict[str, tuple[int, float]]) -> dict[str, Any]:
    (x, y), (to_x, to_y) = _corner(places[line.start]), _corner(places[line.end])
    x, y, to_y = x + _WIDTH, y + _HEIGHT // 2, to_y + _HEIGHT // 2
    bend = max(_GAP_X // 2, abs(to_x - x) // 2)
    path = f"M{x} {y}C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}"
    return {"path": path, "x": (x + to_x) // 2, "y": (y + to_y) // 2 - 4, "flow": line.flow}


def _drawn_box(box: Box, place: tuple[int, float]) -> dict[str, Any]:
    x, y = _corner(place)
    kinds = (("here", box.is_here), ("stale", box.is_stale), ("failed", box.has_failed))
    return {
        "id": box.id,
        "x": x,
        "y": y,
        "width": _WIDTH,
        "height": _HEIGHT,
        "name": box.name,
        "second": box.about + (" · " if box.about and box.notes else "") + " · ".join(box.notes),
        "title": box.title,
        "class": " ".join(name for name, is_so in kinds if is_so),
        "holds": box.holds,
    }


def _svg_line(line: Mapping[str, Any]) -> str:
    text = f'<text x="{line["x"]}" y="{line["y"]}" text-anchor="middle" style="{_SMALL};fill:{_FAINT}">'
    title = f"<title>{html.escape(line['flow'])}</title>"
    return (
        f'<path d="{line["path"]}" style="fill:none;stroke:{_FAINT}" marker-end="url(#aero-arrow)"/>'
        f"{text}{html.escape(shortened(line['flow'], 18))}{title}</text>"
    )


def _svg_box(box: Mapping[str, Any]) -> str:
    x, y, kinds = box["x"], box["y"], box["class"].split()
    stroke = _HERE if "here" in kinds else _FAILED if "failed" in kinds else _STALE if "stale" in kinds else _BORDER
    dashed = ";stroke-dasharray:4 2" if "stale" in kinds or "failed" in kinds else ""
    title, thick = html.escape(box["title"]), 2 if "here" in kinds else 1
    return (
        f'<g role="listitem" aria-label="{title}"><title>{title}</title>'
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="2" '
        f'style="fill:var(--jp-layout-color1,#fff);stroke:{stroke};stroke-width:{thick}{dashed}"/>'
        f'<text x="{x + 8}" y="{y + 20}" style="fill:{_INK}">{html.escape(shortened(box["name"], 20))}</text>'
        f'<text x="{x + 8}" y="{y + 38}" style="{_SMALL};fill:{_FAINT}">'
        f"{html.escape(shortened(box['second'], 28))}</text></g>"
    )
