"""Drift: versions that differ from the earlier ones as an ordinary update does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from aero_jupyter.core.policy import DRIFT_LEAST_VERSIONS
from aero_jupyter.vintages.version_profile import VersionProfile, profiles_of

if TYPE_CHECKING:
    from aero_jupyter.vintages.stored_versions import StoredVersions

#: Increments that are compared with, the newest ones.
_WINDOW = 52
#: Robust deviations that are odd. With 5 of them, 1.1 % of ordinary updates with heavy tails would be noted.
ODD_DEVIATIONS = 6.0

_Numbers = npt.NDArray[np.float64]
_Note = tuple[int, str, str]


def drift(archive: StoredVersions) -> pd.DataFrame:
    """List the notes on versions that differ from the earlier ones as an ordinary update does not.

    Before 8 versions there is no note. Noted are lost and new columns, changed dtypes, lost rows of old dates, and an
    odd number of added rows: one that deviates from the median of the newest 52 increments by more than 6 robust
    deviations. A deviation is 1.4826 times the median absolute deviation, but at least the square root of the median
    and 2 % of it. While the growth stays odd, only a deviation twice as large is noted again.

    Parameters
    ----------
    archive : Archive
        Rows of old dates are found if it has a column of dates.

    Returns
    -------
    DataFrame
        One row per note: ``number`` and ``version`` of the version, ``kind`` ("columns", "types", "rows lost" or
        "growth") and ``note``.

    Examples
    --------
    >>> import pandas as pd
    >>> tables = {day: pd.DataFrame({"id": range(10 * day)}) for day in range(1, 11)}
    >>> tables[11] = pd.DataFrame({"id": range(900)})
    >>> from aero_jupyter.vintages import Archive
    >>> archive = Archive.from_snapshots(tables, keys=["id"])
    >>> archive.drift()["note"].tolist()
    ['800 rows were added; an ordinary update adds about 10']
    """
    labels = archive.times.labels
    rows = [
        {"number": archive.numbers[at], "version": labels[at], "kind": kind, "note": note}
        for at, kind, note in drift_notes(profiles_of(archive))
    ]
    return pd.DataFrame(rows, columns=["number", "version", "kind", "note"])


def drift_notes(profiles: Sequence[VersionProfile]) -> list[_Note]:
    """Return the notes on versions, by their profiles: the position in the list, the kind and the note.

    Parameters
    ----------
    profiles : sequence of VersionProfile
        Oldest first.

    Examples
    --------
    >>> profiles = [VersionProfile(rows, {}) for rows in (*range(10, 110, 10), 900)]
    >>> drift_notes(profiles)
    [(10, 'growth', '800 rows were added; an ordinary update adds about 10')]
    """
    found = [*_schema_notes(profiles), *_lost_row_notes(profiles), *_growth_notes(profiles)]
    return sorted(found, key=lambda note: note[0])


def _schema_notes(profiles: Sequence[VersionProfile]) -> Iterator[_Note]:
    for at in range(DRIFT_LEAST_VERSIONS, len(profiles)):
        before, after = profiles[at - 1].types, profiles[at].types
        lost = [name for name in before if name not in after]
        added = [name for name in after if name not in before]
        parts = [f"{', '.join(lost)} is gone"] if lost else []
        parts += [f"{', '.join(added)} is new"] if added else []
        if parts:
            yield at, "columns", f"column {'; column '.join(parts)}"
        pairs = [(name, before[name], after[name]) for name in before if name in after]
        changed = [f"{name} was {old[1]}, is {new[1]}" for name, old, new in pairs if old[0] != new[0]]
        if changed:
            yield at, "types", "; ".join(changed)


def _lost_row_notes(profiles: Sequence[VersionProfile]) -> Iterator[_Note]:
    """Yield the versions that lack rows of old dates; a window of dates that moves on is no loss."""
    earliest: str | int | float | None = None
    has_moved = False
    for at, profile in enumerate(profiles):
        if profile.earliest is None:
            continue
        parts = [part for part in (None if has_moved else profile.lost_before, profile.lost_inside) if part]
        if parts and at >= DRIFT_LEAST_VERSIONS:
            count = sum(part.count for part in parts)
            yield at, "rows lost", f"{count:,} rows of old dates are gone, from {parts[0].first} to {parts[-1].last}"
        has_moved = has_moved or _is_earlier(earliest, profile.earliest)
        earliest = profile.earliest


def _is_earlier(one: object, other: object) -> bool:
    """Return whether a date is earlier than another one; dates of different types are not compared."""
    if isinstance(one, str) and isinstance(other, str):
        return one < other
    return isinstance(one, (int, float)) and isinstance(other, (int, float)) and one < other


def _growth_notes(profiles: Sequence[VersionProfile]) -> Iterator[_Note]:
    counts = np.array([profile.rows for profile in profiles], dtype=float)
    open_deviation = 0.0
    for at in range(DRIFT_LEAST_VERSIONS + 1, len(counts)):
        before = np.diff(counts[max(0, at - 1 - _WINDOW) : at])
        increment = counts[at] - counts[at - 1]
        deviation = deviation_of(increment, before)
        if deviation <= ODD_DEVIATIONS:
            open_deviation = 0.0
        elif deviation >= 2 * open_deviation:
            open_deviation = deviation
            verb = "added" if increment >= 0 else "lost"
            usual = f"an ordinary update adds about {np.median(before):,.0f}"
            yield at, "growth", f"{abs(increment):,.0f} rows were {verb}; {usual}"


def deviation_of(value: float, before: _Numbers) -> float:
    """Return the distance of a value from the median of earlier ones, in robust deviations.

    Parameters
    ----------
    value : float
    before : ndarray of float64
        At least one value.
    """
    median = float(np.median(before))
    spread = 1.4826 * float(np.median(np.abs(before - median)))
    floor = max(float(np.sqrt(abs(median))), 0.02 * abs(median), 1.0)
    return abs(value - median) / max(spread, floor)
