"""The updates of one column of an archive, with their delays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages.cells import Bools, Floats, Ints, numbers
from aero_jupyter.vintages.key_kinds import require_one_kind
from aero_jupyter.vintages.updates_table import slot_ranks

if TYPE_CHECKING:
    from aero_jupyter.vintages.stored_versions import StoredVersions


@dataclass(frozen=True)
class ValueUpdates:
    """The updates of one column, sorted by observation and version; lags are in days.

    Attributes
    ----------
    slot, lag, version_day : ndarray of int64
    value : ndarray of float64
        NaN where the value is missing or the row was removed.
    """

    slot: Ints
    lag: Ints
    version_day: Ints
    value: Floats
    deleted: Bools

    def where(self, kept: Bools) -> ValueUpdates:
        """Return the chosen updates."""
        fields = (self.slot, self.lag, self.version_day, self.value, self.deleted)
        return ValueUpdates(*(field[kept] for field in fields))  # type: ignore[arg-type]

    def compact(self) -> ValueUpdates:
        """Drop the updates that repeat the value before them; the first of an observation remains."""
        same = (self.value[1:] == self.value[:-1]) | (np.isnan(self.value[1:]) & np.isnan(self.value[:-1]))
        repeated = np.concatenate([[False], same & (self.slot[1:] == self.slot[:-1])])[: len(self.slot)]
        return self.where(~repeated)


def value_column(archive: StoredVersions, value: str | None) -> str:
    """Return the column that a question is about: the one named, or the only one that is no key.

    Raises
    ------
    InvalidArgument
        If there is no such column, if there are several and none is named, if rows share a key, or if
        a key is of different kinds in the versions.
    """
    columns = list(archive.history.values)
    known = ", ".join(map(str, columns)) or "none"
    if value is None and len(columns) != 1:
        raise InvalidArgument(f"The table has several columns of values: {known}.", 'Name one of them: value="…"')
    if value is not None and value not in columns:
        raise InvalidArgument(f"The table has no column of values {value!r}.", f"Choose from: {known}")
    if archive.history.has_duplicates:
        raise InvalidArgument(
            f"{', '.join(archive.keys)} do not identify a row in every version.", "Build the archive with more keys."
        )
    require_one_kind(archive)
    return columns[0] if value is None else value


def value_updates(archive: StoredVersions, value: str) -> ValueUpdates:
    """Return the updates of a column with their lags.

    Raises
    ------
    InvalidArgument
        If the archive has no time column, or if a column does not hold dates or numbers.
    """
    if archive.time is None:
        raise InvalidArgument("The archive has no column of dates.", 'Build the archive with time="…"')
    history = archive.history
    arrangement = np.lexsort((history.version, slot_ranks(history.slots)[history.slot]))
    slot, version_day = history.slot[arrangement], archive.times.days()[history.version[arrangement]]
    days = archive.times.observation_days(history.slots[archive.time])
    cells = numbers(history.cells(value))[arrangement]
    deleted = history.is_absent(value)[arrangement]
    return ValueUpdates(slot, version_day - days[slot], version_day, cells, deleted)
