"""The profiles of versions, and the notes on those that differ from the earlier ones as an ordinary update does not.

A commit only enters a version that has to be judged; the notes are computed afterwards.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

from aero_jupyter.core.policy import DRIFT_LEAST_VERSIONS
from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.service.catalogue.notices import note_drift
from aero_jupyter.service.storage.connection import DB, Row, stamp
from aero_jupyter.service.storage.database import Store

#: A version that was made earlier is judged without a notice.
_OLDEST_NOTICE = timedelta(days=1)


def enter_version(db: DB, data_id: str, number: int) -> None:
    """Enter a new version that has to be judged, if there are enough earlier ones."""
    if number <= DRIFT_LEAST_VERSIONS:
        return
    earlier = "SELECT 1 FROM version WHERE data_id = ? AND version < ? AND as_of IS NULL LIMIT ?"
    if len(db.rows(earlier, (data_id, number, DRIFT_LEAST_VERSIONS))) == DRIFT_LEAST_VERSIONS:
        db.insert("drift", data_id=data_id, version=number)


def next_version(store: Store) -> Row | None:
    """Return the dataset and the number of a version that has to be judged; None if there is none."""
    sql = "SELECT data_id, version FROM drift WHERE notes IS NULL ORDER BY data_id, version LIMIT 1"
    return store.db.row(sql)


def with_predecessors(store: Store, data_id: str, number: int, count: int) -> list[tuple[int | None, int]]:
    """Return a version and at most `count` before it by number, ascending, each after the one that it replaced."""
    sql = "SELECT version FROM version WHERE data_id = ? AND version <= ? AND as_of IS NULL "
    rows = store.db.rows(f"{sql} ORDER BY version DESC LIMIT ?", (data_id, number, count + 2))
    numbers = [row["version"] for row in reversed(rows)]
    return list(zip([None, *numbers], numbers, strict=False))[max(0, len(numbers) - count - 1) :]


def known_profiles(store: Store, data_id: str, before: int, count: int) -> dict[int, Row | None]:
    """Return the newest profiles before a version by number, ascending; None for a version that is no table."""
    sql = "SELECT version, profile FROM drift WHERE data_id = ? AND version < ? AND notes IS NOT NULL "
    rows = store.db.rows(f"{sql} ORDER BY version DESC LIMIT ?", (data_id, before, count))
    return {row["version"]: parse_json(row["profile"] or "null") for row in reversed(rows)}


def store_profile(store: Store, data: Row, version: Row, profile: Row | None, notes: list[str]) -> None:
    """Store the profile of a version and the notes on it; a new version that drifted makes a notice, once."""
    row = (data["id"], version["version"], None if profile is None else json.dumps(profile), json.dumps(notes))
    with store.transaction() as db:
        db.run("INSERT OR REPLACE INTO drift (data_id, version, profile, notes) VALUES (?, ?, ?, ?)", row)
        if notes and version["created_at"] > stamp(datetime.now(timezone.utc) - _OLDEST_NOTICE):
            note_drift(db, data, version["version"], version["id"], notes)
