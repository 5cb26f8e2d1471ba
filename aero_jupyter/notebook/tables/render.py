"""Records as a static table, in HTML or text: short ids, ages instead of times, sizes in kB; all values escaped."""

from __future__ import annotations

import html
import io
import shutil
import sys
from collections.abc import Callable
from datetime import datetime
from itertools import accumulate
from typing import Any  # cells of a DataFrame

import pandas as pd

from aero_jupyter.core.columns import COLUMNS
from aero_jupyter.core.run_states import OPEN_STATES, RUN_STATES
from aero_jupyter.notebook.formatting import ago, elide_middle, format_state, printable, size_of
from aero_jupyter.notebook.settings import moment
from aero_jupyter.notebook.widgets.frontend import front_end

#: Characters of a line if there is no terminal.
_LINE_WIDTH = 1_000
#: Characters of a column's longest text that stay visible in a narrow terminal.
_MIN_COLUMN_WIDTH = 16

#: Columns of ids and checksums.
_CODE_COLUMNS = frozenset(column.name for columns in COLUMNS.values() for column in columns if column.is_code)
_TABLE = (
    "font-family:var(--jp-ui-font-family,sans-serif);font-size:var(--jp-ui-font-size1,13px);"
    "color:var(--jp-ui-font-color1,#212121);background:var(--jp-layout-color0,#fff);border-collapse:collapse;"
    "border:1px solid var(--jp-border-color2,#e0e0e0);font-variant-numeric:tabular-nums"
)
_CELL = "padding:4px 12px;white-space:nowrap;max-width:28em;overflow:hidden;text-overflow:ellipsis;line-height:20px;"
_RULE = "border-top:1px solid var(--jp-border-color2,#e0e0e0);"
_CODE = "font-family:var(--jp-code-font-family,monospace);font-size:var(--jp-code-font-size,13px)"
_TONES = {"failed": "bad", "offline": "bad", "done": "good", "online": "good", **dict.fromkeys(OPEN_STATES, "active")}
#: Colours mixed with that of the text, so that their contrast suffices in light and in dark themes.
_COLOURS = {
    name: f";color:color-mix(in srgb,{colour} 45%,currentColor)"
    for name, colour in (("bad", "#d32f2f"), ("good", "#2e7d32"), ("active", "#1565c0"))
}
_META = "caption-side:bottom;text-align:left;padding:4px 12px;font-size:var(--jp-ui-font-size0,11px)"


def as_html(frame: pd.DataFrame, about: str, mark: str = "") -> str:
    """Write a frame as an HTML table; with times in UTC, because ages would become wrong.

    Parameters
    ----------
    about : str
        The caption: the rows that it covers, and their time.
    mark : str
        The mark by which the live table finds this one.
    """
    head = "".join(_head(name, column) for name, column in _columns(frame))
    body = "".join(f"<tr>{_row(frame, values)}</tr>" for values in frame.itertuples(index=False))
    caption = f'<caption style="{_META}">{html.escape(about)}</caption>'
    marked = f' class="aero-static" data-aero="{html.escape(mark)}"' if mark else ""
    return f'<table{marked} style="{_TABLE}">{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def as_text(frame: pd.DataFrame, about: str, now: datetime) -> str:
    """Write a frame as text; as wide as the terminal, if there is one."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    terminal = front_end() == "text" and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else _LINE_WIDTH
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=terminal,
        color_system="standard",
        highlight=False,
        force_jupyter=False,
    )
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold" if terminal else "")
    columns = [
        (name, column, [Text(format_cell(name, value, now)) for value in column]) for name, column in _columns(frame)
    ]
    widths = [
        max(len(name), 8, *(min(cell.cell_len, _MIN_COLUMN_WIDTH) for cell in cells)) for name, _, cells in columns
    ]
    visible = sum(end <= width + 2 for end in accumulate(each + 2 for each in widths))
    for (name, column, _), least in zip(columns[:visible], widths, strict=False):
        side: Any = _side(column)
        table.add_column(Text(name), justify=side, no_wrap=True, overflow="ellipsis", min_width=least)
    for row in zip(*(cells for _, _, cells in columns[:visible]), strict=True):
        table.add_row(*row)
    with console.capture() as written:
        console.print(table)
    lines = [line.rstrip() for line in written.get().splitlines()]
    hidden = [name for name, _, _ in columns[visible:]]
    narrow = [f"too narrow for {', '.join(hidden)}"] if hidden else []
    return "\n".join([*lines, printable(" · ".join([about, *narrow]))])


def _columns(frame: pd.DataFrame) -> list[tuple[str, pd.Series[Any]]]:
    return [(str(name), frame.iloc[:, position]) for position, name in enumerate(frame.columns)]


def _row(frame: pd.DataFrame, values: tuple[Any, ...]) -> str:
    return "".join(_cell(str(name), value) for name, value in zip(frame.columns, values, strict=True))


def _head(name: str, column: pd.Series[Any]) -> str:
    return f'<th scope="col" style="{_CELL}text-align:{_side(column)}">{html.escape(name)}</th>'


def _side(column: pd.Series[Any]) -> str:
    return "right" if pd.api.types.is_numeric_dtype(column) else "left"


def _cell(name: str, value: object) -> str:
    text, whole = format_cell(name, value), "" if is_missing(value) else str(value)
    right = "text-align:right" if isinstance(value, (int, float)) else "text-align:left"
    title = f' title="{html.escape(whole)}"' if whole != text else ""
    shown = html.escape(text)
    inside = f'<span style="{_CODE}">{shown}</span>' if name in _CODE_COLUMNS and text else shown
    colour = _COLOURS.get(tone(name, value), "")
    return f'<td style="{_CELL}{_RULE}{right}{colour}"{title}>{inside}</td>'


def is_code(name: str) -> bool:
    """Return whether a column holds ids or checksums."""
    return name in _CODE_COLUMNS


def is_numeric(dtype: str) -> bool:
    """Return whether a column of this type is aligned to the right."""
    return dtype in ("count", "seconds")


def is_missing(value: object) -> bool:
    """Return whether there is no value."""
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, float) and value != value


def tone(name: str, value: object) -> str:
    """Return the kind of a state, which its colour repeats: "bad", "good", "active", or empty."""
    return _TONES.get(str(value), "") if name in ("state", "status") and not is_missing(value) else ""


def format_cell(name: str, value: object, now: datetime | None = None) -> str:
    """Format a value of a column for reading; blank if there is none. A time becomes an age where `now` is given."""
    if is_missing(value):
        return ""
    try:
        text = _time(value, now) if isinstance(value, datetime) else _FORMATTERS.get(name, str)(value)
    except (TypeError, ValueError):
        # The user may have put another type into the column.
        text = str(value)
    return elide_middle(printable(text))


def _time(value: datetime, now: datetime | None) -> str:
    return moment(value) if now is None else ago(value, now)


def _state(value: object) -> str:
    return format_state(str(value)) if value in RUN_STATES else str(value)


_FORMATTERS: dict[str, Callable[[Any], str]] = {
    **dict.fromkeys(_CODE_COLUMNS, lambda value: str(value)[:8]),
    "size": size_of,
    "seconds": lambda value: f"{value:.2f}",
    "state": _state,
}
