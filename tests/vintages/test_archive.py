"""An archive returns every version as it was stored: the worked example, and what is refused."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from support.vintage_example import KEYS, archive, snapshots, table

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages import Archive, DuplicateKeys

NA = float("nan")
#: geo, day of the observation, day of the version, value, deleted.
UPDATES = [
    ("A", 1, 2, 10, False), ("A", 1, 4, 14, False), ("A", 1, 20, 15, False), ("A", 2, 3, 20, False),
    ("A", 2, 6, 30, False), ("A", 2, 20, 29, False), ("A", 3, 4, 0, False), ("B", 1, 2, 5, False),
    ("B", 1, 4, NA, True), ("B", 1, 6, 5, False), ("B", 2, 3, NA, False), ("B", 2, 4, 8, False), ("B", 3, 20, 7, False),
]  # fmt: skip


def january(days: list[int]) -> pd.DatetimeIndex:
    return pd.to_datetime([f"2026-01-{day:02d}" for day in days])


def test_updates_are_the_changed_rows_only_and_mark_removals() -> None:
    geos, days, versions, values, deleted = zip(*UPDATES, strict=True)
    expected = {
        "geo_value": geos, "time_value": january(days), "version": january(versions),
        "value": [float(value) for value in values], "deleted": deleted,
    }  # fmt: skip
    assert_frame_equal(archive().updates, pd.DataFrame(expected), check_dtype=False)


def test_each_version_is_returned_as_it_was_stored() -> None:
    kept = archive()
    for number, (version, frame) in enumerate(snapshots().items(), 1):
        assert_frame_equal(kept.as_of(version), frame)
        assert_frame_equal(kept.snapshot(number), frame)
    assert_frame_equal(kept.latest, snapshots()["2026-01-20"])


def test_between_two_versions_the_earlier_is_in_force_and_a_removed_row_is_not_there() -> None:
    expected = table([("A", 1, 14), ("A", 2, 20), ("A", 3, 0), ("B", 2, 8)])
    assert_frame_equal(archive().as_of("2026-01-05"), expected)


def test_before_the_first_version_there_is_no_row() -> None:
    before = archive().as_of("2026-01-01")
    assert len(before) == 0
    assert list(before.columns) == [*KEYS, "value"]


def test_after_the_end_nothing_is_known() -> None:
    with pytest.raises(InvalidArgument, match="known until 2026-01-20") as error:
        archive().as_of("2026-01-21")
    assert "archive.latest" in error.value.cure
    assert len(archive(versions_end="2026-03-15").as_of("2026-01-21")) == 6


def test_versions_count_the_rows_added_changed_and_removed() -> None:
    versions = archive().versions
    assert versions["version"].tolist() == list(january([2, 3, 4, 6, 20]))
    counted = versions[["number", "rows", "added", "changed", "removed"]].to_numpy().tolist()
    assert counted == [[1, 2, 2, 0, 0], [2, 4, 2, 0, 0], [3, 4, 1, 2, 1], [4, 5, 1, 1, 0], [5, 6, 1, 2, 0]]


@pytest.mark.parametrize("key", [("B", "2026-01-01"), {"time_value": dt.date(2026, 1, 1), "geo_value": "B"}])
def test_a_series_is_one_observation_over_the_versions(key: object) -> None:
    series = archive().series(key)  # type: ignore[arg-type]
    assert series["version"].tolist() == list(january([2, 4, 6]))
    assert series["value"].fillna(-1).tolist() == [5, -1, 5]
    assert series["deleted"].tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("key", "message"), [(("B",), "identified by geo_value, time_value"), (("C", "2026-01-01"), "geo_value=C")]
)
def test_a_series_of_no_observation_is_refused(key: tuple[str, ...], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        archive().series(key)


def test_an_archive_of_updates_answers_as_that_of_the_snapshots() -> None:
    first = archive()
    second = Archive.from_updates(first.updates, keys=KEYS, time="time_value")
    assert_frame_equal(second.updates, first.updates)
    for version, frame in snapshots().items():
        assert_frame_equal(second.as_of(version), frame)


def test_updates_that_repeat_a_row_are_left_out() -> None:
    updates = pd.DataFrame({"geo": ["A"] * 4, "version": [1, 2, 3, 4], "cases": [3, 3, None, None]})
    assert Archive.from_updates(updates, keys=["geo"]).updates["version"].tolist() == [1, 3]


def test_two_updates_of_one_observation_at_one_version_are_refused() -> None:
    updates = pd.DataFrame({"geo": ["A", "A"], "version": [1, 1], "cases": [3, 4]})
    with pytest.raises(DuplicateKeys, match=r"A, 1 \(2 rows\)|A, 0 \(2 rows\)"):
        Archive.from_updates(updates, keys=["geo"])


def test_a_new_version_extends_an_archive_and_leaves_it_as_it_was() -> None:
    frames = list(snapshots().items())
    extended = first = Archive.from_snapshots(dict(frames[:1]), keys=KEYS, time="time_value")
    for version, frame in frames[1:]:
        extended = extended.extended(version, frame)
    assert_frame_equal(extended.updates, archive().updates)
    assert len(first.versions) == 1
    with pytest.raises(InvalidArgument, match="not later than 2026-01-20"):
        extended.extended("2026-01-20", frames[0][1])


def test_an_archive_as_it_was_known_has_no_later_version() -> None:
    known = archive().until("2026-01-05")
    assert_frame_equal(known.latest, snapshots()["2026-01-04"])
    assert len(known.versions) == 3
    assert known.times.end == pd.Timestamp("2026-01-05")


def test_a_date_ends_at_midnight_of_its_zone() -> None:
    # New York sets its clocks forward on 8 March 2026; that day has 23 hours.
    times = ["2026-03-08T04:59Z", "2026-03-08T05:00Z", "2026-03-09T03:59Z", "2026-03-09T04:00Z"]
    frames = {time: pd.DataFrame({"geo": ["A"], "n": [n]}) for n, time in enumerate(times)}
    kept = Archive.from_snapshots(frames, keys=["geo"], zone="America/New_York")
    assert kept.as_of("2026-03-07")["n"].tolist() == [0]
    assert kept.as_of(dt.date(2026, 3, 8))["n"].tolist() == [2]
    assert kept.as_of("2026-03-08T05:00Z")["n"].tolist() == [1]
    assert kept.as_of("2026-03-08T01:00")["n"].tolist() == [1]


def test_several_versions_of_a_day_are_told_apart_by_their_time() -> None:
    frames = {f"2026-01-02T{hour}:00": pd.DataFrame({"geo": ["A"], "n": [hour]}) for hour in ("08", "12")}
    kept = Archive.from_snapshots(frames, keys=["geo"])
    assert kept.as_of("2026-01-02T11:59")["n"].tolist() == ["08"]
    assert kept.as_of("2026-01-02")["n"].tolist() == ["12"]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["2026-01-02", "2026-01-02T00:00"], "Two versions have the time"),
        (["2026-01-02", "2026-01-03T00:00Z"], "mix"),
        ([1, "2026-01-03"], "mix|neither a date"),
        (["first", "second"], "'first' is neither a date nor a time"),
    ],
)
def test_labels_that_are_no_times_are_refused(labels: list[object], message: str) -> None:
    frame = pd.DataFrame({"geo": ["A"]})
    with pytest.raises(InvalidArgument, match=message):
        Archive.from_snapshots([(label, frame) for label in labels], keys=["geo"])


def test_an_end_before_the_last_version_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="before the last version"):
        archive(versions_end="2026-01-19")


def test_a_version_without_a_key_column_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="Version 2 has no column geo"):
        Archive.from_snapshots({1: pd.DataFrame({"geo": ["A"]}), 2: pd.DataFrame({"state": ["A"]})}, keys=["geo"])


def test_cells_without_equality_are_refused() -> None:
    frames = {1: pd.DataFrame({"geo": ["A"], "x": [[1]]}), 2: pd.DataFrame({"geo": ["A"], "x": [pd.Series([1, 2])]})}
    with pytest.raises(InvalidArgument, match="The column x holds values that cannot be compared"):
        Archive.from_snapshots(frames, keys=["geo"])


def test_the_updates_of_a_table_with_a_column_version_are_refused() -> None:
    kept = Archive.from_snapshots({1: pd.DataFrame({"geo": ["A"], "version": [3]})}, keys=["geo"])
    assert kept.latest["version"].tolist() == [3]
    with pytest.raises(InvalidArgument, match="has a column version"):
        _ = kept.updates


def test_an_archive_is_shown_in_one_line() -> None:
    assert repr(archive()) == "Archive(5 versions until 2026-01-20, 13 updates of 6 observations)"
