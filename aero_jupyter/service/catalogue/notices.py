"""Notices about datasets: recorded once, in the transaction of what they are about.

A problem of a dataset stays open until it is over; only its beginning, its worsening and its end make notices.
"""

from __future__ import annotations

from datetime import datetime

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.freshness import FreshnessPromise
from aero_jupyter.core.run_states import SUCCESSFUL_STATES
from aero_jupyter.service.catalogue.promises import promise_state
from aero_jupyter.service.storage.connection import DB, Row, stamp
from aero_jupyter.service.storage.database import Store

_OUTPUTS = (
    "SELECT d.id, d.name, r.flow_name FROM run r JOIN flow_output o ON o.flow_id = r.flow_id "
    "JOIN data d ON d.id = o.data_id WHERE r.id = ?"
)


def note_version(db: DB, data: Row, number: int, version_id: str) -> None:
    """Record that a dataset has a new version."""
    _record(db, f"version {version_id}", "new version", data, f"{data['name']}: version {number} is there.")


def note_drift(db: DB, data: Row, number: int, version_id: str, notes: list[str]) -> None:
    """Record that a version differs from the earlier ones as an ordinary update does not."""
    text = f"{data['name']}: version {number} drifted: {'; '.join(notes)}."
    _record(db, f"drifted {version_id}", "drifted", data, text)


def note_run_end(db: DB, run_id: str, state: str) -> None:
    """Record that the run of a flow failed, or that a flow recovered, for each of its outputs.

    The error of the run is left out: it may hold rows or secrets.
    """
    if state != "failed" and state not in SUCCESSFUL_STATES:
        return
    for data in db.rows(_OUTPUTS, (run_id,)):
        function = data["flow_name"] or "its flow"
        if state == "failed":
            text = f"{data['name']}: run {run_id[:8]} of {function} failed."
            _open(db, data, "failed", 1, run_id, text)
        else:
            _close(db, data, "failed", run_id, f"{data['name']}: run {run_id[:8]} of {function} succeeded again.")


def note_late(store: Store, now: datetime) -> datetime | None:
    """Record which datasets are late or no longer late; return the next deadline, None without promises."""
    upcoming: list[datetime] = []
    has_any = "SELECT EXISTS (SELECT 1 FROM data WHERE promise IS NOT NULL) OR EXISTS (SELECT 1 FROM problem)"
    if not store.db.value(has_any):
        return None
    with store.transaction() as db:
        for data in db.rows("SELECT id, name, promise, promised_since FROM data WHERE promise IS NOT NULL"):
            try:
                promise = FreshnessPromise.parse(data["promise"])
            except InvalidArgument:
                # The time zones of this machine have changed: the schedules of the flows must not stop.
                continue
            state = promise_state(db, data, promise, now)
            upcoming.append(state.next_deadline)
            if state.late_since is None:
                _close(db, data, "late", stamp(now), f"{data['name']}: on time again.")
                continue
            missed = promise.missed(state.late_since, now)
            since = f"{data['name']}: late since {state.late_since:%Y-%m-%d %H:%M} UTC (expected {data['promise']})."
            _open(db, data, "late", missed, stamp(state.late_since), since)
        # A removed promise is not late.
        db.run("DELETE FROM problem WHERE kind = 'late' AND data_id IN (SELECT id FROM data WHERE promise IS NULL)")
    return min(upcoming, default=None)


def newest_notices(store: Store, limit: int) -> list[Row]:
    """Return the newest notices, newest first."""
    sql = "SELECT key, event, data_id, dataset, text, created_at FROM notice ORDER BY seq DESC LIMIT ?"
    return store.db.rows(sql, (limit,))


def _open(db: DB, data: Row, kind: str, level: int, key: str, text: str) -> None:
    """Open a problem, or raise its level; a problem that has not become twice as bad is not repeated."""
    before = db.value("SELECT level FROM problem WHERE data_id = ? AND kind = ?", (data["id"], kind))
    if before is None or level >= 2 * before:
        db.run("INSERT OR REPLACE INTO problem (data_id, kind, level) VALUES (?, ?, ?)", (data["id"], kind, level))
        _record(db, f"{kind} {data['id']} {key} {level}", kind, data, text)


def _close(db: DB, data: Row, kind: str, key: str, text: str) -> None:
    if db.run("DELETE FROM problem WHERE data_id = ? AND kind = ?", (data["id"], kind)):
        _record(db, f"recovered {kind} {data['id']} {key}", "recovered", data, text)


def _record(db: DB, key: str, event: str, data: Row, text: str) -> None:
    row = (key, event, data["id"], data["name"], text, stamp())
    db.run(
        "INSERT OR IGNORE INTO notice (key, event, data_id, dataset, text, created_at) VALUES (?, ?, ?, ?, ?, ?)", row
    )
