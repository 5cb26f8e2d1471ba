"""Filter and order of rows that are at hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any  # values of any column

from aero_jupyter.core.name_rules import folded
from aero_jupyter.notebook.tables.cell_format import is_missing
from aero_jupyter.notebook.tables.columns import Reader, Row


def holds(row: Row, readers: Iterable[Reader], text: str) -> bool:
    """Return whether one of the columns of a record contains a text; case and diacritics are ignored."""
    return any(folded(text) in folded(str(read(row) or "")) for read in readers)


def ordered(rows: Sequence[Row], read: Reader, *, down: bool) -> list[Row]:
    """Sort records by a column; missing values come last."""
    known = [row for row in rows if not is_missing(read(row))]
    blank = [row for row in rows if is_missing(read(row))]
    return sorted(known, key=lambda row: _order(read(row)), reverse=down) + blank


def _order(value: object) -> Any:
    return value.casefold() if isinstance(value, str) else value
