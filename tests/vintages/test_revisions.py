"""The summary of revisions: the worked example to the last digit, and the definitions at their edges."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.vintage_example import KEYS, archive

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages import Archive

COLUMNS = [
    "n_revisions", "min_lag", "max_lag", "lag_near_latest", "spread", "rel_spread", "min_value", "max_value",
    "median_value",
]  # fmt: skip
NA = float("nan")
EXPECTED = {
    ("A", 1): (2, 1, 19, 3, 5, 1 / 3, 10, 15, 14),
    ("A", 2): (2, 1, 18, 4, 10, 1 / 3, 20, 30, 29),
    ("A", 3): (0, 1, 1, 1, 0, NA, 0, 0, 0),
    ("B", 1): (0, 1, 1, 1, 0, 0, 5, 5, 5),
    ("B", 2): (0, 2, 2, 2, 0, 0, 8, 8, 8),
    ("B", 3): (0, 17, 17, 17, 0, 0, 7, 7, 7),
}
WITH_MISSING = {("B", 1): (2, 1, 5, 5, 0, 0, 5, 5, 5), ("B", 2): (1, 1, 2, 2, 0, 0, 8, 8, 8)}
END = "2026-03-15"


def rows(table: pd.DataFrame) -> dict[tuple[str, int], tuple[float, ...]]:
    keys = [(geo, time.day) for geo, time in zip(table["geo_value"], table["time_value"], strict=True)]
    return dict(zip(keys, table[COLUMNS].itertuples(index=False, name=None), strict=True))


@pytest.mark.parametrize(("drop_nas", "expected"), [(True, EXPECTED), (False, EXPECTED | WITH_MISSING)])
def test_the_summary_of_each_observation(drop_nas, expected) -> None:
    found = rows(archive(versions_end=END).revisions("value", drop_nas=drop_nas).observations)
    assert list(found) == list(expected)
    for key, values in expected.items():
        assert found[key] == pytest.approx(values, rel=1e-15, nan_ok=True), key


def test_the_overall_summary() -> None:
    overall = archive(versions_end=END).revisions().overall
    assert overall.to_dict() == pytest.approx(
        {
            "keys": 6, "no_revisions": 4, "quick_max_lag_le_3": 3, "few_le_3": 6, "revised": 2, "rel_spread_lt_0_1": 0,
            "abs_threshold": 1.5, "spread_gt_threshold": 2, "min_lag_min": 1, "min_lag_median": 1,
            "min_lag_mean": 23 / 6, "min_lag_max": 17, "near_min": 1, "near_median": 2.5, "near_mean": 28 / 6,
            "near_max": 17,
        }
    )  # fmt: skip


@pytest.mark.parametrize("waiting", [60, dt.timedelta(days=60)])
def test_observations_younger_than_the_waiting_period_are_left_out(waiting) -> None:
    found = archive(versions_end="2026-03-03").revisions(min_waiting_period=waiting).observations
    assert set(found["time_value"].dt.day) == {1, 2}


@pytest.mark.parametrize("waiting", [None, 0])
def test_without_a_waiting_period_all_observations_are_summarized(waiting) -> None:
    assert len(archive().revisions(min_waiting_period=waiting).observations) == 6
    assert len(archive().revisions().observations) == 0


@pytest.mark.parametrize(("step", "last_kept"), [("7D", "2025-12-27"), ("MS", "2026-01-01")])
def test_the_waiting_period_is_whole_weeks_of_weekly_and_months_of_monthly_data(step, last_kept) -> None:
    # 60 days before 1 March is 31 December, and 63 days before is 28 December.
    start = "2025-11-01"
    times = pd.date_range(start, periods=16 if step == "7D" else 5, freq=step)
    frame = pd.DataFrame({"geo_value": "A", "time_value": times, "value": 1.0})
    kept = Archive.from_snapshots({"2026-03-01": frame}, keys=KEYS, time="time_value")
    assert kept.revisions().observations["time_value"].max() == pd.Timestamp(last_kept)


def series_of(*values: float) -> Archive:
    """Return the archive of one observation, with a new value each day."""
    updates = pd.DataFrame(
        {"day": "2026-01-01", "version": pd.date_range("2026-01-02", periods=len(values)), "n": values}
    )
    return Archive.from_updates(updates, keys=[], time="day")


@pytest.mark.parametrize(
    ("values", "lag"),
    [
        ((100, 80.01, 99, 100), 1),  # all within 20 %, strictly
        ((80, 100), 2),  # 20 % is not less than 20 %
        ((100, 50, 100), 3),  # the last unbroken run counts
        ((5, 0), 2),  # only 0 is near 0
        ((-50, -99, -100), 2),  # the size of a negative value counts
    ],
)
def test_when_a_value_came_near_its_latest(values, lag) -> None:
    assert series_of(*values).revisions(min_waiting_period=0).observations["lag_near_latest"].tolist() == [lag]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(-3, 9)), min_size=1, max_size=8), st.booleans())
def test_the_definitions_hold_for_any_history(values, drop_nas) -> None:
    numbers = [NA if value is None else float(value) for value in values]
    found = series_of(*numbers).revisions(min_waiting_period=0, drop_nas=drop_nas).observations
    kept = [(lag, x) for lag, x in enumerate(numbers, 1) if not (drop_nas and np.isnan(x))]
    compact = [pair for i, pair in enumerate(kept) if i == 0 or str(pair[1]) != str(kept[i - 1][1])]
    if not compact:
        assert found.empty
        return
    row, present = found.iloc[0], [x for _, x in compact if not np.isnan(x)]
    assert (row.n_revisions, row.min_lag, row.max_lag) == (len(compact) - 1, compact[0][0], compact[-1][0])
    latest = compact[-1][1]
    near = [abs(x - latest) < 0.2 * abs(latest) or str(x) == str(latest) for _, x in compact]
    run = len(compact) - 1
    while run > 0 and near[run - 1]:
        run -= 1
    assert row.lag_near_latest == compact[run][0]
    if present:
        assert (row.min_value, row.max_value, row.median_value) == (min(present), max(present), np.median(present))
        assert row.spread == max(present) - min(present)


def test_columns_that_cannot_be_summarized_are_refused() -> None:
    frame = pd.DataFrame({"day": ["2026-01-01"], "a": [1], "b": ["x"]})
    kept = Archive.from_snapshots({"2026-01-02": frame}, keys=[], time="day")
    for value, message in [
        (None, "several columns of values: a, b"),
        ("c", "no column of values 'c'"),
        ("b", "numbers"),
    ]:
        with pytest.raises(InvalidArgument, match=message):
            kept.revisions(value)


def test_rows_that_share_a_key_are_refused() -> None:
    frame = pd.DataFrame({"day": ["2026-01-01"] * 2, "n": [1, 2]})
    with pytest.raises(InvalidArgument, match="day do not identify a row") as error:
        Archive.from_snapshots({"2026-01-02": frame}, keys=[], time="day").revisions()
    assert "more keys" in error.value.cure


def test_an_archive_without_dates_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="no column of dates"):
        Archive.from_snapshots({1: pd.DataFrame({"geo": ["A"], "n": [1]})}, keys=["geo"]).revisions()


def test_the_summary_is_shown() -> None:
    summary = archive(versions_end=END).revisions()
    assert repr(summary).startswith("Revisions of value\nkeys")
    assert "lag_near_latest" in summary._repr_html_()
