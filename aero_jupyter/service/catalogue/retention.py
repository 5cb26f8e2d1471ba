"""Retention: removes the content of versions by the policy of their dataset; their records and checksums stay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from aero_jupyter.core.retention import RetentionPolicy
from aero_jupyter.core.warned_files import WARNINGS_SUFFIX
from aero_jupyter.jobs.typed_csv import TYPES_SUFFIX
from aero_jupyter.service.storage.compaction import must_be_plain, remove_unused
from aero_jupyter.service.storage.connection import DB, RequestError, Row, stamp
from aero_jupyter.service.storage.database import Store

#: A version that something else needs: a lock file or citation, or a version that was made from it and has its content.
_NEEDED = (
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM hold WHERE version_id = :id) OR EXISTS (SELECT 1 FROM prov_used u "
    "JOIN prov_made m ON m.prov_id = u.prov_id JOIN version w ON w.id = m.version_id "
    "WHERE u.version_id = :id AND w.id != :id AND w.removed_at IS NULL)"
)


class VersionNumber(NamedTuple):
    """A version by the id of its dataset and its number."""

    data_id: str
    version: int


def store_policy(store: Store, data_id: str, text: str | None) -> str | None:
    """Store the retention policy of a dataset, or remove it; return it as it is stored.

    Raises
    ------
    InvalidArgument
        If the text is no policy.
    RequestError
        If there is no such dataset.
    """
    policy = None if text is None else RetentionPolicy.parse(text).text
    with store.transaction() as db:
        if not db.run("UPDATE data SET keep = ? WHERE id = ?", (policy, data_id)):
            raise RequestError(404, f"Data with id {data_id} not found.")
    return policy


def hold_versions(store: Store, versions: Sequence[VersionNumber], reason: str) -> int:
    """Record that a lock file or a citation names versions, so that retention keeps them; return how many exist."""
    held = 0
    with store.transaction() as db:
        for data_id, number in versions:
            id = db.value("SELECT id FROM version WHERE data_id = ? AND version = ?", (data_id, number))
            if id is not None:
                db.run("INSERT OR IGNORE INTO hold VALUES (?, ?, ?)", (id, reason, stamp()))
                held += 1
    return held


def apply_retention(store: Store, now: datetime) -> int:
    """Remove the content that no policy keeps; return the number of versions.

    Versions that were made from others are removed first, so that their inputs can follow at once.
    """
    removed = 0
    while True:
        ids = store.db.rows("SELECT id, collection_uuid FROM data WHERE keep IS NOT NULL AND NOT no_copy")
        count = sum(_remove_of_dataset(store, row["id"], now) for row in ids)
        removed += count
        if not count:
            return removed


def _remove_of_dataset(store: Store, data_id: str, now: datetime) -> int:
    with store.transaction() as db:
        rows = _expired(db, data_id, now)
        for row in rows:
            _remove_version(db, row, now)
    # The records come first: a crash in between leaves content that garbage collection removes.
    with store.transaction() as db:
        for checksum in {row["checksum"] for row in rows}:
            remove_unused(db, store.content, checksum)
    return len(rows)


def _expired(db: DB, data_id: str, now: datetime) -> list[Row]:
    """Return the versions whose content no policy keeps, and nothing else needs."""
    text = db.value("SELECT keep FROM data WHERE id = ?", (data_id,))
    if text is None:
        return []
    sql = (
        "SELECT id, version, checksum, file_name, coalesce(as_of, created_at) AS stands_for FROM version "
        "WHERE data_id = ? AND removed_at IS NULL"
    )
    rows = [row for row in db.rows(sql, (data_id,)) if row["file_name"] is not None]
    made = [(row["version"], datetime.fromisoformat(row["stands_for"].replace("Z", "+00:00"))) for row in rows]
    kept = RetentionPolicy.parse(text).kept(made, now)
    return [row for row in rows if row["version"] not in kept and not _is_needed(db, row)]


def _is_needed(db: DB, row: Row) -> bool:
    # Content of a pinned version, or of one that a run reads, is kept also if another dataset has the same.
    return must_be_plain(db, row["checksum"]) or db.value(_NEEDED, {"id": row["id"]}) is not None


def _remove_version(db: DB, row: Row, now: datetime) -> None:
    db.run("UPDATE version SET removed_at = ? WHERE id = ?", (stamp(now), row["id"]))
    shared = "SELECT 1 FROM version WHERE file_name = ? AND removed_at IS NULL AND data_id = (SELECT data_id FROM version WHERE id = ?)"
    if db.value(shared, (row["file_name"], row["id"])) is None:
        names = [row["file_name"] + suffix for suffix in ("", TYPES_SUFFIX, WARNINGS_SUFFIX)]
        db.run("DELETE FROM file WHERE name IN (?, ?, ?)", names)


def space(store: Store) -> Row:
    """Return the bytes that are stored, and the bytes that the versions would take if each was stored as it is."""
    db = store.db
    contents = "SELECT checksum, max(size) AS size FROM file GROUP BY checksum"
    stored = db.value(
        f"SELECT coalesce(sum(coalesce(c.stored, f.size)), 0) FROM ({contents}) f "
        "LEFT JOIN compact c ON c.checksum = f.checksum"
    )
    bases = db.value(
        "SELECT coalesce(sum(stored), 0) FROM compact c WHERE NOT EXISTS (SELECT 1 FROM file WHERE checksum = c.checksum)"
    )
    versions = db.value(
        "SELECT coalesce(sum(v.size), 0) FROM version v JOIN data d ON d.id = v.data_id "
        "WHERE NOT d.no_copy AND v.removed_at IS NULL AND d.collection_uuid = ?",
        (store.collection,),
    )
    removed = db.value("SELECT count(*) FROM version WHERE removed_at IS NOT NULL")
    return {"stored": int(stored) + int(bases), "versions": int(versions), "removed": removed}
