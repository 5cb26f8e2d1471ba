"""When versions were current, and which one was current at a time."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any  # labels of versions

import numpy as np
import pandas as pd

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages.cells import Ints
from aero_jupyter.vintages.observation_days import day_numbers, observation_days
from aero_jupyter.vintages.version_labels import instant, is_date, is_integer

_DAY = pd.Timedelta(days=1)


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
        If two versions have the same label, if the end is before the last version, or if there is no such zone.
    """

    def __init__(self, labels: pd.Index[Any], end: Any = None, zone: str = "UTC") -> None:
        self.labels, self.zone = labels, zone
        try:
            zoneinfo.ZoneInfo(zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise InvalidArgument(f"There is no time zone {zone!r}.", "Write it as Europe/Berlin.") from None
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
            if is_integer(time):
                return int(time)
            raise InvalidArgument(f"{time!r} is no number; the versions of this archive are numbers.", "Write 3.")
        stamp = instant(time)
        if self.is_aware and stamp.tzinfo is None:
            # As `AsOf` reads a time that the clocks skip, or show twice.
            local = stamp.floor("us").to_pydatetime().replace(tzinfo=zoneinfo.ZoneInfo(self.zone))
            return pd.Timestamp(local.astimezone(dt.timezone.utc)) + pd.Timedelta(stamp.nanosecond, unit="ns")
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
        if not is_date(time) or self.are_integers:
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

    def day(self, label: Any) -> int:
        """Return the calendar day of a label, as days since 1970; an integer is returned as it is."""
        stamp = self.parsed(label)
        return int(self.days(pd.Index([stamp]) if self.are_integers else pd.DatetimeIndex([stamp]))[0])

    def observation_days(self, times: pd.Series[Any]) -> Ints:
        """Return the days that observations are about; see `observation_days.observation_days`."""
        return observation_days(times, are_integers=self.are_integers)

    def daily_sequence(self) -> list[Any]:
        """Return evenly spaced days (or integers) from the first version to the end; quiet days are included."""
        if not len(self.labels):
            return []
        days = np.unique([*self.days(), self.day(self.end)])
        step = int(np.gcd.reduce(np.diff(days))) if len(days) > 1 else 1
        sequence = range(int(days[0]), int(days[-1]) + 1, step)
        if self.are_integers:
            return list(sequence)
        return [dt.date(1970, 1, 1) + dt.timedelta(days=day) for day in sequence]
