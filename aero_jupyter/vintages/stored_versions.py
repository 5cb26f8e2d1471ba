"""The versions of a table, read from its history."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, TypeVar  # labels of versions

import pandas as pd

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages import updates_table
from aero_jupyter.vintages.history import History
from aero_jupyter.vintages.version_times import VersionTimes

_Versions = TypeVar("_Versions", bound="StoredVersions")


class StoredVersions:
    """A history with the times and the numbers of its versions: the part of `Archive` that reads."""

    def __init__(
        self,
        history: History,
        keys: Sequence[str],
        time: str | None,
        times: VersionTimes,
        numbers: Sequence[int] | None = None,
    ) -> None:
        self.history, self.keys, self.time, self.times = history, tuple(keys), time, times
        self.numbers = tuple(range(1, len(times.labels) + 1)) if numbers is None else tuple(numbers)
        if len(self.numbers) != len(times.labels) or len(set(self.numbers)) != len(self.numbers):
            raise InvalidArgument(
                f"{len(times.labels)} versions need as many different numbers.",
                "Leave numbers out: they are then 1, 2, …",
            )

    @property
    def versions(self) -> pd.DataFrame:
        """The versions: number, time, rows, and how many rows were added, changed and removed."""
        return updates_table.versions(self.history, self.times, self.numbers)

    @property
    def updates(self) -> pd.DataFrame:
        """The changed rows only, by key and version; ``deleted`` marks removals."""
        return updates_table.rendered(self.history, self.times)

    @property
    def latest(self) -> pd.DataFrame:
        """The newest version."""
        return self._snapshot(len(self.times.labels) - 1)

    def as_of(self, time: Any) -> pd.DataFrame:
        """Return the table as it was known at a time.

        Parameters
        ----------
        time : str, date, datetime or int
            A date alone, also as text, means the end of that day.

        Returns
        -------
        DataFrame
            Rows, order, columns and dtypes of the version in force; no rows before the first version.

        Raises
        ------
        InvalidArgument
            If the versions are not known until then.
        """
        return self._snapshot(self.times.index_at(time))

    def snapshot(self, number: int) -> pd.DataFrame:
        """Return a version by its number.

        Raises
        ------
        InvalidArgument
            If there is no such version.
        """
        if number not in self.numbers:
            known = f"{self.numbers[0]} to {self.numbers[-1]}" if self.numbers else "none"
            raise InvalidArgument(f"There is no version {number}; the numbers are {known}.", "See archive.versions")
        return self._snapshot(self.numbers.index(number))

    def _snapshot(self, index: int) -> pd.DataFrame:
        if index < 0 and self.history.schemas:
            return self.history.snapshot(0).iloc[:0]
        return self.history.snapshot(index) if index >= 0 else pd.DataFrame()

    def known_until(self: _Versions, end: Any) -> _Versions:
        """Return the archive with another end: nothing changed between the last version and then."""
        times = VersionTimes(self.times.labels, end, self.times.zone)
        return type(self)(self.history, self.keys, self.time, times, self.numbers)

    def until(self: _Versions, time: Any) -> _Versions:
        """Return the archive as it was known at a time: later versions are left out."""
        index = self.times.index_at(time)
        if index < 0:
            first = f"The first is {self.times.labels[0]}." if len(self.times.labels) else "Add one: archive.extended"
            raise InvalidArgument(f"There was no version at {time}.", first)
        labels = self.times.labels[: index + 1]
        end = min(self.times.end, max(labels[-1], self.times.parsed(time)))
        times = VersionTimes(labels, end, self.times.zone)
        return type(self)(self.history.until(index), self.keys, self.time, times, self.numbers[: index + 1])

    def series(self, key: Mapping[str, Hashable] | Sequence[Hashable]) -> pd.DataFrame:
        """Return the updates of one observation, by version.

        Parameters
        ----------
        key : mapping or sequence
            The value of each key column; a sequence has them in the order of `keys`.

        Raises
        ------
        InvalidArgument
            If the key is incomplete, or if no version has it.
        """
        return updates_table.series(self.history, self.times, key)

    def __repr__(self) -> str:
        versions, updates, slots = len(self.times.labels), len(self.history.slot), len(self.history.slots)
        end = updates_table.shown(self.times.end)
        parts = [(versions, "version"), (updates, "update"), (slots, "observation")]
        counts = [f"{count:,} {word}{'' if count == 1 else 's'}" for count, word in parts]
        return f"Archive({counts[0]} until {end}, {counts[1]} of {counts[2]})"
