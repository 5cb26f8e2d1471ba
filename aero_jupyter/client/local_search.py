"""Search in a catalogue whose server has no search: read all of it, then query SQLite as the local AERO does."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing

from aero_jupyter.core.models import Json
from aero_jupyter.core.redaction import redact_url
from aero_jupyter.core.search_fts5 import EVERYTHING_TOKEN
from aero_jupyter.core.search_query import to_fts5

_COLUMNS = ("name", "description", "url", "tags")


def search_records(rows: Iterable[Json], query: str) -> list[Json]:
    """Return the records that match a query, best first.

    Parameters
    ----------
    rows : iterable of mapping
        Records of datasets, as a server lists them.
    query : str
        In the grammar of `core.search_query`.

    Raises
    ------
    InvalidArgument
        If the query cannot be parsed; the message names the column.
    """
    expression, rows = to_fts5(query), list(rows)
    if expression is None:
        return rows
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(
            f"CREATE VIRTUAL TABLE t USING fts5 ({', '.join(_COLUMNS)}, everything,"
            " tokenize = 'unicode61 remove_diacritics 2')"
        )
        texts = (
            (number, *(_searchable_text(row.get(column)) for column in _COLUMNS), EVERYTHING_TOKEN)
            for number, row in enumerate(rows)
        )
        connection.executemany(
            "INSERT INTO t (rowid, name, description, url, tags, everything) VALUES (?,?,?,?,?,?)", texts
        )
        matches = connection.execute(
            "SELECT rowid FROM t WHERE t MATCH ? ORDER BY rank, rowid", (expression,)
        ).fetchall()
    return [rows[number] for (number,) in matches]


def _searchable_text(value: object) -> str:
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value or "")
    return redact_url(text).encode("utf-8", "replace").decode()
