"""The labels of versions: dates, instants or integers; and the version in force at a time."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any  # labels of versions

import numpy as np
import pandas as pd

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages.cells import Ints

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAY = pd.Timedelta(days=1)


def version_index(labels: Iterable[Any]) -> pd.Index[Any]:
    """Parse the labels of versions: dates, instants or integers.

    Parameters
    ----------
    labels : iterable
        Dates, datetimes, their ISO texts, or integers.

    Returns
    -------
    Index
        Integers, or a DatetimeIndex: naive, or in UTC.

    Raises
    ------
    InvalidArgument
        If the labels are of several kinds.

    Examples
    --------
    >>> version_index(["2026-01-02", "2026-01-03"])[0]
    Timestamp('2026-01-02 00:00:00')
    """
    labels = list(labels)
    whole = [isinstance(label, (int, np.integer)) and not isinstance(label, bool) for label in labels]
    if labels and all(whole):
        return pd.Index([int(label) for label in labels], dtype="int64")
    try:
        times = [_timestamp(label) for label in labels]
    except (TypeError, ValueError) as error:
        raise _no_version(next((x for x in labels if not _is_time(x)), labels[0])) from error
    if any(whole) or len({time.tzinfo is None for time in times}) > 1:
        raise InvalidArgument(
            "The versions mix times with and without a time zone, or dates and numbers.", "Label all in the same way."
        )
    return pd.DatetimeIndex(times).as_unit("ns")


def _is_time(label: Any) -> bool:
    try:
        return bool(_timestamp(label) is not None)
    except (TypeError, ValueError):
        return False


def _timestamp(label: Any) -> pd.Timestamp:
    if isinstance(label, bool) or not isinstance(label, (str, dt.date, np.datetime64)):
        raise TypeError
    time = pd.Timestamp(label)
    if pd.isna(time):
        raise ValueError
    return time if time.tzinfo is None else time.tz_convert("UTC")


def _no_version(label: Any) -> InvalidArgument:
    return InvalidArgument(
        f"{label!r} is neither a date nor a time.", "Write for example 2026-01-05 or 2026-01-05T12:00+00:00."
    )


class VersionTimes:
    """The versions of an archive in time.

    Parameters
    ----------
    labels : Index
        Ascending; see `version_index`.
    end : label or None
        Until when the versions are known; by default the last version.
    zone : str
        The time zone in which a date begins and ends, for versions that are instants.

    Raises
    ------
    InvalidArgument
        If two versions have the same label, or if the end is before the last version.
    """

    def __init__(self, labels: pd.Index[Any], end: Any = None, zone: str = "UTC") -> None:
        self.labels, self.zone = labels, zone
        if not labels.is_unique:
            raise InvalidArgument(
                f"Two versions have the time {labels[labels.duplicated()][0]}.", "Label each version with its own time."
            )
        last = labels[-1] if len(labels) else None
        self.end: Any = last if end is None else self.parsed(end)
        if last is not None and self.end < last:
            raise InvalidArgument(f"versions_end {end} is before the last version, {last}.", "Choose a later end.")

    @property
    def are_integers(self) -> bool:
        """True if the versions are numbers rather than times."""
        return self.labels.dtype.kind == "i"

    @property
    def are_dates(self) -> bool:
        """True if each version is a date without a time of day."""
        labels = self.labels
        return isinstance(labels, pd.DatetimeIndex) and labels.tz is None and bool((labels == labels.normalize()).all())

    @property
    def is_aware(self) -> bool:
        """True if the versions are instants."""
        return isinstance(self.labels, pd.DatetimeIndex) and self.labels.tz is not None

    def parsed(self, time: Any) -> Any:
        """Return a label as the versions have it; a time without a zone is one in the archive's zone."""
        if self.are_integers:
            if isinstance(time, (int, np.integer)) and not isinstance(time, bool):
                return int(time)
            raise InvalidArgument(f"{time!r} is no number; the versions of this archive are numbers.", "Write 3.")
        try:
            stamp = _timestamp(time)
        except (TypeError, ValueError) as error:
            raise _no_version(time) from error
        if self.is_aware and stamp.tzinfo is None:
            return stamp.tz_localize(self.zone, ambiguous=True, nonexistent="shift_forward").tz_convert("UTC")
        if not self.is_aware and stamp.tzinfo is not None:
            raise InvalidArgument(
                "The versions of this archive have no time zone.", "Write the time without a zone: 2026-01-05T12:00"
            )
        return stamp

    def index_at(self, time: Any) -> int:
        """Return the index of the version in force at a time, counted from 0; -1 before the first version.

        Parameters
        ----------
        time : str, date, datetime or int
            A date alone, also as text, means the end of that day.

        Raises
        ------
        InvalidArgument
            If the versions are not known until then.
        """
        stamp = self.parsed(time)
        if len(self.labels) and stamp > self.end:
            raise InvalidArgument(
                f"The versions are known until {self.end}; {time} is later.",
                "Use archive.latest, or build the archive with a later versions_end.",
            )
        if not _is_date(time) or self.are_integers:
            return int(self.labels.searchsorted(stamp, side="right")) - 1
        return int(self.labels.searchsorted(self._next_midnight(time), side="left")) - 1

    def _next_midnight(self, date: Any) -> pd.Timestamp:
        following: pd.Timestamp = self.parsed(pd.Timestamp(date) + _DAY)
        return following

    def days(self, labels: pd.Index[Any] | None = None) -> Ints:
        """Return the calendar day of each version, as days since 1970; integers are returned as they are."""
        labels = self.labels if labels is None else labels
        if not isinstance(labels, pd.DatetimeIndex):
            return labels.to_numpy(np.int64)
        local = labels if labels.tz is None else labels.tz_convert(self.zone).tz_localize(None)
        return day_numbers(local)

    def daily_sequence(self) -> list[Any]:
        """Return evenly spaced days (or integers) from the first version to the end; quiet days are included."""
        if not len(self.labels):
            return []
        ends = pd.Index([self.end]) if self.are_integers else pd.DatetimeIndex([self.end])
        days = np.unique(np.concatenate([self.days(), self.days(ends)]))
        step = int(np.gcd.reduce(np.diff(days))) if len(days) > 1 else 1
        sequence = range(int(days[0]), int(days[-1]) + 1, step)
        if self.are_integers:
            return list(sequence)
        return [dt.date(1970, 1, 1) + dt.timedelta(days=day) for day in sequence]


