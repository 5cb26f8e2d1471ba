"""Checks that a store is intact and belongs to the content beside it, before anything is written."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from aero_jupyter.service.storage.commit_mark import Mark, mark_of, read_mark
from aero_jupyter.service.storage.stored_content import checksum_of

SCHEMA = Path(__file__).with_name("schema.sql")
#: Bytes of the header of a SQLite file.
_HEADER = 100
#: Bytes above which a store is not checked completely at each start, because that would take too long.
_LARGE = 64 << 20
#: The tables of the first format; migrations add the later tables.
_TABLES = frozenset(
    [
        *("meta", "data", "data_fts", "version", "source_type", "source_url", "function", "flow", "flow_input"),
        *("flow_output", "run", "run_input", "run_step", "prov", "prov_used", "prov_made", "file", "task"),
    ]
)
#: What to do about a damaged store.
CURES = "restore a backup with: aero-jupyter local restore FILE, or recover the remaining data with: aero-jupyter local rebuild"


class Damaged(sqlite3.DatabaseError):
    """A store that is missing, damaged, or does not belong to its folder."""


def content_count(home: Path) -> int:
    """Return the number of content files in a folder."""
    return sum(1 for _ in home.glob("content/*/*"))


def holds_store(home: Path) -> bool:
    """Return whether a folder holds a store, or shows that it held one."""
    return (home / "aero.db").exists() or content_count(home) > 0 or read_mark(home) is not None


def require_same_file(path: Path, inode: int | None) -> None:
    """Raise if a store was emptied, deleted or replaced since it was opened; SQLite would block or lose writes.

    Parameters
    ----------
    inode : int, optional
        The inode of the file when it was opened; None before that.
    """
    if inode is None:
        return
    try:
        found = path.stat()
    except FileNotFoundError:
        raise Damaged("it was deleted while it was in use") from None
    if not found.st_size:
        raise Damaged("it was emptied while it was in use")
    if found.st_ino != inode:
        raise Damaged("another file was put in its place while it was in use")


def require_whole(path: Path) -> None:
    """Raise if a database is shorter than its first page declares; SQLite itself notices only what it reads."""
    log = path.with_name(f"{path.name}-wal")
    if not path.exists() or path.stat().st_size < _HEADER or (log.exists() and log.stat().st_size):
        return
    with path.open("rb") as file:
        head = file.read(_HEADER)
    size = int.from_bytes(head[16:18], "big")
    # The file format encodes 65,536 as 1, because it has two bytes for the page size.
    whole = int.from_bytes(head[28:32], "big") * (1 << 16 if size == 1 else size)
    if head.startswith(b"SQLite format 3") and path.stat().st_size < whole:
        raise Damaged(f"it has {path.stat().st_size:,} bytes of {whole:,}")


def require_store(path: Path) -> None:
    """Raise if there is no intact store of this folder; a folder without any content may have none.

    Raises
    ------
    Damaged
        If the store is missing or empty beside content, truncated, damaged, of another user, not a store, or older
        than the content beside it.
    sqlite3.OperationalError
        If the store cannot be read now.
    """
    # The mark is read before the store, because a running service commits meanwhile.
    mark, contents = read_mark(path.parent), content_count(path.parent)
    if not path.exists() or not path.stat().st_size:
        if contents or mark:
            raise Damaged(f"it is {'empty' if path.exists() else 'gone'}, {_remains(contents, mark)}")
        return
    if path.stat().st_uid != os.geteuid():
        raise Damaged("it belongs to another user")
    require_whole(path)
    with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
        reason = next(_store_faults(connection, path, contents, mark), None)
    if reason:
        raise Damaged(reason)


def _remains(contents: int, mark: Mark | None) -> str:
    """Return what shows that a folder had a store."""
    return (
        f"but {contents} contents exist" if contents or mark is None else f"but it had {mark.transactions} transactions"
    )


def _store_faults(connection: sqlite3.Connection, path: Path, contents: int, mark: Mark | None) -> Iterator[str]:
    tables = {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables:
        # A store that ended before its first transaction is empty, too.
        if contents or mark:
            yield f"it holds nothing, {_remains(contents, mark)}: its write-ahead log is missing"
        return
    if not tables & (_TABLES - {"meta"}):
        yield "it is a database of another program"
        return
    lacking = list(missing_tables(connection))
    yield from lacking or _lost_versions(connection)
    if path.stat().st_size <= _LARGE:
        for (found,) in connection.execute("PRAGMA quick_check(1)"):
            if found != "ok":
                yield str(found)
    yield from _unrelated(connection, path.parent, mark)


def missing_tables(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield a sentence for the required tables and entries that this store lacks."""
    tables = {str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    columns = {str(name) for _, name, *_ in connection.execute("PRAGMA table_info(meta)")}
    if lost := sorted(_TABLES - tables):
        yield f"it lacks the tables {', '.join(lost)}"
    elif not {"key", "value"} <= columns:
        yield "it is a database of another program"
    else:
        keys = {str(key) for (key,) in connection.execute("SELECT key FROM meta")}
        if entries := sorted({"schema", "collection", "endpoint"} - keys):
            yield f"it lacks its {', '.join(entries)}"


def _lost_versions(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield a sentence if datasets count versions that are all missing."""
    sql = "SELECT count(*) FROM data d WHERE newest > 0 AND NOT EXISTS (SELECT 1 FROM version WHERE data_id = d.id)"
    (lost,) = connection.execute(sql).fetchone()
    if lost:
        yield f"it lacks all versions of {lost} datasets"


def _unrelated(connection: sqlite3.Connection, home: Path, mark: Mark | None) -> Iterator[str]:
    """Yield a sentence if this store lacks transactions, or if the folder's content belongs to another store."""
    if mark is None:
        return
    known = mark_of(connection)
    if known.collection == mark.collection:
        if known.transactions < mark.transactions:
            yield (
                f"it lacks its last {mark.transactions - known.transactions} transactions: its write-ahead log is lost, or it is an "
                "older copy"
            )
    elif lost := len(unknown_content(connection, home)):
        yield f"it is the store of another folder: it does not know {lost} contents of this one"


def unknown_content(connection: sqlite3.Connection, home: Path, table: str = "file") -> list[Path]:
    """Return the content files that no row of a table names."""
    named = {str(checksum) for (checksum,) in connection.execute(f"SELECT checksum FROM {table}")}
    return sorted(path for path in home.glob("content/*/*") if checksum_of(path) not in named)
