"""Correction of schedules after a wrong clock was set back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from aero_jupyter.service.storage.connection import DB, stamp
from aero_jupyter.service.storage.database import Store


@dataclass
class _Clock:
    """The latest time seen, and the time since when the clock is behind it."""

    latest: datetime | None = None
    behind_since: datetime | None = None


_CLOCKS: WeakKeyDictionary[Store, _Clock] = WeakKeyDictionary()


def correct_clock_skew(store: Store, db: DB, now: datetime) -> None:
    """Cap timer waits after the clock is set back: no timer waits longer than its interval.

    A timer is corrected only once the clock has been behind for an interval, so a clock that jumps starts no run.
    """
    clock = _CLOCKS.setdefault(store, _Clock())
    ahead = [] if clock.latest is not None and now >= clock.latest else _far_ahead(db, now)
    if not ahead:
        clock.latest, clock.behind_since = now, None
        return
    clock.latest = max(due for _, due, _ in ahead)
    clock.behind_since = min(clock.behind_since or now, now)
    for id, due, interval in ahead:
        if now - clock.behind_since >= interval:
            db.run(
                "UPDATE flow SET next_due = ? WHERE id = ?", (stamp(due + interval * ((now - due) // interval + 1)), id)
            )


def _far_ahead(db: DB, now: datetime) -> list[tuple[str, datetime, timedelta]]:
    """Return the timers whose due time is further away than their interval."""
    found = []
    for row in db.rows("SELECT id, next_due, timer FROM flow WHERE next_due > ? AND timer > 0", (stamp(now),)):
        due, interval = datetime.fromisoformat(row["next_due"].replace("Z", "+00:00")), timedelta(seconds=row["timer"])
        if due - now > interval:
            found.append((row["id"], due, interval))
    return found
