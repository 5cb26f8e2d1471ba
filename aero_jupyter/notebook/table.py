"""Records as a table that stands by itself: short ids, ages instead of times, sizes in kB; everything escaped."""

from __future__ import annotations

import html
import io
import shutil
import sys
from collections.abc import Callable
from datetime import datetime
from itertools import accumulate
from typing import Any

import pandas as pd

from aero_jupyter.core.models import RUN_STATES
from aero_jupyter.notebook.frontend import front_end
from aero_jupyter.notebook.words import ago, printable, shortened, size_of, state_of

#: Characters a line, where no terminal sets a limit.
_WIDEST = 1_000
#: Characters that a column keeps of its longest text, where a terminal is narrow.
_LEAST = 16

_IDS = ("id", "flow", "run", "checksum", "endpoint")
_TABLE = (
    "font-family:var(--jp-ui-font-family,sans-serif);font-size:var(--jp-ui-font-size1,13px);"
    "color:var(--jp-ui-font-color1,#212121);background:var(--jp-layout-color0,#fff);border-collapse:collapse;"
    "border:1px solid var(--jp-border-color2,#e0e0e0);font-variant-numeric:tabular-nums"
)
_CELL = "padding:4px 12px;white-space:nowrap;max-width:28em;overflow:hidden;text-overflow:ellipsis;line-height:20px;"
_RULE = "border-top:1px solid var(--jp-border-color2,#e0e0e0);"
_CODE = "font-family:var(--jp-code-font-family,monospace);font-size:var(--jp-code-font-size,13px)"
_META = "caption-side:bottom;text-align:left;padding:4px 12px;font-size:var(--jp-ui-font-size0,11px)"


def as_html(frame: pd.DataFrame, about: str, now: datetime, mark: str = "") -> str:
    """Write a frame as an HTML table.

    Parameters
    ----------
    about : str
        What it covers, and as of when.
    now : datetime
        The moment that ages count from.
    mark : str
        What the live table finds this one by.
    """
    head = "".join(_head(name, column) for name, column in _columns(frame))
    body = "".join(f"<tr>{_row(frame, values, now)}</tr>" for values in frame.itertuples(index=False))
    caption = f'<caption style="{_META}">{html.escape(about)}</caption>'
    marked = f' class="aero-static" data-aero="{html.escape(mark)}"' if mark else ""
    return f'<table{marked} style="{_TABLE}">{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def as_text(frame: pd.DataFrame, about: str, now: datetime) -> str:
    """Write a frame as text, in the same words; as wide as the terminal, where there is one."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    terminal = front_end() == "text" and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else _WIDEST
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=terminal,
        color_system="standard",
        highlight=False,
        force_jupyter=False,
    )
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold" if terminal else "")
    columns = [(name, column, [Text(told(name, value, now)) for value in column]) for name, column in _columns(frame)]
    widths = [max(len(name), 8, *(min(cell.cell_len, _LEAST) for cell in cells)) for name, _, cells in columns]
    fitting = sum(end <= width + 2 for end in accumulate(each + 2 for each in widths))
    for (name, column, _), least in zip(columns[:fitting], widths, strict=False):
        side: Any = _side(column)
        table.add_column(Text(name), justify=side, no_wrap=True, overflow="ellipsis", min_width=least)
    for row in zip(*(cells for _, _, cells in columns[:fitting]), strict=True):
        table.add_row(*row)
    with console.capture() as written:
        console.print(table)
    lines = [line.rstrip() for line in written.get().splitlines()]
    hidden = [name for name, _, _ in columns[fitting:]]
    narrow = [f"too narrow for {', '.join(hidden)}"] if hidden else []
    return "\n".join([*lines, printable(" · ".join([about, *narrow]))])


def _columns(frame: pd.DataFrame) -> list[tuple[str, pd.Series[Any]]]:
    return [(str(name), frame.iloc[:, place]) for place, name in enumerate(frame.columns)]


def _row(frame: pd.DataFrame, values: tuple[Any, ...], now: datetime) -> str:
    return "".join(_cell(str(name), value, now) for name, value in zip(frame.columns, values, strict=True))


def _head(name: str, column: pd.Series[Any]) -> str:
    return f'<th scope="col" style="{_CELL}text-align:{_side(column)}">{html.escape(name)}</th>'


def _side(column: pd.Series[Any]) -> str:
    return "right" if pd.api.types.is_numeric_dtype(column) else "left"


def _cell(name: str, value: Any, now: datetime) -> str:
    text, whole = told(name, value, now), "" if missing(value) else str(value)
    right = "text-align:right" if isinstance(value, (int, float)) else "text-align:left"
    title = f' title="{html.escape(whole)}"' if whole != text else ""
    shown = html.escape(text)
    inside = f'<span style="{_CODE}">{shown}</span>' if name in _IDS and text else shown
    return f'<td style="{_CELL}{_RULE}{right}"{title}>{inside}</td>'


def is_code(name: str) -> bool:
    """Whether a column holds ids or checksums."""
    return name in _IDS


def is_right(dtype: str) -> bool:
    """Whether a column of that type has its numbers on the right."""
    return dtype in ("count", "seconds")


def missing(value: Any) -> bool:
    """Whether there is no value."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, float) and value != value


def told(name: str, value: Any, now: datetime) -> str:
    """Say a value of a column as people read it; blank where there is none."""
    if missing(value):
        return ""
    try:
        words = ago(value, now) if isinstance(value, datetime) else _WORDS.get(name, str)(value)
    except (TypeError, ValueError):
        # Somebody put something else into a column of ours.
        words = str(value)
    return shortened(printable(words))


def _state(value: object) -> str:
    return state_of(str(value)) if value in RUN_STATES else str(value)


_WORDS: dict[str, Callable[[Any], str]] = {
    **dict.fromkeys(_IDS, lambda value: str(value)[:8]),
    "size": size_of,
    "seconds": lambda value: f"{value:.2f}",
    "state": _state,
}
