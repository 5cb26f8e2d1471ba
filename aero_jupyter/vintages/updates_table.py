"""Updates as a table: parsed, rendered, by version and by observation."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise
from typing import Any  # labels of versions

import numpy as np
import pandas as pd

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages.cells import Bools, Ints, assembled, decategorized, equal_cells, with_times
from aero_jupyter.vintages.history import History, TableSchema
from aero_jupyter.vintages.matching import joint_codes, occurrences, require_columns, require_unique
from aero_jupyter.vintages.version_labels import parsed_time, version_index
from aero_jupyter.vintages.version_times import VersionTimes

#: The column that marks removals, and the one that tells rows apart that share a key.
DELETED, DUPLICATE = "deleted", "duplicate"

#: Removals, as tables and CSV files mark them; 1 and 0 equal True and False.
_MARKS = {
    True: True,
    False: False,
    "True": True,
    "False": False,
    "true": True,
    "false": False,
    "TRUE": True,
    "FALSE": False,
}


def parsed(updates: pd.DataFrame, keys: Sequence[str], version: str) -> tuple[History, pd.Index[Any]]:
    """Parse updates into a history, and the labels of its versions.

    Raises
    ------
    InvalidArgument
        If a column is missing, if a version is invalid, or if two rows of a version have the same key.
    """
    require_columns(updates, [*keys, version], "of the updates")
    slot_keys = [*keys, *([DUPLICATE] if DUPLICATE in updates else [])]
    codes, values = pd.factorize(updates[version])
    parsed_labels = version_index(values)
    order = np.argsort(parsed_labels.to_numpy(), kind="stable")
    if (codes < 0).any():
        raise InvalidArgument(f"The column {version} has missing values.", "Remove the rows without a version.")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    numbers = rank[codes]
    require_unique(updates.assign(**{version: codes}), [*slot_keys, version], "of the updates")
    slot = updates.groupby(slot_keys, dropna=False, sort=True, observed=True).ngroup().to_numpy().astype(np.int64)
    arrangement = np.lexsort((numbers, slot))
    frame = updates.iloc[arrangement].reset_index(drop=True)
    slot, numbers = slot[arrangement], numbers[arrangement]
    deleted = _marks(frame.pop(DELETED)) if DELETED in frame else np.zeros(len(frame), bool)
    first = np.diff(slot, prepend=-1) > 0
    slots = frame.loc[first, list(keys)].reset_index(drop=True)
    slots = pd.DataFrame({name: decategorized(slots[name]) for name in keys})
    table = frame.drop(columns=[version, *slot_keys[len(keys) :]])
    kept = _changed(table.drop(columns=list(keys)), deleted, first)
    chosen = np.flatnonzero(kept)[np.argsort(numbers[kept], kind="stable")]
    history = History(
        slots=slots,
        occurrence=occurrences(*joint_codes(slots, slots.iloc[:0])[::2]),
        slot=slot[chosen],
        version=numbers[chosen],
        deleted=deleted[chosen],
        values={name: table[name].take(chosen).reset_index(drop=True) for name in table if name not in keys},
        schemas=(TableSchema.of(table),) * len(order),
        orders={},
    )
    return history, parsed_labels[order]


def _marks(column: pd.Series[Any]) -> Bools:
    """Return which rows are removals; a missing mark is none.

    Raises
    ------
    InvalidArgument
        If a mark is neither True nor False: bool("False") is True.
    """
    known = decategorized(column).map(_MARKS, na_action="ignore")
    if (wrong := known.isna() & column.notna()).any():
        raise InvalidArgument(
            f"{column[wrong].iloc[0]!r} in the column {DELETED} is neither True nor False.",
            "Write True where a row is removed, and False elsewhere.",
        )
    return known.eq(True).to_numpy(bool, na_value=False)


def _changed(cells: pd.DataFrame, deleted: Bools, first: Bools) -> Bools:
    """Return which rows differ from the row before; the first row of an observation does, unless it removes one."""
    equal = np.ones(max(len(cells) - 1, 0), bool)
    for name in cells:
        equal &= equal_cells(cells[name].iloc[:-1], cells[name].iloc[1:])
    both_deleted = deleted[1:] & deleted[:-1]
    repeated = np.concatenate([[False], both_deleted | (equal & (deleted[1:] == deleted[:-1]))])[: len(cells)]
    return np.where(first, ~deleted, ~repeated)


def rendered(history: History, times: VersionTimes) -> pd.DataFrame:
    """Return the updates of an archive, sorted by observation and version."""
    keys = list(history.slots.columns)
    values = {name: history.cells(name) for name in history.values}
    taken = [name for name in (*keys, *values) if name in ("version", DELETED, DUPLICATE)]
    if taken:
        raise InvalidArgument(
            f"The table has a column {taken[0]}, which the updates have too.", f"Rename the column {taken[0]}."
        )
    table: dict[Any, Any] = {name: history.slots[name].take(history.slot) for name in keys}
    table["version"] = times.labels.take(history.version)
    table |= values
    table[DELETED] = history.deleted
    if history.has_duplicates:
        table[DUPLICATE] = history.occurrence[history.slot]
    frame = assembled(table)
    return frame.iloc[np.lexsort((history.version, slot_ranks(history.slots)[history.slot]))].reset_index(drop=True)


def slot_ranks(slots: pd.DataFrame) -> Ints:
    """Return the rank of each slot in the order of the keys; the order of appearance where they cannot be sorted."""
    ranks = np.arange(len(slots))
    try:
        order = slots.sort_values(list(slots.columns), kind="stable").index.to_numpy()
    except TypeError:
        return ranks
    ranks[order] = np.arange(len(slots))
    return ranks


def versions(history: History, times: VersionTimes, numbers: Sequence[int]) -> pd.DataFrame:
    """Return one row per version: number, time, rows, and the rows added, changed and removed."""
    count = len(numbers)
    last, added, changed, removed = -np.ones(len(history.slots), np.int64), [], [], []
    bounds = np.searchsorted(history.version, np.arange(count + 1))
    for start, end in pairwise(bounds):
        slots, gone = history.slot[start:end], history.deleted[start:end]
        was_there = last[slots] > 0
        added.append(int((~gone & ~was_there).sum()))
        changed.append(int((~gone & was_there).sum()))
        removed.append(int(gone.sum()))
        last[slots] = ~gone
    rows = np.cumsum(np.array(added, np.int64) - np.array(removed, np.int64))
    table = {"number": numbers, "version": times.labels, "rows": rows}
    return pd.DataFrame({**table, "added": added, "changed": changed, "removed": removed})


def series(history: History, times: VersionTimes, key: Mapping[str, Hashable] | Sequence[Hashable]) -> pd.DataFrame:
    """Return the updates of one observation, by version.

    Raises
    ------
    InvalidArgument
        If the key is incomplete, or if no version has it.
    """
    slots, keys = history.slots, list(history.slots.columns)
    given = dict(key) if isinstance(key, Mapping) else dict(zip(keys, key, strict=False))
    if set(given) != set(keys) or (not isinstance(key, Mapping) and len(key) != len(keys)):
        raise InvalidArgument(f"An observation is identified by {', '.join(keys)}.", "Write a value for each of them.")
    found = np.ones(len(slots), bool)
    for name, value in given.items():
        column = with_times(slots[name])
        if pd.api.types.is_datetime64_any_dtype(column.dtype) and not pd.isna(value):  # type: ignore[call-overload]
            time = parsed_time(value)
            value = time.tz_localize(column.dt.tz) if time.tzinfo is None else time
        found &= (column.isna() if pd.isna(value) else column == value).to_numpy(bool, na_value=False)  # type: ignore[call-overload]
    if not found.any():
        shown_key = ", ".join(f"{name}={value}" for name, value in given.items())
        raise InvalidArgument(f"No version has an observation {shown_key}.", "See archive.updates for the keys.")
    chosen = np.flatnonzero(found[history.slot])
    table: dict[Any, Any] = {"version": times.labels.take(history.version[chosen])}
    table |= {name: history.cells(name).take(chosen) for name in history.values}
    return assembled({**table, DELETED: history.deleted[chosen]})


def shown(time: Any) -> str:
    """Return a version's time as text; midnight of a day is its date.

    Examples
    --------
    >>> shown(pd.Timestamp("2026-01-04")), shown(None)
    ('2026-01-04', 'never')
    """
    if time is None:
        return "never"
    if isinstance(time, pd.Timestamp) and time.tzinfo is None and time == time.normalize():
        return time.date().isoformat()
    return str(time)
