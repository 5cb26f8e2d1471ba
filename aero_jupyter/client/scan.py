"""Searching a catalogue whose server cannot: read all of it, and ask SQLite as the local AERO does."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing

from aero_jupyter.core.fts5 import EVERYTHING_TOKEN
from aero_jupyter.core.models import Json
from aero_jupyter.core.query import to_fts5

_COLUMNS = ("name", "description", "url", "tags")


def matching(rows: Iterable[Json], query: str) -> list[Json]:
    """Give the records that match a query, best first.

    Parameters
    ----------
    rows : iterable of mapping
        Records of Data, as a server lists them.
    query : str
        In the grammar of `core.query`.

    Raises
    ------
    InvalidArgument
        If the query cannot be read; it says where.
    """
    expression, rows = to_fts5(query), list(rows)
    if expression is None:
        return rows
    with closing(sqlite3.connect(":memory:")) as memory:
        memory.execute(
            f"CREATE VIRTUAL TABLE t USING fts5 ({', '.join(_COLUMNS)}, everything,"
            " tokenize = 'unicode61 remove_diacritics 2')"
        )
        texts = (
            (number, *(_text(row.get(column)) for column in _COLUMNS), EVERYTHING_TOKEN)
            for number, row in enumerate(rows)
        )
        memory.executemany(
            "INSERT INTO t (rowid, name, description, url, tags, everything) VALUES (?,?,?,?,?,?)", texts
        )
        found = memory.execute("SELECT rowid FROM t WHERE t MATCH ? ORDER BY rank, rowid", (expression,)).fetchall()
    return [rows[number] for (number,) in found]


def _text(value: object) -> str:
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value or "")
    return text.encode("utf-8", "replace").decode()
