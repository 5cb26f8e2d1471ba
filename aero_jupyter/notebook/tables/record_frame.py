"""A DataFrame of records with its static form: a caption, and a table that needs no front end."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from typing import Any  # cells of a DataFrame

import pandas as pd

from aero_jupyter.core.errors import UnknownName
from aero_jupyter.notebook.settings import moment, options
from aero_jupyter.notebook.tables.cell_format import frame_tree
from aero_jupyter.notebook.tables.columns import Row, column_series
from aero_jupyter.notebook.tables.query import QueryResult
from aero_jupyter.notebook.widgets.tree import as_html, as_text


class RecordFrame(pd.DataFrame):
    """A DataFrame of records; a copied or pickled one is a plain DataFrame."""

    _internal_names = [*pd.DataFrame._internal_names, "_listing", "_rows", "_pager"]  # type: ignore[attr-defined]  # noqa: RUF012
    _internal_names_set = set(_internal_names)  # noqa: RUF012

    _listing: QueryResult | None = None
    _rows: Sequence[Row] = ()
    _pager: Any = None

    def __reduce__(self) -> str | tuple[Any, ...]:
        plain = pd.DataFrame(self)
        plain.attrs = dict(self.attrs)
        return copy.copy, (plain,)

    def _repr_html_(self) -> str:
        return as_html(frame_tree(self._shown(), self._about()))

    def __repr__(self) -> str:
        return as_text(frame_tree(self._shown(), self._about(), self._now()))

    def _shown(self) -> pd.DataFrame:
        rows = self.head(options.max_rows)
        # An index that was made from a column is shown as that column.
        return rows.reset_index() if any(name not in (None, *rows) for name in rows.index.names) else rows

    def _now(self) -> datetime:
        asked = self.attrs.get("asked")
        return datetime.fromisoformat(asked) if asked else datetime.now(timezone.utc)

    @property
    def is_changed(self) -> bool:
        """Return whether the frame was changed, so that it no longer shows the server's records."""
        if self._listing is None:
            return False
        return not pd.DataFrame(column_series(self._listing.question.shape, self._rows)).equals(self)

    def _about(self) -> str:
        where = [self._listing.session.name] if self._listing else []
        return " · ".join([*self._covered(), f"as of {moment(self._now())}", *where])

    def _covered(self) -> list[str]:
        listing, shown, changed = self._listing, min(len(self), options.max_rows), self.is_changed
        is_whole = changed or listing is None or self.attrs.get("complete", True)
        total = len(self) if is_whole or listing is None else listing.pages.total
        if shown == total:
            count = "1 row" if shown == 1 else f"{shown} rows"
        else:
            count = f"{f'1–{shown}' if shown else 0} of {f'{len(self)}+' if total is None else total} rows"
        return [count, *(["changed here"] if changed else self._unsorted())]

    def _unsorted(self) -> list[str]:
        """Return a note if the server does not return the column to sort by."""
        column = (self._listing.question.sort or "").removeprefix("-") if self._listing else ""
        has_values = column not in self or len(self) == 0 or self[column].notna().any()
        if self._listing is None or has_values or self._listing.session.client.dialect.filters:
            return []
        return [f"not sorted: this server does not report {column}"]

    def _position(self, row: int | str) -> int:
        """Return the position of a row.

        Raises
        ------
        UnknownName
            If the frame has no such row.
        """
        ids = self._ids()
        if isinstance(row, str):
            columns = ids, list(_column(self, "name"))
            positions = [values.index(row) for values in columns if row in values]
            if not positions:
                raise UnknownName(f"This frame has no row {row!r}.", "Use a position, a name or an id that it has.")
            return positions[0]
        if not -len(ids) <= row < len(ids):
            raise UnknownName(f"This frame has {len(ids)} rows, and no row {row}.", "Rows count from 0.")
        return row

    def _ids(self) -> list[str]:
        return [str(id) for id in _column(self, "id")]


def _column(frame: RecordFrame, name: str) -> Iterable[Any]:
    """Return a column, also if it was made the index."""
    if name in frame:
        return frame[name]
    return frame.index if frame.index.name == name else ()
