"""A mark beside the store that counts its transactions: a store whose write-ahead log was lost counts fewer.

The store counts its transactions itself; the mark is written after each commit, and is not flushed to disk. So after
a power failure the mark may be behind the store, but never ahead of it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import NamedTuple

#: Digits of the count; the length of the mark never changes, so one write replaces it.
_DIGITS = 20


class Mark(NamedTuple):
    """The collection of a store, which identifies it, and the number of its transactions."""

    collection: str
    transactions: int


def mark_file(home: Path) -> Path:
    """Return the file with the mark of the store in a folder."""
    return home / "transactions"


def read_mark(home: Path) -> Mark | None:
    """Return the mark beside a store; None if there is none."""
    with contextlib.suppress(OSError, ValueError):
        collection, count = mark_file(home).read_text().split()
        return Mark(collection, int(count))
    return None


def write_mark(home: Path, mark: Mark) -> None:
    """Write the mark beside a store; if the disk rejects it, the mark stays behind the store, which is harmless."""
    with contextlib.suppress(OSError):
        descriptor = os.open(mark_file(home), os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            os.pwrite(descriptor, f"{mark.collection} {mark.transactions:0{_DIGITS}d}".encode(), 0)
        finally:
            os.close(descriptor)


def mark_of(connection: sqlite3.Connection) -> Mark:
    """Return what the mark of a store should be; an older version of this package counted no transactions."""
    entries = {str(key): str(value) for key, value in connection.execute("SELECT key, value FROM meta")}
    count = entries.get("transactions", "")
    return Mark(entries.get("collection", ""), int(count) if count.isdecimal() else 0)
