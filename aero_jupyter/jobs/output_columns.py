"""The columns of an output as plain lists, so that its checks need no package on the endpoint."""

from __future__ import annotations

import csv
import importlib.util
import os
from collections.abc import Sequence
from datetime import date, datetime, timezone
from typing import Any  # cells of a table

from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.jobs.request_errors import AeroJobError
from aero_jupyter.jobs.table_unpacking import TableError
from aero_jupyter.jobs.tables import TableReader
from aero_jupyter.jobs.typed_csv import types_beside
from aero_jupyter.jobs.upload import is_frame

_SHOWN_ROWS, _SHOWN_COLUMNS, _SHOWN_CHARACTERS = 5, 8, 30


class OutputColumns:
    """The columns of a table; a missing cell is None.

    Attributes
    ----------
    names : list of str
        Named levels of the index come first.
    cells : list of list
        The cells of each column.
    rows : int
        The number of rows.
    """

    def __init__(self, names: Sequence[object], cells: Sequence[list[Any]], rows: int) -> None:
        self.names = [str(name) for name in names]
        self.cells = cells
        self.rows = rows

    def column(self, name: str) -> list[Any] | None:
        """Return the cells of a column; None if there is no such column."""
        return self.cells[self.names.index(name)] if name in self.names else None

    def head_of(self, failing: Sequence[int], first: Sequence[str]) -> str:
        """Return the first failing rows as text, with their numbers; the columns of `first` stand first."""
        names = [*dict.fromkeys([*(name for name in first if name in self.names), *self.names])][:_SHOWN_COLUMNS]
        columns = [self.column(name) or [] for name in names]
        rows = [[str(at + 1), *(_elided(column[at]) for column in columns)] for at in failing[:_SHOWN_ROWS]]
        table = [["row", *map(_elided, names)], *rows]
        widths = [max(len(row[at]) for row in table) for at in range(len(table[0]))]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
        more = len(failing) - len(rows)
        return "\n".join([*lines, f"and {more:,} more"] if more > 0 else lines)


def _elided(value: object) -> str:
    text = " ".join(("" if value is None else str(value)).split())
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"


def columns_of_frame(frame: Any) -> OutputColumns:
    """Return the columns of a DataFrame and the named levels of its index."""
    levels = [at for at, name in enumerate(frame.index.names) if name is not None]
    series = [frame.index.get_level_values(at).to_series() for at in levels]
    series += [frame.iloc[:, at] for at in range(frame.shape[1])]
    names = [*(frame.index.names[at] for at in levels), *frame.columns]
    return OutputColumns(names, [_plain_cells(one) for one in series], len(frame))


def _plain_cells(series: Any) -> list[Any]:
    pairs = zip(series.tolist(), series.isna().tolist(), strict=True)
    return [None if is_missing else value for value, is_missing in pairs]


def frame_of_output(name: str, value: Any, path: str) -> Any:
    """Return an output as a DataFrame.

    Raises
    ------
    AeroJobError
        If its file is no table.
    """
    if is_frame(value):
        return value
    try:
        with open(path, "rb") as file:
            found = TableReader(f"Output {name}", (path,), None, None, {}).read(file, types_beside(path))
    except TableError as error:
        raise AeroJobError(f"Output {name} has checks and cannot be read as a table: {error}") from error
    return found


def columns_of_output(name: str, value: Any, path: str) -> OutputColumns:
    """Return the columns of an output; a CSV is read without pandas where that is not installed."""
    if is_frame(value) or importlib.util.find_spec("pandas"):
        return columns_of_frame(frame_of_output(name, value, path))
    if not path.lower().endswith(".csv"):
        kind = os.path.splitext(path)[1] or "a file without a suffix"
        raise AeroJobError(f"Output {name} is {kind}; its checks need pandas on the endpoint, or a CSV file.")
    types = types_beside(path)
    head = 1 if types is None else int(parse_json(types).get("head", 1))
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file) if row]
    names, body = (rows[head - 1] if rows else []), rows[head:]
    cells = [[(row[at] if at < len(row) else "") or None for row in body] for at in range(len(names))]
    return OutputColumns(names, cells, len(body))


def number_in(value: object) -> Any:
    """Return a cell as a number; None if it is none."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return value if hasattr(value, "__float__") and not isinstance(value, (date, bytes)) else None


def time_in(value: object) -> datetime | None:
    """Return a cell as a time in UTC, a date as its beginning; None if it is neither."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip().replace("Z", "+00:00"))
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    return datetime(value.year, value.month, value.day, tzinfo=timezone.utc) if isinstance(value, date) else None
