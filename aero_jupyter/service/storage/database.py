"""The store: one SQLite database with short, complete transactions."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aero_jupyter.service.storage.commit_mark import Mark, write_mark
from aero_jupyter.service.storage.connection import DB, new_id
from aero_jupyter.service.storage.store_identity import (
    CURES,
    SCHEMA,
    require_same_file,
    require_store,
)

#: Increased by one with every change of the schema.
SCHEMA_VERSION = 12
#: The statements that migrate to each format from the previous one.
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
    3: (
        "ALTER TABLE flow ADD COLUMN aligned INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE flow_output ADD COLUMN url TEXT",
        "UPDATE flow_output SET url = (SELECT url FROM data WHERE id = data_id)",
        "CREATE TABLE source_change (seq INTEGER PRIMARY KEY, data_id TEXT NOT NULL, flow_id TEXT NOT NULL, "
        "previous TEXT NOT NULL, url TEXT, created_at TEXT NOT NULL)",
        "CREATE INDEX source_change_data ON source_change (data_id)",
        "ALTER TABLE run ADD COLUMN chain TEXT",
        "ALTER TABLE run ADD COLUMN mixed TEXT",
        "ALTER TABLE run ADD COLUMN circle TEXT",
        "ALTER TABLE flow_output ADD COLUMN source_kind TEXT",
        "ALTER TABLE flow_output ADD COLUMN source_check TEXT",
        "ALTER TABLE flow_output ADD COLUMN source_headers TEXT",
        "ALTER TABLE flow_output ADD COLUMN source_auth TEXT",
        "ALTER TABLE version ADD COLUMN object_url TEXT",
        "ALTER TABLE version ADD COLUMN signed_url TEXT",
        "UPDATE data_fts SET url = redacted(url) WHERE url <> redacted(url)",
        "UPDATE run SET error = redacted_text(error), traceback = redacted_text(traceback) WHERE error IS NOT NULL",
        "ALTER TABLE data ADD COLUMN read_options TEXT",
    ),
    4: ("ALTER TABLE run_step ADD COLUMN result TEXT",),
    5: (
        "ALTER TABLE flow ADD COLUMN endpoint_config TEXT",
        "ALTER TABLE flow_output ADD COLUMN optional INTEGER NOT NULL DEFAULT 0",
    ),
    6: (
        "ALTER TABLE data ADD COLUMN promise TEXT",
        "ALTER TABLE data ADD COLUMN promised_since TEXT",
        "CREATE TABLE notice (seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, event TEXT NOT NULL, "
        "data_id TEXT NOT NULL, dataset TEXT NOT NULL, text TEXT NOT NULL, created_at TEXT NOT NULL)",
        "CREATE TABLE notice_target (id TEXT PRIMARY KEY, done INTEGER NOT NULL)",
        "CREATE TABLE problem (data_id TEXT NOT NULL, kind TEXT NOT NULL, level INTEGER NOT NULL, "
        "PRIMARY KEY (data_id, kind))",
    ),
    7: ("ALTER TABLE version ADD COLUMN source_time TEXT",),
    8: (
        "CREATE TABLE drift (data_id TEXT NOT NULL, version INTEGER NOT NULL, profile TEXT, notes TEXT, "
        "PRIMARY KEY (data_id, version))",
        "CREATE INDEX drift_due ON drift (data_id, version) WHERE notes IS NULL",
    ),
    9: ("ALTER TABLE version ADD COLUMN as_of TEXT",),
    10: (
        "CREATE TABLE earlier_function (flow_id TEXT NOT NULL REFERENCES flow (id) ON DELETE CASCADE, "
        "number INTEGER NOT NULL, function_id TEXT NOT NULL, registered_at TEXT NOT NULL, replaced_at TEXT NOT NULL, "
        "PRIMARY KEY (flow_id, number))",
    ),
    11: (
        "ALTER TABLE data ADD COLUMN keep TEXT",
        "ALTER TABLE version ADD COLUMN removed_at TEXT",
        "CREATE INDEX version_checksum ON version (checksum)",
        "CREATE INDEX file_checksum ON file (checksum)",
        "CREATE TABLE compact (checksum TEXT PRIMARY KEY, base TEXT, size INTEGER NOT NULL, stored INTEGER NOT NULL)",
        "CREATE INDEX compact_base ON compact (base)",
        "CREATE TABLE compact_due (data_id TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (data_id, version))",
        "CREATE TABLE hold (version_id TEXT NOT NULL, reason TEXT NOT NULL, created_at TEXT NOT NULL, "
        "PRIMARY KEY (version_id, reason))",
        "INSERT INTO compact_due SELECT v.data_id, v.version FROM version v JOIN data d ON d.id = v.data_id "
        "WHERE v.version != d.newest AND NOT d.no_copy",
    ),
    12: ("ALTER TABLE run ADD COLUMN environment TEXT",),
}
_COUNT_TRANSACTION = (
    "INSERT INTO meta VALUES ('transactions', '1') ON CONFLICT (key) DO UPDATE SET value = value + 1 RETURNING value"
)


class Store:
    """The database of one local AERO.

    Parameters
    ----------
    path : Path
        The SQLite file; created with its schema if it is missing.
    migrate : bool
        Whether to create a missing store and migrate an older one; only for the holder of the service lock.

    Raises
    ------
    RuntimeError
        If the store is damaged, has a newer format or, without `migrate`, an older one.
    """

    def __init__(self, path: Path, *, migrate: bool = True) -> None:
        self._path = path
        self.home = path.parent
        self.content = self.home / "content"
        self._local = threading.local()
        self._inode: int | None = None
        self.collection = ""
        # SQLite waits for a writer by sleeping up to 100 ms at a time; a lock wakes the next writer at once.
        self._writing = threading.Lock()
        try:
            self._open(path, migrate)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            raise RuntimeError(f"The store {path} is damaged ({error}): {CURES}.") from None
        self._inode = path.stat().st_ino
        self.collection = str(self.db.value("SELECT value FROM meta WHERE key = 'collection'"))
        self.endpoint = str(self.db.value("SELECT value FROM meta WHERE key = 'endpoint'"))

    def _open(self, path: Path, migrate: bool) -> None:
        require_store(path)
        if not migrate:
            self._require_format(path)
            return
        # WAL is set once and not by each connection: on a store that was emptied meanwhile, setting it would block.
        use_wal(path)
        with self.transaction() as db:
            if not db.value("SELECT count(*) FROM sqlite_master WHERE name = 'meta'"):
                _create(db)
            _migrate(db, path)

    def _require_format(self, path: Path) -> None:
        version = int(self.db.value("SELECT value FROM meta WHERE key = 'schema'"))
        if version != SCHEMA_VERSION:
            raise RuntimeError(
                f"the store {path} has format {version}, not {SCHEMA_VERSION}: run aero-jupyter local stop"
            )

    @property
    def path(self) -> Path:
        """The path of the SQLite file."""
        return self._path

    def close(self) -> None:
        """Close the connection of this thread."""
        if hasattr(self._local, "db"):
            self._local.db.close()
            del self._local.db

    @property
    def db(self) -> DB:
        """The connection of this thread, for reading."""
        if not hasattr(self._local, "db"):
            require_same_file(self._path, self._inode)
            self._local.db = DB(self._path)
        db: DB = self._local.db
        return db

    @contextmanager
    def transaction(self) -> Iterator[DB]:
        """Open a write transaction: everything in the block is committed together, or nothing is.

        Within another transaction of the same thread, the block belongs to that one.
        """
        db = self.db
        if db.is_in_transaction:
            yield db
            return
        require_same_file(self._path, self._inode)
        with self._writing:
            db.run("BEGIN IMMEDIATE")
            try:
                before = db.changes
                yield db
                count = db.value(_COUNT_TRANSACTION) if db.changes != before else None
            except BaseException:
                db.roll_back()
                raise
            db.run("COMMIT")
            if count is not None and self.collection:
                write_mark(self._path.parent, Mark(self.collection, int(count)))


def use_wal(path: Path) -> None:
    """Switch a database to write-ahead logging, a persistent setting: readers and writers do not block each other."""
    connection = sqlite3.connect(path, timeout=30)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


def _create(db: DB) -> None:
    # executescript would commit the open transaction first; single statements keep the transaction whole.
    statement = ""
    for line in SCHEMA.read_text().splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            db.run(statement)
            statement = ""
    for key, value in (("schema", str(SCHEMA_VERSION)), ("collection", new_id()), ("endpoint", new_id())):
        db.insert("meta", key=key, value=value)


def _migrate(db: DB, path: Path) -> None:
    """Migrate a store of an older format; the caller's transaction keeps the migration atomic."""
    version = int(db.value("SELECT value FROM meta WHERE key = 'schema'"))
    if version > SCHEMA_VERSION:
        raise RuntimeError(
            f"The store {path} was written by a newer aero_jupyter (format {version}): install that version."
        )
    for number in range(version + 1, SCHEMA_VERSION + 1):
        for statement in _MIGRATIONS[number]:
            db.run(statement)
    db.run("UPDATE meta SET value = ? WHERE key = 'schema'", (str(SCHEMA_VERSION),))
