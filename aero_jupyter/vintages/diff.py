"""The comparison of two versions of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any  # columns of any dtype, names of versions

import numpy as np
import pandas as pd

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages.cells import Bools, Ints, equal_cells, with_named_index
from aero_jupyter.vintages.diff_cells import canonical, changed_cells, whole_rows
from aero_jupyter.vintages.diff_result import ColumnChanges
from aero_jupyter.vintages.diff_text import Diff
from aero_jupyter.vintages.history import TableSchema
from aero_jupyter.vintages.key_guess import guessed_keys
from aero_jupyter.vintages.matching import joint_codes, occurrences, positions_of, require_columns, require_unique


def diff(
    left: pd.DataFrame,
    right: pd.DataFrame,
    keys: Sequence[str] | None = None,
    *,
    abs_tol: float = 0.0,
    rel_tol: float = 0.0,
    from_version: Any = "from",
    to_version: Any = "to",
) -> Diff:
    """Compare two versions of a table.

    Missing values equal each other, and 1 equals 1.0. The order of rows and a changed dtype change no cell.

    Parameters
    ----------
    left, right : DataFrame
        The earlier and the later version.
    keys : sequence of str, optional
        The columns that identify a row. By default, the fewest columns that do so in both versions. With ``[]``, and
        where no columns do, whole rows are compared: rows are then only added and removed.
    abs_tol, rel_tol : float
        Numbers are equal up to ``max(abs_tol, rel_tol * abs(earlier))``.
    from_version, to_version : object
        The names of the versions.

    Returns
    -------
    Diff

    Raises
    ------
    DuplicateKeys
        If several rows of a version have the same key.
    InvalidArgument
        If a version lacks a key column, or has cells that cannot be compared.

    Examples
    --------
    >>> import pandas as pd
    >>> left = pd.DataFrame({"geo": ["A", "B"], "cases": [10, 5]})
    >>> print(diff(left, pd.DataFrame({"geo": ["A", "C"], "cases": [14, 1]}), keys=["geo"]))
    from -> to, by geo: 2 -> 2 rows; 1 added, 1 removed, 1 changed, 0 unchanged
    changed  A  cases: 10 -> 14 (+40%)
    added    C  cases: 1
    removed  B  cases: 5
    """
    names, note = ([keys] if isinstance(keys, str) else keys), ""
    _require_tolerances(abs_tol, rel_tol)
    left, right = with_named_index(left), with_named_index(right)
    for frame, version, other in ((left, from_version, right), (right, to_version, left)):
        require_columns(frame, names or [], version, [other.columns])
    left, right = left.reset_index(drop=True), right.reset_index(drop=True)
    if names is None:
        names = guessed_keys(left, right)
        note = f"{', '.join(names)} (guessed)" if names else "no columns identify a row: whole rows are compared"
    elif not names:
        note = "whole rows are compared"
    versions = (from_version, to_version)
    if not names:
        return _diff_of_rows(left, right, versions, note)
    return _diff_by_key(left, right, tuple(names), versions, note or ", ".join(names), (abs_tol, rel_tol))


def _require_tolerances(*tolerances: float) -> None:
    for tolerance in tolerances:
        if not tolerance >= 0:
            raise InvalidArgument(f"{tolerance} is no tolerance.", "Write a number that is not negative.")


def _diff_by_key(
    left: pd.DataFrame,
    right: pd.DataFrame,
    keys: tuple[str, ...],
    versions: tuple[Any, Any],
    note: str,
    tolerances: tuple[float, float],
) -> Diff:
    in_right = _partners(left, right, keys, versions)
    kept = np.flatnonzero(in_right >= 0)
    partner = in_right[kept]
    is_added = np.ones(len(right), bool)
    is_added[partner] = False
    differing = _differing(left, right, keys, kept, partner, tolerances)
    added, removed = right.loc[is_added], left.loc[in_right < 0]
    changed = np.logical_or.reduce([np.zeros(len(kept), bool), *differing.values()])
    counts = _counts(left, right, len(added), len(removed), int(changed.sum()))
    counts["cells_changed"] = int(sum(int(each.sum()) for each in differing.values()))
    parts = [
        changed_cells(left, right, keys, name, kept[differs], partner[differs])
        for name, differs in differing.items()
        if differs.any()
    ]
    parts += [whole_rows(added, keys, "added"), whole_rows(removed, keys, "removed")]
    new = [name for name in right.columns if name not in left.columns]
    return Diff(
        versions=versions,
        keys=keys,
        note=note,
        columns=_column_changes(left, right),
        counts=counts,
        cells=canonical(parts, keys, versions),
        added=added.reset_index(drop=True),
        removed=removed.reset_index(drop=True),
        changed=right.loc[partner[changed]].reset_index(drop=True),
        new_cells=right.loc[partner, [*keys, *new]].reset_index(drop=True) if new else None,
        schema=TableSchema.of(right),
    )


def _differing(
    left: pd.DataFrame,
    right: pd.DataFrame,
    keys: tuple[str, ...],
    kept: Ints,
    partner: Ints,
    tolerances: tuple[float, float],
) -> dict[Any, Bools]:
    """Return for each common column that is no key which cells differ, at the positions of the common rows."""
    common = [name for name in left.columns if name in right.columns and name not in keys]
    return {name: ~equal_cells(_taken(left[name], kept), _taken(right[name], partner), *tolerances) for name in common}


def _partners(left: pd.DataFrame, right: pd.DataFrame, keys: tuple[str, ...], versions: tuple[Any, Any]) -> Ints:
    """Return for each row of the earlier version its position in the later one, or -1."""
    codes_left, codes_right, size = joint_codes(left[list(keys)], right[list(keys)])
    for frame, codes, version in zip((left, right), (codes_left, codes_right), versions, strict=True):
        if np.bincount(codes, minlength=size).max(initial=0) > 1:
            require_unique(frame, keys, version)
    return positions_of(codes_right, size)[codes_left]


def _taken(column: pd.Series[Any], rows: Ints) -> pd.Series[Any]:
    """Return the cells at ascending or any other positions; all of them need no copy."""
    if len(rows) == len(column) and (rows == np.arange(len(rows))).all():
        return column
    return column.take(rows)


def _counts(left: pd.DataFrame, right: pd.DataFrame, added: int, removed: int, changed: int) -> dict[str, int]:
    rows = {"rows_from": len(left), "rows_to": len(right)}
    unchanged = len(left) - removed - changed
    return rows | {"added": added, "removed": removed, "changed": changed, "unchanged": unchanged, "cells_changed": 0}


def _column_changes(left: pd.DataFrame, right: pd.DataFrame) -> ColumnChanges:
    common = [name for name in left.columns if name in right.columns]
    types = {
        name: (str(left[name].dtype), str(right[name].dtype))
        for name in common
        if left[name].dtype != right[name].dtype and not (_is_text(left[name]) and _is_text(right[name]))
    }
    return ColumnChanges(
        added=tuple(name for name in right.columns if name not in left.columns),
        removed=tuple(name for name in left.columns if name not in right.columns),
        types=types,
    )


def _is_text(column: pd.Series[Any]) -> bool:
    """Return whether a column holds texts, as pandas 2 and pandas 3 store them."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return False
    return bool(pd.api.types.is_string_dtype(column.dropna()))


