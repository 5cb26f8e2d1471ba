"""Schedules of flows: starting those that are due, and the time of the next one."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from aero_jupyter.core import policy as policies
from aero_jupyter.service.catalogue.triggers import enqueue
from aero_jupyter.service.engine.clock_skew import correct_clock_skew
from aero_jupyter.service.storage.connection import stamp
from aero_jupyter.service.storage.database import Store


def fire_timers(store: Store, now: datetime) -> datetime | None:
    """Queue a run of each flow that is due; return the time of the next one."""
    ready = (
        "NOT EXISTS (SELECT 1 FROM flow_input i JOIN data d ON d.id = i.data_id "
        "WHERE i.flow_id = flow.id AND d.newest = 0)"
    )
    with store.transaction() as db:
        due = f"SELECT * FROM flow WHERE next_due <= ? AND NOT paused AND {ready}"
        for flow in db.rows(due, (stamp(now),)):
            enqueue(db, flow["id"], "timer")
            then = policies.next_due(_moment(flow["next_due"]), flow["timer"], now)
            db.run("UPDATE flow SET next_due = ? WHERE id = ?", (stamp(then), flow["id"]))
        correct_clock_skew(store, db, now)
        upcoming = db.value(f"SELECT min(next_due) FROM flow WHERE next_due IS NOT NULL AND NOT paused AND {ready}")
    return None if upcoming is None else _moment(upcoming)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def seconds_until(moment: datetime | None) -> float | None:
    """Return the seconds until a moment; None if there is no moment to wait for."""
    if moment is None:
        return None
    return max(0.0, (moment - datetime.now(timezone.utc)) / timedelta(seconds=1))
