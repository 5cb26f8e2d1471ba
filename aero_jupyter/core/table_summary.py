"""The summary of a table: first rows, a summary of each column, and time series to draw; as JSON and as dataclasses."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any  # JSON values

from aero_jupyter.core import errors

#: Increases when the meaning of a stored summary changes, so that an older one is not used again.
SUMMARY_FORMAT = 1


@dataclass(frozen=True)
class Histogram:
    """Counts of values in bins of equal width, from `lowest` to `highest`."""

    lowest: str
    highest: str
    counts: tuple[int, ...]


@dataclass(frozen=True)
class FrequentValue:
    """A value and the number of rows that have it."""

    value: str
    rows: int


@dataclass(frozen=True)
class ColumnSummary:
    """Summary of one column.

    Attributes
    ----------
    name, dtype : str
    kind : str
        "number", "date", "yes or no", "text" or "other".
    missing : int
        Rows without a value.
    distinct : int or None
        Number of different values; None if they cannot be compared, such as lists.
    lowest, highest : str or None
        The range of numbers, dates and texts.
    histogram : Histogram or None
        Of numbers and dates.
    frequent : tuple of FrequentValue
        The most frequent values; empty if every value is different.
    """

    name: str
    dtype: str
    kind: str
    missing: int
    distinct: int | None = None
    lowest: str | None = None
    highest: str | None = None
    histogram: Histogram | None = None
    frequent: tuple[FrequentValue, ...] = ()


@dataclass(frozen=True)
class TimePoint:
    """One point of a time series: its time in seconds since 1970, and the mean and range of its rows."""

    time: float
    mean: float
    lowest: float
    highest: float
    rows: int


@dataclass(frozen=True)
class TimeSeries:
    """A column of numbers along a column of dates; `per` says what one point stands for: "date" or "period"."""

    date: str
    number: str
    per: str
    points: tuple[TimePoint, ...]


@dataclass(frozen=True)
class TableSummary:
    """Summary of one version of a dataset.

    Attributes
    ----------
    rows : int
        Rows of the table.
    rows_read : int
        Rows that the columns' summaries cover: fewer than `rows` if they were sampled.
    column_count : int
        Columns of the table; the first ones are summarized.
    columns : tuple of ColumnSummary
    head : tuple of tuple of str or None
        The first rows as text; None where a value is missing.
    series : tuple of TimeSeries
        One for each pair of a date column and a number column.
    reason : str
        Why the version has no summary; empty if it has one.
    """

    rows: int = 0
    rows_read: int = 0
    column_count: int = 0
    columns: tuple[ColumnSummary, ...] = ()
    head: tuple[tuple[str | None, ...], ...] = ()
    series: tuple[TimeSeries, ...] = ()
    reason: str = ""

    @property
    def is_sampled(self) -> bool:
        """True if the summaries cover only some of the rows."""
        return self.rows_read < self.rows

    def as_json(self) -> dict[str, Any]:
        """Return the summary as JSON values."""
        return dataclasses.asdict(self)


def parse_summary(body: object) -> TableSummary:
    """Parse the JSON of a summary.

    Raises
    ------
    ServerFailed
        If it is not a summary.
    """
    try:
        return _summary(_mapping(body))
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise errors.ServerFailed(
            502, "The server answered with something else than the summary of a table.", "Load the data instead."
        ) from error


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)


def _summary(body: Mapping[str, Any]) -> TableSummary:
    return TableSummary(
        int(body["rows"]),
        int(body["rows_read"]),
        int(body["column_count"]),
        tuple(_column(_mapping(each)) for each in body["columns"]),
        tuple(tuple(_text_or_none(cell) for cell in row) for row in body["head"]),
        tuple(_series(_mapping(each)) for each in body["series"]),
        str(body["reason"]),
    )


def _column(body: Mapping[str, Any]) -> ColumnSummary:
    bins = body["histogram"]
    histogram = None
    if bins is not None:
        histogram = Histogram(str(bins["lowest"]), str(bins["highest"]), tuple(int(each) for each in bins["counts"]))
    return ColumnSummary(
        str(body["name"]),
        str(body["dtype"]),
        str(body["kind"]),
        int(body["missing"]),
        None if body["distinct"] is None else int(body["distinct"]),
        _text_or_none(body["lowest"]),
        _text_or_none(body["highest"]),
        histogram,
        tuple(FrequentValue(str(each["value"]), int(each["rows"])) for each in body["frequent"]),
    )


def _series(body: Mapping[str, Any]) -> TimeSeries:
    points = tuple(_point(each) for each in body["points"])
    return TimeSeries(str(body["date"]), str(body["number"]), str(body["per"]), points)


def _point(body: Mapping[str, Any]) -> TimePoint:
    time, mean, lowest, highest = (float(body[name]) for name in ("time", "mean", "lowest", "highest"))
    return TimePoint(time, mean, lowest, highest, int(body["rows"]))
