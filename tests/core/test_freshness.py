"""Freshness promises: deadlines over changes of the clock, and versions that keep, miss and catch up with them."""

from __future__ import annotations

from datetime import datetime, timezone
from itertools import islice

import pytest

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.freshness import FreshnessPromise

WEEKLY = "weekly by Wed 12:00 America/New_York"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


def deadlines(text: str, after: str, count: int) -> list[str]:
    found = islice(FreshnessPromise.parse(text).deadlines(utc(after)), count)
    return [f"{each:%m-%d %H:%M}" for each in found]


def late_since(versions: list[str], now: str, since: str = "2026-03-01") -> str | None:
    state = FreshnessPromise.parse(WEEKLY).state(map(utc, versions), utc(since), utc(now))
    assert state.is_late == (state.late_since is not None)
    return f"{state.late_since:%m-%d %H:%M}" if state.late_since else None


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        # In New York the clocks change on 2026-03-08 and 2026-11-01.
        (WEEKLY, "2026-03-01", ["03-04 17:00", "03-11 16:00", "03-18 16:00"]),
        (WEEKLY, "2026-10-26", ["10-28 16:00", "11-04 17:00"]),
        ("daily by 2:30 America/New_York", "2026-03-07T12:00", ["03-08 07:30", "03-09 06:30"]),
        ("daily by 01:30 America/New_York", "2026-10-31T12:00", ["11-01 06:30", "11-02 06:30"]),
        ("monthly by 5 12:00 Europe/Berlin", "2026-03-01", ["03-05 11:00", "04-05 10:00", "05-05 10:00"]),
        ("Weekly by Wednesday 12:00", "2026-03-04T12:00", ["03-11 12:00"]),
    ],
)
def test_deadlines_keep_their_clock_time(text: str, after: str, expected: list[str]) -> None:
    assert deadlines(text, after, len(expected)) == expected


@pytest.mark.parametrize(
    ("versions", "now", "expected"),
    [
        ([], "2026-03-04T16:59", None),
        ([], "2026-03-04T17:01", "03-04 17:00"),
        ([], "2026-03-20", "03-04 17:00"),
        (["2026-03-04T10:00"], "2026-03-10", None),
        (["2026-03-04T10:00"], "2026-03-11T16:01", "03-11 16:00"),
        # The version of the first deadline may be older than the promise.
        (["2026-02-26"], "2026-03-05", None),
        (["2026-02-20"], "2026-03-05", "03-04 17:00"),
        # A late version catches up, and the next deadline needs one of its own.
        (["2026-03-05"], "2026-03-06", None),
        (["2026-03-05"], "2026-03-12", "03-11 16:00"),
        (["2026-03-05", "2026-03-10"], "2026-03-12", None),
        (["2026-03-13"], "2026-03-14", None),
        (["2026-03-13"], "2026-03-19", "03-18 16:00"),
        # Two versions of one week are no version of the next.
        (["2026-03-03", "2026-03-04"], "2026-03-12", "03-11 16:00"),
    ],
)
def test_a_dataset_is_late_from_the_first_deadline_without_a_version(
    versions: list[str], now: str, expected: str | None
) -> None:
    assert late_since(versions, now) == expected


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("often", "is no freshness promise"), ("weekly by 12:00", "is no freshness promise"),
        ("weekly by Foo 12:00", "no day of the week"), ("daily by 25:00", "no time of day"),
        ("monthly by 31 12:00", "not every month"), ("daily by 9:00 Mars/Base", "no time zone"),
        ("daily by 9:00 ../etc", "no time zone"),
    ],
)  # fmt: skip
def test_other_texts_are_refused_with_a_cure(text: str, part: str) -> None:
    with pytest.raises(InvalidArgument, match=part) as caught:
        FreshnessPromise.parse(text)
    assert caught.value.cure
