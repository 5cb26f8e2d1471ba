"""Two archives of the same observations become one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any  # columns of any dtype, labels of versions

import numpy as np
import pandas as pd

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages.cells import Ints, assembled, stacked
from aero_jupyter.vintages.key_kinds import require_equal_kinds, require_one_kind
from aero_jupyter.vintages.matching import joint_codes
from aero_jupyter.vintages.updates_table import DELETED

if TYPE_CHECKING:
    from aero_jupyter.vintages.stored_versions import StoredVersions

_SYNCS = ("forbid", "locf", "na", "truncate")


def merged_updates(archive: StoredVersions, other: StoredVersions, sync: str) -> tuple[pd.DataFrame, Any]:
    """Return the updates of two archives as one table, and the end of its versions; see `Archive.merge`.

    Raises
    ------
    InvalidArgument
        If keys, columns, kinds of versions or ends do not fit.
    """
    _require_fitting(archive, other, sync)
    left, right = archive.updates, other.updates
    end, earlier = max(archive.times.end, other.times.end), min(archive.times.end, other.times.end)
    if sync == "truncate":
        left, right, end = left[left["version"] <= earlier], right[right["version"] <= earlier], earlier
    elif sync == "na" and earlier < end:
        if archive.times.end < end:
            left = _missing_after(archive, left)
        else:
            right = _missing_after(other, right)
    return _joined(archive, left, right), end


def _require_fitting(archive: StoredVersions, other: StoredVersions, sync: str) -> None:
    if sync not in _SYNCS:
        raise InvalidArgument(f"There is no sync {sync!r}.", f"Choose from: {', '.join(_SYNCS)}")
    if set(archive.keys) != set(other.keys) or archive.time != other.time:
        raise InvalidArgument(
            f"The archives have different keys: {', '.join(archive.keys)} and {', '.join(other.keys)}.",
            "Build both with the same keys and time.",
        )
    if archive.times.end is None or other.times.end is None:
        raise InvalidArgument("An archive without versions cannot be merged.", "Add one first: archive.extended")
    common = set(archive.history.values) & set(other.history.values)
    if common:
        name = sorted(map(str, common))[0]
        raise InvalidArgument(f"Both archives have a column {name}.", f"Rename the column {name} in one of them.")
    kinds = [(each.times.are_integers, each.times.is_aware) for each in (archive, other)]
    if kinds[0] != kinds[1] or archive.times.zone != other.times.zone:
        raise InvalidArgument(
            "The versions of the archives are of different kinds.", "Label both with dates, or both with instants."
        )
    if archive.history.has_duplicates or other.history.has_duplicates:
        raise InvalidArgument(
            f"{', '.join(archive.keys)} do not identify a row in every version.", "Build the archives with more keys."
        )
    for each in (archive, other):
        require_one_kind(each)
    require_equal_kinds(archive, other)
    if sync == "forbid" and archive.times.end != other.times.end:
        raise InvalidArgument(
            f"The versions end at different times: {archive.times.end} and {other.times.end}.",
            'Choose what the earlier one becomes: sync="locf", "na" or "truncate"',
        )


def _missing_after(archive: StoredVersions, updates: pd.DataFrame) -> pd.DataFrame:
    """Add an update of missing values for each row, at the next possible version after the end."""
    steps = {True: 1, False: pd.Timedelta(days=1) if archive.times.are_dates else pd.Timedelta(microseconds=1)}
    following = archive.times.end + steps[archive.times.are_integers]
    keys = archive.latest[list(archive.keys)].assign(version=following, **{DELETED: False})
    values = [name for name in updates.columns if name not in keys.columns]
    missing = updates.iloc[:0].reindex(range(len(keys)))[values]
    added = pd.concat([keys, missing.set_axis(keys.index)], axis=1)[list(updates.columns)]
    return pd.DataFrame({name: stacked([updates[name], added[name]]) for name in updates.columns})


def _joined(archive: StoredVersions, left: pd.DataFrame, right: pd.DataFrame) -> pd.DataFrame:
    """Return one row per observation and version of either side, with both sides as they were known then."""
    keys = list(archive.keys)
    codes_left, codes_right, _ = joint_codes(left[keys], right[keys])
    events = pd.DataFrame(
        {
            "code": np.concatenate([codes_left, codes_right]),
            "version": stacked([left["version"], right["version"]]),
            "left": _numbered(len(left), 0, len(right)),
            "right": _numbered(len(right), len(left), 0),
            "row": np.arange(len(left) + len(right)),
        }
    )
    events = events.sort_values(["code", "version"], kind="stable", ignore_index=True)
    events[["left", "right"]] = events.groupby("code")[["left", "right"]].ffill()
    events = events.drop_duplicates(["code", "version"], keep="last", ignore_index=True)
    table: dict[Any, Any] = {}
    for name in keys:
        table[name] = stacked([left[name], right[name]]).take(events["row"].to_numpy())
    table["version"] = events["version"]
    gone = np.ones(len(events), bool)
    for side, updates in (("left", left), ("right", right)):
        rows = events[side].fillna(-1).to_numpy(np.int64)
        there = (rows >= 0) & ~updates[DELETED].to_numpy(bool)[rows] if len(updates) else np.zeros(len(rows), bool)
        gone &= ~there
        for name in updates.columns.difference([*keys, "version", DELETED], sort=False):
            table[name] = _looked_up(updates[name], np.where(there, rows, -1))
    return assembled({**table, DELETED: gone})


def _numbered(count: int, before: int, after: int) -> Any:
    return np.concatenate([np.full(before, np.nan), np.arange(count, dtype=float), np.full(after, np.nan)])


def _looked_up(column: pd.Series[Any], rows: Ints) -> pd.Series[Any]:
    """Return the cells at the rows; -1 is a missing value."""
    if not (rows < 0).any():
        return column.take(rows)
    return column.reset_index(drop=True).reindex(rows)
