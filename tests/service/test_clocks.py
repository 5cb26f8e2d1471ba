"""Clocks that jump, stand still or are set back: one run to catch up, and no storm."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.service.engine import timers
from aero_jupyter.service.storage.connection import stamp
from aero_jupyter.service.storage.database import Store

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
DAY = 86_400


class Timed:
    """A store with one flow on a timer, whose runs end as soon as they are looked at."""

    def __init__(self, folder: Path, interval: int = 3600) -> None:
        self.store = Store(folder / "aero.db")
        with self.store.transaction() as db:
            db.insert(
                "flow", id="f", function_id="x", endpoint="e", policy=int(PolicyEnum.TIMER), timer=interval,
                next_due=stamp(NOON), flow_kwargs="{}", arg_hash="h", created_at=stamp(NOON),
            )  # fmt: skip

    def fired(self, now: datetime) -> int:
        """Fire the timers at a moment; return the number of new runs."""
        timers.fire_timers(self.store, now)
        with self.store.transaction() as db:
            return db.run("UPDATE run SET state = 'done' WHERE state = 'queued'")

    @property
    def due(self) -> datetime:
        return datetime.fromisoformat(self.store.db.value("SELECT next_due FROM flow").replace("Z", "+00:00"))


@pytest.fixture
def timed(tmp_path: Path) -> Timed:
    return Timed(tmp_path)


def test_a_machine_that_slept_over_many_periods_runs_once(timed: Timed) -> None:
    assert timed.fired(NOON) == 1
    woken = NOON + timedelta(days=3, minutes=7)
    assert timed.fired(woken) == 1
    assert timed.fired(woken) == 0
    # The timer keeps its original times.
    assert timed.due == NOON + timedelta(days=3, hours=1)


def test_a_clock_that_is_set_back_runs_nothing_twice(timed: Timed) -> None:
    assert timed.fired(NOON) == 1
    assert timed.fired(NOON - timedelta(days=1)) == 0
    assert timed.fired(NOON + timedelta(minutes=59)) == 0
    assert timed.fired(NOON + timedelta(hours=1)) == 1


def test_two_machines_whose_clocks_differ_make_no_storm(timed: Timed) -> None:
    ahead = timedelta(hours=5)
    runs = 0
    for minute in range(0, 240, 10):
        now = NOON + timedelta(minutes=minute)
        runs += timed.fired(now) + timed.fired(now + ahead)
    assert runs <= 10
    assert timed.due > NOON + timedelta(hours=4)


def test_a_clock_that_was_wrong_for_a_while_stops_no_timer(timed: Timed) -> None:
    assert timed.fired(NOON + timedelta(days=30)) == 1
    fired = [timed.fired(NOON + timedelta(hours=hour)) for hour in range(1, 24 * 30)]
    assert sum(fired) >= 24 * 30 - 4
    assert set(fired) <= {0, 1}


def test_a_timer_that_a_wrong_clock_set_comes_back_after_a_restart(tmp_path: Path, timed: Timed) -> None:
    assert timed.fired(NOON + timedelta(days=30)) == 1
    timed.store = Store(tmp_path / "aero.db")
    assert sum(timed.fired(NOON + timedelta(hours=hour)) for hour in range(1, 6)) >= 2


@settings(max_examples=60, deadline=None)
@given(jumps=st.lists(st.integers(-3 * DAY, 3 * DAY), min_size=1, max_size=12), interval=st.integers(1, 2 * DAY))
def test_whatever_a_clock_does_each_look_fires_at_most_once(
    tmp_path_factory: pytest.TempPathFactory, jumps: list[int], interval: int
) -> None:
    timed = Timed(tmp_path_factory.mktemp("clock"), interval)
    now = NOON
    for jump in jumps:
        now += timedelta(seconds=jump)
        before = timed.due
        fired = timed.fired(now)
        assert fired == int(before <= now)
        assert timed.due > now or timed.due == before
        assert (timed.due - NOON).total_seconds() % interval == 0
    # A clock that goes on as clocks do finds its timer again.
    steady = [timed.fired(now + timedelta(seconds=interval * step)) for step in range(1, 5)]
    assert sum(steady[1:]) >= 1
    assert timed.due - (now + timedelta(seconds=interval * 4)) <= timedelta(seconds=interval)
