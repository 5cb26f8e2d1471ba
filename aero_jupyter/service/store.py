"""The store: one SQLite database, short transactions that commit whole thoughts."""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from aero_jupyter.core.patterns import fits

Row = dict[str, Any]
Values = Sequence[Any] | Mapping[str, Any]

_SCHEMA = Path(__file__).with_name("schema.sql")
#: Raised by one with every change of the schema.
SCHEMA_VERSION = 2
#: What makes each format of the one before it.
_MIGRATIONS = {
    2: (
        "ALTER TABLE flow ADD COLUMN paused INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE run ADD COLUMN flow_name TEXT",
        "ALTER TABLE flow_output ADD COLUMN etag TEXT",
        "ALTER TABLE flow_output ADD COLUMN modified TEXT",
        "UPDATE run SET flow_name = (SELECT coalesce(f.description, f.name) FROM flow w "
        "JOIN function f ON f.id = w.function_id WHERE w.id = run.flow_id)",
        "CREATE INDEX IF NOT EXISTS prov_used_version ON prov_used (version_id)",
    ),
}


#: Bytes of the header of a SQLite file.
_HEADER = 100


class Refused(Exception):
    """The request cannot be done; answered as `status` with a JSON ``detail``, and a ``cure`` where one is known."""

    def __init__(self, status: int, detail: str, cure: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.cure = cure


class DB:
    """One thread's connection, with rows as plain dicts."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.create_function("holds", 2, _holds, deterministic=True)
        self._connection.create_function("fits", 2, fits, deterministic=True)

    def rows(self, sql: str, values: Values = ()) -> list[Row]:
        """Give all rows."""
        cursor = self._connection.execute(sql, values)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def row(self, sql: str, values: Values = ()) -> Row | None:
        """Give the first row, or None."""
        return next(iter(self.rows(sql, values)), None)

    def value(self, sql: str, values: Values = ()) -> Any:
        """Give the first column of the first row, or None."""
        found = self._connection.execute(sql, values).fetchone()
        return None if found is None else found[0]

    def run(self, sql: str, values: Values = ()) -> int:
        """Change rows; give how many."""
        return self._connection.execute(sql, values).rowcount

    def roll_back(self) -> None:
        """Undo what is not committed; where the disk was full, SQLite has done so itself."""
        if self._connection.in_transaction:
            self.run("ROLLBACK")

    def insert(self, table: str, **values: Any) -> None:
        """Add one row; the table and column names are ours, never a caller's."""
        columns, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
        self._connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)


class Store:
    """The database of one local AERO.

    Parameters
    ----------
    path : Path
        The SQLite file; made with its schema where it is missing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        # SQLite's own way of waiting for a writer sleeps, up to 100 ms at a time; a lock wakes the next one at once.
        self._writing = threading.Lock()
        try:
            self._open(path)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            raise RuntimeError(
                f"The store {path} is damaged ({error}): move its folder away, and bring a backup back with "
                "aero-jupyter local restore FILE."
            ) from None
        self.collection = str(self.db.value("SELECT value FROM meta WHERE key = 'collection'"))
        self.endpoint = str(self.db.value("SELECT value FROM meta WHERE key = 'endpoint'"))

    def _open(self, path: Path) -> None:
        _require_kept(path)
        require_whole(path)
        with self.transaction() as db:
            if not db.value("SELECT count(*) FROM sqlite_master WHERE name = 'meta'"):
                _create(db)
            _migrate(db, path)

    @property
    def db(self) -> DB:
        """This thread's connection, for reading."""
        if not hasattr(self._local, "db"):
            self._local.db = DB(self._path)
        db: DB = self._local.db
        return db

    @contextmanager
    def transaction(self) -> Iterator[DB]:
        """Write: everything in the block is committed together, or nothing is."""
        db = self.db
        with self._writing:
            db.run("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.roll_back()
                raise
            db.run("COMMIT")


def _require_kept(path: Path) -> None:
    """Refuse a store that is gone or empty while its content is there: a new one would know nothing of it."""
    if (path.exists() and path.stat().st_size) or not any(path.parent.glob("content/*/*")):
        return
    raise sqlite3.DatabaseError("it is empty" if path.exists() else "it is gone, its content is there")


def require_whole(path: Path) -> None:
    """Refuse a database that is shorter than its first page says: SQLite itself notices only what it reads."""
    log = path.with_name(f"{path.name}-wal")
    if not path.exists() or path.stat().st_size < _HEADER or (log.exists() and log.stat().st_size):
        return
    with path.open("rb") as file:
        head = file.read(_HEADER)
    size = int.from_bytes(head[16:18], "big")
    # The format's own way to write 65,536 in two bytes is 1.
    whole = int.from_bytes(head[28:32], "big") * (1 << 16 if size == 1 else size)
    if head.startswith(b"SQLite format 3") and path.stat().st_size < whole:
        raise sqlite3.DatabaseError(f"it has {path.stat().st_size:,} bytes of {whole:,}")


def _holds(value: object, text: str) -> bool:
    """Whether a column holds a text, whatever its case; `text` is folded already."""
    return value is not None and text in str(value).casefold()


def use_wal(path: Path) -> None:
    """Make a database of somebody else's write ahead, which stays with the file: readers and writers do not wait."""
    connection = sqlite3.connect(path, timeout=30)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


def _create(db: DB) -> None:
    # executescript would commit the open transaction first; statement by statement keeps it whole.
    statement = ""
    for line in _SCHEMA.read_text().splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            db.run(statement)
            statement = ""
    for key, value in (("schema", str(SCHEMA_VERSION)), ("collection", new_id()), ("endpoint", new_id())):
        db.insert("meta", key=key, value=value)


def _migrate(db: DB, path: Path) -> None:
    """Bring a store of an older format forward; the transaction around it keeps it whole."""
    version = int(db.value("SELECT value FROM meta WHERE key = 'schema'"))
    if version > SCHEMA_VERSION:
        raise RuntimeError(
            f"The store {path} was written by a newer aero_jupyter (format {version}): install that one."
        )
    for number in range(version + 1, SCHEMA_VERSION + 1):
        for statement in _MIGRATIONS[number]:
            db.run(statement)
    db.run("UPDATE meta SET value = ? WHERE key = 'schema'", (str(SCHEMA_VERSION),))


def new_id() -> str:
    """Make a random id."""
    return str(uuid.uuid4())


def stamp(when: datetime | None = None) -> str:
    """Write a moment (by default now) so that the text sorts by time."""
    when = when or datetime.now(timezone.utc)
    return when.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