def _is_date(time: Any) -> bool:
    if isinstance(time, str):
        return _DATE.fullmatch(time.strip()) is not None
    return isinstance(time, dt.date) and not isinstance(time, dt.datetime)


def day_numbers(times: pd.DatetimeIndex) -> Ints:
    """Return the days of naive times, counted from 1970-01-01.

    Examples
    --------
    >>> day_numbers(pd.DatetimeIndex(["1970-01-03 12:00"]))
    array([2])
    """
    return times.normalize().to_numpy("datetime64[D]").astype(np.int64)


def observation_days(times: pd.Series[Any]) -> Ints:
    """Return the days that observations are about, as days since 1970; integers are returned as they are.

    Parameters
    ----------
    times : Series
        Dates, datetimes, their ISO texts, or integers.

    Raises
    ------
    InvalidArgument
        If a value is missing or no date.

    Examples
    --------
    >>> observation_days(pd.Series(["1970-01-03"]))
    array([2])
    """
    if pd.api.types.is_integer_dtype(times.dtype) and not times.isna().any():
        return times.to_numpy(np.int64)
    codes, values = pd.factorize(times)
    try:
        stamps = pd.DatetimeIndex([pd.Timestamp(value) for value in values])
    except (TypeError, ValueError) as error:
        raise InvalidArgument(f"The column {times.name} does not hold dates.", "Name another column: time=…") from error
    if (codes < 0).any():
        raise InvalidArgument(f"The column {times.name} has missing values.", "Name another column: time=…")
    return day_numbers(stamps if stamps.tz is None else stamps.tz_localize(None))[codes]