def _diff_of_rows(left: pd.DataFrame, right: pd.DataFrame, versions: tuple[Any, Any], note: str) -> Diff:
    """Compare whole rows: of rows that are equal, as many are unchanged as both versions have."""
    is_removed, is_added = np.ones(len(left), bool), np.ones(len(right), bool)
    if set(left.columns) == set(right.columns):
        codes_left, codes_right, size = joint_codes(left, right[list(left.columns)])
        is_removed = _surplus(codes_left, codes_right, size)
        is_added = _surplus(codes_right, codes_left, size)
    added, removed = right.loc[is_added].reset_index(drop=True), left.loc[is_removed].reset_index(drop=True)
    return Diff(
        versions=versions,
        keys=(),
        note=note,
        columns=_column_changes(left, right),
        counts=_counts(left, right, len(added), len(removed), 0),
        cells=canonical([whole_rows(added, (), "added"), whole_rows(removed, (), "removed")], (), versions),
        added=added,
        removed=removed,
        changed=right.iloc[:0],
        new_cells=None,
        schema=TableSchema.of(right),
    )


def _surplus(codes: Ints, other: Ints, size: int) -> Bools:
    """Return which rows are more than the other version has of them."""
    if not len(codes):
        return np.zeros(0, bool)
    more: Bools = occurrences(codes, size) >= np.bincount(other, minlength=size)[codes]
    return more
