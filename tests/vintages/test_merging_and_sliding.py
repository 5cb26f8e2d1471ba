"""Archives are joined, and functions are called on what was known: the worked example."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from support.vintage_example import archive

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages import Archive

NA = float("nan")
EXPECTED = {
    "locf": [(2, 10, NA), (3, 10, 1), (4, 14, 1), (6, 14, 2)],
    "na": [(2, 10, NA), (3, 10, 1), (4, 14, 1), (5, NA, 1), (6, NA, 2)],
    "truncate": [(2, 10, NA), (3, 10, 1), (4, 14, 1)],
}


def one(name: str, values: dict[int, float], geo: str = "a") -> Archive:
    versions = [f"2026-01-{day:02d}" for day in values]
    return Archive.from_updates(
        pd.DataFrame({"geo": geo, "version": versions, name: list(values.values())}), keys=["geo"]
    )


X, Y = one("x", {2: 10, 4: 14}), one("y", {3: 1, 6: 2})


@pytest.mark.parametrize("sync", EXPECTED)
@pytest.mark.parametrize("swapped", [False, True])
def test_each_side_is_as_it_was_known_at_the_version(sync: str, swapped: bool) -> None:
    merged = Y.merge(X, sync) if swapped else X.merge(Y, sync)
    updates = merged.updates
    found = np.column_stack([updates["version"].dt.day, updates["x"].astype(float), updates["y"].astype(float)])
    assert np.array_equal(found, np.array(EXPECTED[sync], dtype=float), equal_nan=True)
    assert merged.times.end == pd.Timestamp("2026-01-04" if sync == "truncate" else "2026-01-06")


def test_by_default_different_ends_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="versions end at different times") as error:
        X.merge(Y)
    assert 'sync="locf"' in error.value.cure


def test_a_row_is_there_if_either_archive_has_it() -> None:
    updates = pd.DataFrame({"geo": "a", "version": [1, 2], "z": [5.0, NA], "deleted": [False, True]})
    first = Archive.from_updates(updates, keys=["geo"])
    second = Archive.from_updates(pd.DataFrame({"geo": ["a", "b"], "version": 2, "y": [1, 2]}), keys=["geo"])
    latest = first.merge(second).latest
    assert latest["geo"].tolist() == ["a", "b"]
    assert latest["z"].isna().tolist() == [True, True]


@pytest.mark.parametrize(
    ("other", "sync", "message"),
    [
        (X, "locf", "Both archives have a column x"),
        (Y, "forward", "no sync 'forward'"),
        (Archive.from_updates(pd.DataFrame({"day": ["a"], "version": [1], "y": [1]}), keys=["day"]), "locf", "keys"),
        (Archive.from_updates(pd.DataFrame({"geo": ["a"], "version": [1], "y": [1]}), keys=["geo"]), "locf", "kinds"),
    ],
)
def test_archives_that_do_not_fit_are_refused(other: Archive, sync: str, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        X.merge(other, sync)


def of_a(table: pd.DataFrame) -> pd.Series:
    return table.loc[table["geo_value"] == "A", "value"]


def test_a_function_of_each_stored_version() -> None:
    kept = archive()
    means = kept.slide(lambda known, version: of_a(known).mean(), versions=kept.versions["version"])
    assert means["value"].tolist() == [10, 15, 34 / 3, 44 / 3, 44 / 3]


def test_a_window_of_days_before_the_version() -> None:
    kept = archive()
    sums = kept.slide(lambda known, version: of_a(known).sum(), before=3, versions=kept.versions["version"])
    assert sums["value"].tolist() == [10, 30, 34, 0, 0]


def test_quiet_days_are_visited_by_default() -> None:
    counts = archive().slide(lambda known, version: {"rows": len(known), "day": version.day})
    assert counts["version"].tolist() == list(pd.date_range("2026-01-02", "2026-01-20"))
    assert counts["rows"].tolist() == [2, 4, 4, 4, *[5] * 14, 6]
    assert counts["day"].tolist() == list(range(2, 21))


def test_days_are_visited_in_the_steps_of_the_versions() -> None:
    frame = pd.DataFrame({"geo": ["A"]})
    weekly = Archive.from_snapshots({"2026-01-07": frame, "2026-01-21": frame}, keys=["geo"], versions_end="2026-02-04")
    assert weekly.slide(lambda known, version: 1)["version"].dt.day.tolist() == [7, 21, 4]


def test_a_function_may_return_any_number_of_rows() -> None:
    rows = archive().slide(lambda known, version: known[known["value"] > 14], versions=["2026-01-02", "2026-01-20"])
    assert rows["version"].tolist() == [pd.Timestamp("2026-01-20")] * 2
    assert rows["value"].tolist() == [15, 29]


def test_the_archive_as_it_was_known_is_passed() -> None:
    counts = archive().slide(lambda known, version: len(known.versions), versions=["2026-01-05"], all_versions=True)
    assert counts["value"].tolist() == [3]


def test_what_cannot_be_slid_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="later"):
        archive().slide(lambda known, version: 1, versions=[dt.date(2026, 2, 1)])
    with pytest.raises(InvalidArgument, match="column of dates"):
        X.slide(lambda known, version: 1, before=3)
    with pytest.raises(InvalidArgument, match="column named version"):
        X.slide(lambda known, version: {"version": 1})
