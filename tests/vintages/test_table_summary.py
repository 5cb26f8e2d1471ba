"""Summaries of tables: columns, first rows and series, in bounded time and memory."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from aero_jupyter.core.errors import ServerFailed
from aero_jupyter.core.table_summary import ColumnSummary, FrequentValue, TableSummary, parse_summary
from aero_jupyter.vintages import table_summary
from aero_jupyter.vintages.table_summary import is_parquet, summarize_file, summarize_table
from aero_jupyter.vintages.time_series import MAX_POINTS


def column(values: object, name: str = "x") -> ColumnSummary:
    return summarize_table(pd.DataFrame({name: values})).columns[0]


def no_table() -> object:
    raise AssertionError("The file was read as a whole.")


def test_a_number_column_has_its_range_its_missing_values_and_a_histogram() -> None:
    found = column([1.0, 2.0, 2.0, None, 11.0])
    assert (found.kind, found.missing, found.distinct, found.lowest, found.highest) == ("number", 1, 3, "1", "11")
    assert found.histogram is not None
    assert (found.histogram.lowest, found.histogram.highest) == ("1", "11")
    assert (sum(found.histogram.counts), found.histogram.counts[0], found.histogram.counts[-1]) == (4, 1, 1)
    assert found.frequent[0] == FrequentValue("2", 2)


@pytest.mark.parametrize(
    "dates",
    [
        ["2026-01-01", "2026-01-03", None],
        pd.to_datetime(["2026-01-01", "2026-01-03", None]),
        pd.to_datetime(["2026-01-01T05:00+05:00", "2026-01-03T05:00+05:00", None]),
    ],
)
def test_dates_are_recognized_also_as_text_and_with_a_time_zone(dates: object) -> None:
    found = column(dates)
    assert (found.kind, found.missing, found.lowest, found.highest) == ("date", 1, "2026-01-01", "2026-01-03")
    assert found.histogram is not None
    assert sum(found.histogram.counts) == 2


def test_a_text_that_begins_with_dates_remains_a_text() -> None:
    assert column(["2026-01-01"] * 300 + ["unknown"]).kind == "text"


def test_values_of_any_kind_have_a_summary() -> None:
    categories = pd.Series(pd.Categorical(["b", "a", "b"]))
    assert (column(categories).kind, column(categories).frequent[0]) == ("text", FrequentValue("b", 2))
    assert column([True, False, True]).kind == "yes or no"
    assert column([{"a": 1}, {"a": 2}]).kind == "other"
    assert column([float("inf"), 1.0]).highest == "inf"
    assert column([None, None]).missing == 2
    assert summarize_table(pd.DataFrame()).columns == ()
    assert summarize_table(pd.DataFrame({"x": []})).rows == 0


def test_the_first_rows_are_text_and_a_missing_value_is_none() -> None:
    frame = pd.DataFrame({"day": pd.to_datetime(["2026-01-01", None]), "x": [0.1 + 0.2, None], "t": ["y" * 500, "<b>"]})
    (day, number, text), second = summarize_table(frame).head
    assert (day, number) == ("2026-01-01", "0.3")
    assert text is not None
    assert len(text) == 120
    assert second == (None, None, "<b>")


def test_each_date_column_makes_a_series_with_each_number_column() -> None:
    frame = pd.DataFrame(
        {
            "day": ["2026-01-02", "2026-01-01", "2026-01-02"],
            "geo": ["A", "A", "B"],
            "cases": [3, 1, 5],
            "rate": [0.5] * 3,
        }
    )
    cases, rate = summarize_table(frame).series
    assert (cases.date, cases.number, cases.per, rate.number) == ("day", "cases", "date", "rate")
    assert [(point.mean, point.lowest, point.highest, point.rows) for point in cases.points] == [
        (1, 1, 1, 1),
        (4, 3, 5, 2),
    ]
    assert [pd.Timestamp(point.time, unit="s").day for point in cases.points] == [1, 2]


def test_a_long_series_has_one_point_for_each_period() -> None:
    days = pd.date_range("2020-01-01", periods=1000)
    (series,) = summarize_table(pd.DataFrame({"day": days, "cases": np.arange(1000)})).series
    assert (series.per, len(series.points), sum(point.rows for point in series.points)) == ("period", MAX_POINTS, 1000)
    assert (series.points[0].lowest, series.points[-1].highest) == (0, 999)


def test_a_parquet_file_is_read_column_by_column_and_its_index_is_left_out(tmp_path: Path) -> None:
    frame = pd.DataFrame({"day": pd.to_datetime(["2026-01-01", "2026-01-02"]), "x": [1, 2]}, index=[7, 9])
    frame.to_parquet(tmp_path / "t.parquet")
    with open(tmp_path / "t.parquet", "rb") as file:
        assert is_parquet(file)
        found = summarize_file(file, no_table)
    assert found == summarize_table(frame)


def test_options_of_the_reader_win_over_columns() -> None:
    content = io.BytesIO()
    pd.DataFrame({"x": [1, 2, 3]}).to_parquet(content)
    assert summarize_file(content, lambda: pd.DataFrame({"x": [1]}), by_columns=False).rows == 1


@pytest.mark.parametrize("row_group_size", [10, 1000])
def test_a_table_with_too_many_rows_is_sampled_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row_group_size: int
) -> None:
    monkeypatch.setattr(table_summary, "MAX_ROWS", 100)
    frame = pd.DataFrame({"x": np.arange(1000)})
    frame.to_parquet(tmp_path / "t.parquet", row_group_size=row_group_size)
    with open(tmp_path / "t.parquet", "rb") as file:
        for found in (summarize_table(frame), summarize_file(file, no_table)):
            assert (found.rows, found.rows_read, found.is_sampled) == (1000, 100, True)
            assert int(found.columns[0].highest or 0) > 900
    assert not summarize_table(frame.head(100)).is_sampled


def test_a_wide_table_summarizes_its_first_columns() -> None:
    found = summarize_table(pd.DataFrame([range(300)]))
    assert (found.column_count, len(found.columns), len(found.head[0])) == (300, 100, 100)


def test_a_summary_survives_the_wire_and_anything_else_is_refused() -> None:
    frame = pd.DataFrame({"day": ["2026-01-01", "2026-01-02"], "x": [1.5, None], "l": [[1], None]})
    found = summarize_table(frame)
    assert parse_summary(json.loads(json.dumps(found.as_json()))) == found
    for other in (
        None,
        [],
        {},
        {**TableSummary().as_json(), "columns": [1]},
        {**TableSummary().as_json(), "rows": "x"},
    ):
        with pytest.raises(ServerFailed, match="something else than the summary"):
            parse_summary(other)
