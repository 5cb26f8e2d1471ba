"""One connection to the store, and the errors that its callers raise."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any  # values of SQLite

from aero_jupyter.core.name_rules import folded
from aero_jupyter.core.redaction import redact_text, redact_url
from aero_jupyter.core.wildcards import matches_wildcard

Row = dict[str, Any]


Values = Sequence[Any] | Mapping[str, Any]


#: Bytes of memory up to which the connections of the process together cache pages.
_CACHE_BYTES = 16 << 20


class RequestError(Exception):
    """A refused request; the response has `status`, a JSON ``detail``, and a ``cure`` if one is known."""

    def __init__(self, status: int, detail: str, cure: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.cure = cure


class DB:
    """The database connection of one thread, with rows as plain dicts."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        # Every thread has a connection whose page cache grows with the store; this limit holds for all together.
        self._connection.execute(f"PRAGMA soft_heap_limit = {_CACHE_BYTES}")
        self._connection.create_function("holds", 2, _holds, deterministic=True)
        self._connection.create_function("matches_wildcard", 2, matches_wildcard, deterministic=True)
        self._connection.create_function("redacted", 1, _redacted_url, deterministic=True)
        self._connection.create_function("redacted_text", 1, _redacted_text, deterministic=True)

    def rows(self, sql: str, values: Values = ()) -> list[Row]:
        """Return all rows."""
        cursor = self._connection.execute(sql, values)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def row(self, sql: str, values: Values = ()) -> Row | None:
        """Return the first row, or None."""
        return next(iter(self.rows(sql, values)), None)

    def value(self, sql: str, values: Values = ()) -> Any:
        """Return the first column of the first row, or None."""
        found = self._connection.execute(sql, values).fetchone()
        return None if found is None else found[0]

    def run(self, sql: str, values: Values = ()) -> int:
        """Execute a change and return the number of changed rows."""
        return self._connection.execute(sql, values).rowcount

    @property
    def changes(self) -> int:
        """The number of rows that this connection has changed."""
        return self._connection.total_changes

    @property
    def is_in_transaction(self) -> bool:
        """True if a transaction is open."""
        return self._connection.in_transaction

    def roll_back(self) -> None:
        """Roll back the open transaction, if SQLite has not done so itself after a full disk."""
        if self.is_in_transaction:
            self.run("ROLLBACK")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def insert(self, table: str, **values: Any) -> None:
        """Insert one row; the table and column names must never come from a caller's input."""
        columns, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
        self._connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)


def _holds(value: object, text: str) -> bool:
    """Return whether a column contains a text, ignoring case and diacritics; `text` must be folded."""
    return value is not None and text in folded(str(value))


def _redacted_url(url: object) -> str | None:
    """Return a URL without the secrets in it, as lists show it."""
    return None if url is None else redact_url(str(url))


def _redacted_text(text: object) -> str | None:
    """Return an error text without the secrets in it."""
    return None if text is None else redact_text(str(text))


def new_id() -> str:
    """Return a random id."""
    return str(uuid.uuid4())


def stamp(when: datetime | None = None) -> str:
    """Format a moment (now by default) as text that sorts by time."""
    when = when or datetime.now(timezone.utc)
    return when.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
