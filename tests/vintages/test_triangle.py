"""Reporting triangles: the worked example, both kinds, weeks, and their long forms."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.vintage_example import archive

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages import Archive, week_labels

AS_OF = "2026-01-06"


def cells(table: pd.DataFrame) -> list[list[float]]:
    return table.fillna(-1).to_numpy().tolist()


def test_increments_by_delay() -> None:
    table = archive().triangle("value", as_of=AS_OF, max_delay=4).loc["A"]
    assert table.index.name == "reference_date"
    assert table.columns.tolist() == [0, 1, 2, 3, 4]
    assert cells(table) == [[0, 10, 0, 4, 0], [0, 20, 0, 0, 10], [0, 0, 0, 0, -1]]


def test_cumulative_counts_are_sums_of_increments() -> None:
    table = archive().triangle("value", kind="cumulative", as_of=AS_OF, max_delay=4).loc["A"]
    assert cells(table) == [[0, 10, 10, 14, 14], [0, 20, 20, 20, 30], [0, 0, 0, 0, -1]]


def test_the_largest_delay_is_the_last_at_which_a_count_changed() -> None:
    assert archive().triangle(as_of=AS_OF).columns.max() == 5  # B of day 1 came back on day 6


def test_a_removed_row_is_a_count_of_0_and_a_missing_value_changes_nothing() -> None:
    table = archive().triangle(as_of=AS_OF).loc["B"]
    assert cells(table) == [[0, 5, 0, -5, 0, 5], [0, 0, 8, 0, 0, -1]]


@pytest.mark.parametrize(("kind", "name"), [("increment", "count"), ("cumulative", "confirm")])
def test_the_long_form_has_a_row_for_each_report_until_then(kind, name) -> None:
    table = archive().triangle(kind=kind, as_of=AS_OF, max_delay=4, long=True)
    assert table.columns.tolist() == ["geo_value", "reference_date", "report_date", name]
    of_a = table[table["geo_value"] == "A"]
    assert len(of_a) == 5 + 5 + 4
    assert of_a["report_date"].max() == pd.Timestamp(AS_OF)
    totals = of_a.groupby("reference_date")[name].agg("sum" if kind == "increment" else "last")
    assert totals.tolist() == [14, 30, 0]


def weekly(**reports: int) -> Archive:
    updates = pd.DataFrame(
        {"week": "2026-01-03", "version": [r.replace("_", "-")[1:] for r in reports], "n": reports.values()}
    )
    return Archive.from_updates(updates, keys=[], time="week", versions_end="2026-01-31")


def test_weeks_count_from_the_end_of_the_week_of_the_report() -> None:
    # 3 January 2026 is a Saturday, the last day of an MMWR week; reports come on Wednesdays.
    counts = weekly(v2026_01_07=5, v2026_01_14=7, v2026_01_21=9)
    assert cells(counts.triangle(unit="W")) == [[0, 5, 2, 2]]
    # Of an ISO week, 3 January is the day before the last.
    iso = counts.triangle(unit="W", weeks="iso", max_delay=3)
    assert iso.index[0] == pd.Timestamp("2026-01-04")
    assert cells(iso) == [[0, 5, 2, 2]]


def test_delays_in_days_of_weekly_data_are_exact() -> None:
    assert weekly(v2026_01_07=5, v2026_01_14=7).triangle().loc["2026-01-03"].to_numpy().nonzero()[0].tolist() == [4, 11]


def test_a_week_that_is_not_over_is_not_known() -> None:
    daily = archive().triangle(unit="W", as_of="2026-01-09", max_delay=1)
    assert daily.loc["A"].isna().to_numpy().tolist() == [[False, True]]


def test_daily_counts_of_a_week_are_added() -> None:
    table = archive().triangle(unit="W", as_of="2026-01-10", max_delay=1)
    assert cells(table.loc["A"]) == [[30, 14]]


@settings(max_examples=60, deadline=None)
@given(st.dates(dt.date(1990, 1, 1), dt.date(2060, 1, 1)))
def test_weeks_have_the_numbers_of_their_systems(day: dt.date) -> None:
    stamp = pd.DatetimeIndex([day])
    iso = day.isocalendar()
    assert week_labels(stamp, "iso") == [f"{iso[0]}{iso[1]:02d}"]
    # A Sunday begins an MMWR week, whose other days are those of the ISO week of its Monday.
    middle = day + dt.timedelta(days=1) if day.isoweekday() == 7 else day
    first = dt.date(middle.year, 1, 4)
    assert week_labels(pd.DatetimeIndex([first])) == [f"{middle.year}01"]
    assert week_labels(stamp) == week_labels(pd.DatetimeIndex([middle]))


def test_known_mmwr_weeks() -> None:
    days = pd.DatetimeIndex(["2026-01-03", "2026-01-04", "2020-12-31", "2021-01-02", "2021-01-03"])
    assert week_labels(days) == ["202553", "202601", "202053", "202053", "202101"]


@pytest.mark.parametrize(
    ("options", "message"),
    [({"unit": "M"}, "'M'"), ({"kind": "total"}, "'total'"), ({"unit": "W", "weeks": "us"}, "no weeks 'us'")],
)
def test_other_words_are_refused(options, message) -> None:
    with pytest.raises(InvalidArgument, match=message):
        archive().triangle(**options)


def test_a_count_that_was_reported_before_its_date_is_refused() -> None:
    updates = pd.DataFrame({"day": ["2026-01-05"], "version": ["2026-01-03"], "n": [3]})
    with pytest.raises(InvalidArgument, match="A count of 2026-01-05 was reported before that date"):
        Archive.from_updates(updates, keys=[], time="day").triangle()


def test_all_reports_sum_to_the_latest_counts() -> None:
    latest = archive().latest.set_index(["geo_value", "time_value"])["value"]
    assert np.array_equal(archive().triangle().sum(axis=1), latest)
