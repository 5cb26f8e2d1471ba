"""Drawings as standalone SVG, for static output: the live panel draws them itself."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

# JSON for the front end.
Drawing = Mapping[str, Any]

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


def drawing_svg(drawn: Drawing) -> str:
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
        f'<rect x="{x}" y="{y}" width="{box["width"]}" height="{box["height"]}" rx="{round_}" '
        f'style="fill:{_FOUND if "found" in kinds else _BACKGROUND};stroke:{stroke};stroke-width:{thick}{dashed}"/>'
        f'<text x="{x + 8}" y="{y + 20}" style="fill:{_TEXT_COLOR}">{html.escape(name)}</text>'
        + "".join(
            f'<text x="{x + 8}" y="{y + 36 + 15 * number}" style="{small}">{html.escape(text)}</text>'
            for number, text in enumerate(details)
        )
        + "</g>"
    )
