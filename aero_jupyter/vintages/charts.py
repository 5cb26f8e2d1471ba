"""ChartLine charts as SVG, in the colours of the notebook."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

#: Pixels: a chart with its labels, and its margins.
CHART_WIDTH, CHART_HEIGHT = 300, 200
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 14, 26, 24
_TEXT = "fill:var(--jp-ui-font-color1,#212121)"
_META = "fill:var(--jp-ui-font-color2,#616161)"
_AXIS = "stroke:var(--jp-border-color1,#bdbdbd)"
_OLD_LINE, _NEW_LINE = "var(--jp-ui-font-color3,#9e9e9e)", "var(--jp-brand-color1,#1976d2)"


@dataclass(frozen=True)
class ChartLine:
    """A line of a chart.

    Attributes
    ----------
    name : str
        Shown while the pointer is over it.
    points : sequence of pairs of float
        Ascending by x; a NaN interrupts the line.
    is_newest : bool
        Whether it is emphasized.
    """

    name: str
    points: Sequence[tuple[float, float]]
    is_newest: bool = False


@dataclass(frozen=True)
class Chart:
    """A chart of lines.

    Attributes
    ----------
    title : str
    lines : sequence of ChartLine
    x_text, y_text : callable
        Format a number at an axis.
    """

    title: str
    lines: Sequence[ChartLine]
    x_text: Callable[[float], str]
    y_text: Callable[[float], str] = "{:,.4g}".format

    def svg(self, offset: int) -> str:
        """Return the chart as a group of SVG elements, so many pixels to the right."""
        points = [point for line in self.lines for point in line.points if not math.isnan(point[1])]
        heading = f'<text x="{_LEFT}" y="14" style="{_TEXT}">{escape(self.title)}</text>'
        if not points:
            return f'<g transform="translate({offset},0)">{heading}</g>'
        x_range = min(x for x, _ in points), max(x for x, _ in points)
        y_range = min(0.0, *(y for _, y in points)), max(0.0, *(y for _, y in points))
        to_x = _scale(x_range, (_LEFT, CHART_WIDTH - _RIGHT))
        to_y = _scale(y_range, (CHART_HEIGHT - _BOTTOM, _TOP))
        parts = [heading, *self._axes(x_range, y_range, to_x, to_y)]
        for line in sorted(self.lines, key=lambda line: line.is_newest):
            parts.append(_path(line, to_x, to_y))
        return f'<g transform="translate({offset},0)">{"".join(parts)}</g>'

    def _axes(
        self,
        x_range: tuple[float, float],
        y_range: tuple[float, float],
        to_x: Callable[[float], float],
        to_y: Callable[[float], float],
    ) -> list[str]:
        parts = []
        for y in dict.fromkeys([y_range[0], sum(y_range) / 2, y_range[1]]):
            parts.append(f'<path d="M{_LEFT} {to_y(y):.1f}H{CHART_WIDTH - _RIGHT}" style="{_AXIS};stroke-width:0.5"/>')
            parts.append(_label(_LEFT - 4, to_y(y) + 4, self.y_text(y), "end"))
        anchors = ("start", "end")
        for x, anchor in zip(dict.fromkeys(x_range), anchors, strict=False):
            parts.append(_label(to_x(x), CHART_HEIGHT - 8, self.x_text(x), anchor))
        return parts


def drawing(charts: Sequence[Chart], label: str) -> str:
    """Return charts beside each other as standalone SVG, with a label for screen readers."""
    width = CHART_WIDTH * len(charts)
    groups = "".join(chart.svg(CHART_WIDTH * place) for place, chart in enumerate(charts))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {CHART_HEIGHT}" width="{width}" '
        f'height="{CHART_HEIGHT}" role="img" aria-label="{escape(label)}" '
        f'style="font-family:var(--jp-ui-font-family,sans-serif);font-size:11px">{groups}</svg>'
    )


def _scale(source: tuple[float, float], target: tuple[float, float]) -> Callable[[float], float]:
    extent = (source[1] - source[0]) or 1.0
    return lambda value: target[0] + (value - source[0]) / extent * (target[1] - target[0])


def _path(line: ChartLine, to_x: Callable[[float], float], to_y: Callable[[float], float]) -> str:
    commands, pen = [], "M"
    for x, y in line.points:
        if math.isnan(y):
            pen = "M"
            continue
        # A point of its own is visible by its round cap.
        commands.append(f"{pen}{to_x(x):.1f} {to_y(y):.1f}{'h0' if pen == 'M' else ''}")
        pen = "L"
    color, width = (_NEW_LINE, 2) if line.is_newest else (_OLD_LINE, 1)
    style = f"fill:none;stroke:{color};stroke-width:{width};stroke-linecap:round"
    return f'<path d="{"".join(commands)}" style="{style}"><title>{escape(line.name)}</title></path>'


def _label(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" style="{_META}">{escape(text)}</text>'
