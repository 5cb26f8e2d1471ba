"""Retention policies: what they keep, by the age of versions and by their periods."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.retention import RetentionPolicy

NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
#: One version a day at 06:00, the last one today.
DAILY = [(number, NOW.replace(hour=6) - timedelta(days=400 - number)) for number in range(1, 401)]


def kept(text: str, versions: list[tuple[int, datetime]] = DAILY) -> list[int]:
    return sorted(RetentionPolicy.parse(text).kept(versions, NOW))


def dates(text: str) -> list[str]:
    times = dict(DAILY)
    return [times[number].date().isoformat() for number in kept(text)]


@pytest.mark.parametrize(
    ("text", "count", "newest"),
    [
        ("all", 400, ["2026-02-27", "2026-02-28", "2026-03-01"]),
        ("all 30d", 30, ["2026-02-27", "2026-02-28", "2026-03-01"]),
        ("daily 2w", 14, ["2026-02-27", "2026-02-28", "2026-03-01"]),
        ("weekly 4w", 4, ["2026-02-15", "2026-02-22", "2026-03-01"]),
        ("monthly", 15, ["2026-01-31", "2026-02-28", "2026-03-01"]),
        ("yearly", 2, ["2025-12-31", "2026-03-01"]),
        ("all 3 days, monthly 90 days", 5, ["2026-02-27", "2026-02-28", "2026-03-01"]),
    ],
)
def test_the_last_version_of_each_period_is_kept(text: str, count: int, newest: list[str]) -> None:
    found = dates(text)
    assert (len(found), found[-len(newest) :]) == (count, newest)


def test_parts_add_up() -> None:
    assert set(kept("all 30d, weekly 1y, monthly")) == {*kept("all 30d"), *kept("weekly 1y"), *kept("monthly")}


def test_the_newest_version_is_kept_however_old_it_is() -> None:
    old = [(1, NOW - timedelta(days=900)), (2, NOW - timedelta(days=800))]
    assert kept("all 30d", old) == [2]
    assert kept("all 30d", []) == []


@given(st.lists(st.datetimes(datetime(2020, 1, 1), datetime(2026, 3, 1)), max_size=40), st.integers(0, 800))
def test_what_is_removed_is_never_missed_later(times: list[datetime], days: int) -> None:
    """A version that a policy needs later is kept until then."""
    versions = [(number, made.replace(tzinfo=timezone.utc)) for number, made in enumerate(sorted(times), 1)]
    policy = RetentionPolicy.parse("all 30d, weekly 1y, monthly")
    now = policy.kept(versions, NOW)
    later = NOW + timedelta(days=days)
    left = [version for version in versions if version[0] in now]
    assert policy.kept(versions, later) == policy.kept(left, later)


@pytest.mark.parametrize(
    "text", ["", "all 30", "sometimes", "all 0d", "weekly 1y;monthly", "all 99999y", "all -3d", "all,"]
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        RetentionPolicy.parse(text)


def test_a_policy_is_stored_as_it_was_written() -> None:
    assert RetentionPolicy.parse("  all  30d,weekly 1y ").text == "all 30d, weekly 1y"
