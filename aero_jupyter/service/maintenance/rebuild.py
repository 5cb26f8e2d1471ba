"""Rebuilding a store from the readable rows of the damaged one and from the content files."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.redaction import redact_url
from aero_jupyter.core.search_fts5 import EVERYTHING_TOKEN
from aero_jupyter.service.catalogue.dataset_rows import add_data
from aero_jupyter.service.maintenance import home_folder
from aero_jupyter.service.storage.compact_form import DamagedCompactForm
from aero_jupyter.service.storage.compaction import record_compact_form
from aero_jupyter.service.storage.connection import DB, new_id, stamp
from aero_jupyter.service.storage.database import Store
from aero_jupyter.service.storage.store_identity import holds_store, unknown_content
from aero_jupyter.service.storage.stored_content import SUFFIX, checksum_of, hash_of_stored, open_stored

_STORE = "aero.db"
#: Tables in the order parents before children.
_TABLES = (
    *(
        "function",
        "data",
        "version",
        "source_type",
        "source_url",
        "flow",
        "flow_input",
        "flow_output",
        "earlier_function",
    ),
    *("run", "run_input", "run_step", "prov", "prov_used", "prov_made", "file", "task"),
    *("notice", "notice_target", "problem", "drift", "compact", "compact_due", "hold"),
)
#: Statements that delete rows whose counterpart is lost.
_DANGLING = (
    "DELETE FROM prov_used WHERE version_id NOT IN (SELECT id FROM version)",
    "DELETE FROM prov_made WHERE version_id NOT IN (SELECT id FROM version)",
)


@dataclass(frozen=True)
class Rebuilt:
    """The result of a rebuild.

    Attributes
    ----------
    datasets, versions, flows : int
        Numbers of datasets, versions and flows recovered from the damaged store.
    made : int
        Number of datasets created for content that no readable row names.
    damaged : int
        Number of content files that do not match their checksum; they are left in place.
    unreadable : tuple of str
        The tables of the damaged store that could not be read completely.
    aside : Path or None
        The folder with the damaged store.
    """

    datasets: int
    versions: int
    flows: int
    made: int
    damaged: int
    unreadable: tuple[str, ...]
    aside: Path | None

    def __str__(self) -> str:
        lines = [
            f"{self.datasets} datasets with {self.versions} versions and {self.flows} flows were recovered.",
            f"{self.made} contents without a record became datasets named recovered-….",
        ]
        if self.damaged:
            lines.append(f"{self.damaged} contents are damaged; they were left in place.")
        if self.unreadable:
            lines.append(f"Rows of {', '.join(self.unreadable)} were lost where the old store cannot be read.")
        if self.aside:
            lines.append(f"The old store is kept in {self.aside}.")
        return "\n".join(lines)


def rebuild(home: Path) -> Rebuilt:
    """Rebuild the store of a folder from its content and the readable rows of the old store.

    Nothing is deleted: the old store is moved aside.

    Raises
    ------
    InvalidArgument
        If the local AERO runs, if its store is intact, or if there is nothing to recover.
    """
    if not home.is_dir():
        raise InvalidArgument(f"There is no local AERO in {home}.", "Start one with: aero-jupyter local start")
    with home_folder.exclusive_use(home, "rebuild"):
        home_folder.require_no_store(home)
        if not holds_store(home):
            raise InvalidArgument(f"There is no local AERO in {home}.", "Start one with: aero-jupyter local start")
        with tempfile.TemporaryDirectory(dir=home, prefix=home_folder.REBUILD) as temporary:
            made = Path(temporary)
            for name in (_STORE, f"{_STORE}-wal"):
                if (home / name).exists():
                    shutil.copyfile(home / name, made / f"old{name.removeprefix(_STORE.removesuffix('.db'))}")
            store = Store(made / _STORE)
            unreadable = _recover(store, made / "old.db")
            datasets, versions, flows = (
                int(store.db.value(f"SELECT count(*) FROM {table}")) for table in ("data", "version", "flow")
            )
            count, damaged = _adopt(store, home)
            store.db.run("PRAGMA journal_mode = DELETE")
            store.close()
            aside = home_folder.move_store_aside(home, content=False)
            (made / _STORE).replace(home / _STORE)
            home_folder.flush_to_disk(home)
    return Rebuilt(datasets, versions, flows, count, damaged, unreadable, aside)


def _recover(store: Store, old: Path) -> tuple[str, ...]:
    """Copy the readable rows of the old store; return the tables that could not be read completely."""
    if not old.exists() or not old.stat().st_size:
        return _TABLES
    with contextlib.closing(sqlite3.connect(old)) as connection:
        connection.row_factory = sqlite3.Row
        db = store.db
        db.run("PRAGMA foreign_keys = OFF")
        with store.transaction():
            lost = [table for table in _TABLES if not _copy_rows(db, connection, table)]
            for key in ("collection", "endpoint"):
                for row in _rows(connection, f"SELECT value FROM meta WHERE key = '{key}'"):
                    db.run("UPDATE meta SET value = ? WHERE key = ?", (row["value"], key))
            _make_consistent(db)
        db.run("PRAGMA foreign_keys = ON")
    store.collection = str(store.db.value("SELECT value FROM meta WHERE key = 'collection'"))
    return tuple(lost)


def _copy_rows(db: DB, old: sqlite3.Connection, table: str) -> bool:
    """Copy the rows of a table; return whether all of them could be read."""
    known = {row["name"] for row in db.rows(f"PRAGMA table_info({table})")}
    reader = _rows(old, f"SELECT * FROM {table}")
    whole = False
    while True:
        try:
            row = next(reader)
        except StopIteration as end:
            whole = bool(end.value)
            break
        values = {name: row[name] for name in row.keys() if name in known}  # noqa: SIM118 (a Row iterates its values)
        try:
            db.insert(table, **values)
        except sqlite3.Error:
            whole = False
    return whole


def _rows(connection: sqlite3.Connection, sql: str) -> Generator[sqlite3.Row, None, bool]:
    """Yield the rows up to the first that cannot be read; return whether all rows were read."""
    try:
        yield from connection.execute(sql)
    except (sqlite3.Error, UnicodeDecodeError):
        return False
    return True


def _make_consistent(db: DB) -> None:
    for row in db.rows("PRAGMA foreign_key_check"):
        db.run(f"DELETE FROM {row['table']} WHERE rowid = ?", (row["rowid"],))
    for statement in _DANGLING:
        db.run(statement)
    newest = "(SELECT coalesce(max(version), 0) FROM version WHERE data_id = data.id AND as_of IS NULL)"
    db.run(f"UPDATE data SET newest = {newest}")
    for row in db.rows("SELECT * FROM data"):
        texts = {key: row[key] for key in ("name", "description", "tags")} | {"url": redact_url(row["url"] or "")}
        db.insert("data_fts", rowid=row["seq"], everything=EVERYTHING_TOKEN, **texts)


def _adopt(store: Store, home: Path) -> tuple[int, int]:
    """Create a dataset for each content file that no version names; return the numbers of created and damaged ones."""
    with contextlib.closing(sqlite3.connect(store.path)) as connection:
        unknown = unknown_content(connection, home, "version")
    made = damaged = 0
    with store.transaction() as db:
        db.run("DELETE FROM compact")
        for path in (home / "content").glob(f"*/*{SUFFIX}"):
            with contextlib.suppress(DamagedCompactForm):
                record_compact_form(db, path)
        for checksum in sorted({checksum_of(path) for path in unknown}):
            if not _is_intact(home / "content", checksum):
                damaged += 1
            else:
                _adopt_one(db, store.collection, home / "content", checksum)
                made += 1
    return made, damaged


def _is_intact(content: Path, checksum: str) -> bool:
    with contextlib.suppress(OSError):
        return hash_of_stored(content, checksum) == checksum
    return False


def _adopt_one(db: DB, collection: str, content: Path, checksum: str) -> None:
    with contextlib.closing(open_stored(content, checksum)) as found:
        size, head = found.size, found.read(0, 4096)
    name = f"recovered-{checksum[:12]}"
    place = {"collection_uuid": collection}
    about = "Recovered from the content of a store that was lost."
    data = add_data(db, name, place, description=about, newest=1)
    db.insert("file", collection=collection, name=f"{name}-{data}", checksum=checksum, size=size, created_at=stamp())
    db.insert(
        "version", id=new_id(), data_id=data, version=1, checksum=checksum, created_at=stamp(),
        file_name=f"{name}-{data}", file_type=_file_type(head), size=size,
    )  # fmt: skip


def _file_type(head: bytes) -> str:
    """Return the file suffix that matches the first bytes."""
    for magic, suffix in ((b"PAR1", "parquet"), (b"PK\x03\x04", "xlsx"), (b"\x1f\x8b", "gz")):
        if head.startswith(magic):
            return suffix
    if head.lstrip()[:1] in (b"{", b"["):
        return "json"
    return "csv" if b"," in head else "txt"
