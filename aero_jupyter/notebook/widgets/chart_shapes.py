"""Charts as shapes: small bars, a line along time with its range, and events in order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any  # what a click sends

from aero_jupyter.core.table_summary import TimeSeries
from aero_jupyter.notebook.widgets.figures import Shape, chart
from aero_jupyter.notebook.widgets.nodes import Node

_BARS = "▁▂▃▄▅▆▇█"
#: Size of small bars in a table, and of a chart; at 420 px, a chart is drawn about as large as it is.
_SMALL, _LARGE = (80, 20), (400, 160)
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 8, 10, 22
_MAX_INTERVALS = 4


def sparkline(values: Sequence[float]) -> str:
    """Return numbers as a line of block characters."""
    top = max(values, default=0.0) or 1.0
    return "".join(_BARS[min(len(_BARS) - 1, int(value / top * (len(_BARS) - 1)))] for value in values)


def bars(label: str, values: Sequence[float], size: tuple[int, int] = _SMALL, hints: Sequence[str] = ()) -> Node:
    """Build a bar for each value; `hints` are the tooltips."""
    width, height = size
    step, top = width / max(1, len(values)), max(values, default=0.0) or 1.0
    shapes = [
        Shape(
            "rect",
            "bar",
            {
                "x": round(at * step, 1),
                "y": round(height - value / top * height, 1),
                "width": round(max(1.0, step - 1), 1),
                "height": round(value / top * height, 1),
            },
            hints[at] if hints else "",
        )
        for at, value in enumerate(values)
    ]
    return chart(label, size, shapes, sparkline(values))


def nice_ticks(low: float, high: float) -> list[float]:
    """Return a few round numbers from `low` to `high`.

    Examples
    --------
    >>> nice_ticks(0, 97)
    [0, 50]
    >>> nice_ticks(20, 196)
    [50, 100, 150]
    """
    span = high - low
    if span <= 0 or not math.isfinite(span):
        return [low]
    unit = 10 ** math.floor(math.log10(span / _MAX_INTERVALS))
    step = next(unit * times for times in (1, 2, 5, 10) if span / (unit * times) <= _MAX_INTERVALS)
    return [step * at for at in range(math.ceil(low / step), math.floor(high / step) + 1)]


def series_chart(series: TimeSeries) -> Node:
    """Build the chart of a time series: the mean as a line, and the range of the rows of each point as a band."""
    points = series.points
    width, height = _LARGE
    low, high = min(point.lowest for point in points), max(point.highest for point in points)
    start, end = points[0].time, points[-1].time

    def x(time: float) -> float:
        return round(_LEFT + (time - start) / ((end - start) or 1) * (width - _LEFT - _RIGHT), 1)

    def y(value: float) -> float:
        return round(height - _BOTTOM - (value - low) / ((high - low) or 1) * (height - _TOP - _BOTTOM), 1)

    shapes = [*_grid(nice_ticks(low, high), y, width), *_dates(start, end, width, height)]
    if any(point.lowest < point.highest for point in points):
        edge = [(point.time, point.highest) for point in points]
        edge += [(point.time, point.lowest) for point in reversed(points)]
        shapes.append(Shape("path", "band", {"d": f"M{'L'.join(f'{x(time)} {y(value)}' for time, value in edge)}z"}))
    path = "L".join(f"{x(point.time)} {y(point.mean)}" for point in points)
    shapes.append(Shape("path", "line", {"d": f"M{path}"}))
    label = f"{series.number} by {series.date}, {day(start)} to {day(end)}, from {low:.6g} to {high:.6g}"
    shift = min(point.mean for point in points)
    return chart(label, _LARGE, shapes, f"{label}\n{sparkline([point.mean - shift for point in _thinned(points)])}")


def _thinned(points: Sequence[Any]) -> Sequence[Any]:
    return points[:: max(1, len(points) // 60)]


def _grid(ticks: Sequence[float], y: Any, width: int) -> list[Shape]:
    shapes = []
    for tick in ticks:
        shapes.append(Shape("path", "grid", {"d": f"M{_LEFT} {y(tick)}H{width - _RIGHT}"}))
        shapes.append(Shape("text", "end", {"x": _LEFT - 6, "y": y(tick) + 4}, short_number(tick)))
    return shapes


def _dates(start: float, end: float, width: int, height: int) -> list[Shape]:
    axis = height - _BOTTOM
    return [
        Shape("path", "axis", {"d": f"M{_LEFT} {axis}H{width - _RIGHT}"}),
        Shape("text", "label", {"x": _LEFT, "y": height - 6}, day(start)),
        Shape("text", "middle", {"x": (_LEFT + width - _RIGHT) / 2, "y": height - 6}, day((start + end) / 2)),
        Shape("text", "end", {"x": width - _RIGHT, "y": height - 6}, day(end)),
    ]


def short_number(value: float) -> str:
    """Return a number in at most seven characters: "1.2M"."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if unit == 'k' else size):.3g}{unit}"
    return f"{value:.4g}"


def day(seconds: float) -> str:
    """Return the UTC date of a time in seconds since 1970."""
    try:
        return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        return "?"
