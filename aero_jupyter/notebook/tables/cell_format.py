"""Cells of tables of records: short ids, ages instead of times, sizes in kB, and the kinds of states."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any  # cells of a DataFrame

import pandas as pd

from aero_jupyter.core.columns import COLUMNS
from aero_jupyter.core.run_states import OPEN_STATES, RUN_STATES
from aero_jupyter.notebook.formatting import ago, elide_middle, format_state, printable, size_of
from aero_jupyter.notebook.settings import moment
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.figures import table
from aero_jupyter.notebook.widgets.tree import Node

#: Columns of ids and checksums.
_CODE_COLUMNS = frozenset(column.name for columns in COLUMNS.values() for column in columns if column.is_code)
_TONES = {"failed": "bad", "offline": "bad", "done": "good", "online": "good", **dict.fromkeys(OPEN_STATES, "active")}


def frame_tree(frame: pd.DataFrame, about: str, now: datetime | None = None) -> Node:
    """Build a frame as a table with a line about its rows; times are in UTC, or ages at `now`."""
    columns = [(str(name), frame.iloc[:, position]) for position, name in enumerate(frame.columns)]
    numbers = [at for at, (_, column) in enumerate(columns) if pd.api.types.is_numeric_dtype(column)]
    cells = [[cell_node(name, *cell_parts(name, value, now)) for value in column] for name, column in columns]
    rows = [list(row) for row in zip(*cells, strict=True)]
    listed = table("Records", [name for name, _ in columns], rows, numbers)
    return trees.panel(listed, trees.text(about, "meta"), label="Records")


def cell_node(name: str, text: str, whole: str | None, kind: str | None) -> str | Node:
    """Build the cell of a column from its parts."""
    kind = kind or ("code" if is_code(name) and text else "")
    return trees.text(text, kind, title=whole or "") if kind or whole else text


def cell_parts(name: str, value: object, now: datetime | None) -> tuple[str, str | None, str | None]:
    """Return the text of a cell, the whole value where the text is another one, and the kind of its state."""
    text, whole = format_cell(name, value, now), "" if is_missing(value) else str(value)
    return text, whole if whole != text else None, tone(name, value) or None


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
