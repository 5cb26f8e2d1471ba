"""Points in time: dates in their zones, instants, references with a date, and what is refused."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from aero_jupyter.core.as_of import AsOf
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.version_ref import VersionRef, version_named


@pytest.mark.parametrize(
    ("day", "zone", "end"),
    [
        ("2026-01-05", "UTC", "2026-01-06T00:00+00:00"),
        (date(2026, 1, 5), "America/New_York", "2026-01-06T05:00+00:00"),
        # Clocks are set forward, and back, on these days.
        ("2026-03-08", "America/New_York", "2026-03-09T04:00+00:00"),
        ("2026-11-01", "America/New_York", "2026-11-02T05:00+00:00"),
        # In Beirut, the first hour of 29 March 2026 is left out.
        ("2026-03-28", "Asia/Beirut", "2026-03-28T22:00+00:00"),
        ("2026-01-05", "Asia/Kathmandu", "2026-01-05T18:15+00:00"),
    ],
)
def test_a_date_ends_at_midnight_of_its_zone(day, zone, end) -> None:
    moment, midnight = AsOf.parse(day, zone), datetime.fromisoformat(end)
    assert not moment.includes(midnight)
    assert moment.includes(midnight - timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-05T12:00Z", "2026-01-05T12:00+00:00"),
        ("2026-01-05T12:00", "2026-01-05T11:00+00:00"),
        ("2026-01-05 12:00:30+05:30", "2026-01-05T06:30:30+00:00"),
        (datetime(2026, 1, 5, tzinfo=timezone.utc), "2026-01-05T00:00+00:00"),
    ],
)
def test_an_instant_includes_itself(text, instant) -> None:
    moment, when = AsOf.parse(text, "Europe/Berlin"), datetime.fromisoformat(instant)
    assert moment.includes(when)
    assert not moment.includes(when + timedelta(microseconds=1))


@pytest.mark.parametrize("text", ["", "last week", "2026-13-01", "20260105T", "9999-12-31", "2026-01-05T25:00"])
def test_what_is_no_time_is_refused(text) -> None:
    with pytest.raises(InvalidArgument, match="is no date and no time") as error:
        AsOf.parse(text)
    assert error.value.cure == "Write 2026-01-05 or 2026-01-05T12:00Z."


def test_a_zone_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="There is no time zone 'Nowhere'"):
        AsOf.parse("2026-01-05", "Nowhere")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cases@3", ("cases", 3, None)),
        ("cases@v3", ("cases", 3, None)),
        ("cases@2026-01-05", ("cases", None, "2026-01-05")),
        ("two words@2026-01-05T12:00", ("two words", None, "2026-01-05T12:00")),
        ("cases@2026-01-05T12:00:01.5+01:00", ("cases", None, "2026-01-05T12:00:01.5+01:00")),
        ("cases@2026-01", ("cases@2026-01", None, None)),
        ("cases", ("cases", None, None)),
    ],
)
def test_a_reference_names_a_version_by_number_or_by_date(text, expected) -> None:
    ref = VersionRef.parse(text)
    assert ref == expected
    assert VersionRef.parse(str(ref)) == ref


@pytest.mark.parametrize(
    ("text", "number", "as_of"),
    [
        ("cases@3", 4, None),
        ("cases@3", None, "2026-01-05"),
        ("cases@2026-01-05", 3, None),
        ("cases@2026-01-05", None, "2026-01-06"),
        ("cases", 3, "2026-01-05"),
    ],
)
def test_a_reference_that_names_two_versions_is_refused(text, number, as_of) -> None:
    with pytest.raises(InvalidArgument, match="name two versions"):
        version_named(text, number, as_of)


def test_a_version_may_be_named_twice_if_it_is_the_same() -> None:
    assert version_named("cases@3", 3) == ("cases", 3, None)
    assert version_named("cases@2026-01-05", None, "2026-01-05") == ("cases", None, "2026-01-05")


def test_a_date_without_dashes_is_the_same_date() -> None:
    for time in ("20260105", 20260105):
        assert AsOf.parse(time, "Europe/Berlin") == AsOf.parse("2026-01-05", "Europe/Berlin")


@pytest.mark.parametrize("time", ["2026-W01", "2026-W01-1", "20260105T1200Z", "2026-01", 3, None])
def test_what_some_pythons_read_as_a_time_is_refused(time) -> None:
    with pytest.raises(InvalidArgument, match="is no date and no time"):
        AsOf.parse(time)
