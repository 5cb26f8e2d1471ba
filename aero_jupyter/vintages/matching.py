"""Rows of two tables, matched by the values of key columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any  # columns of any dtype

import numpy as np
import pandas as pd

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages.cells import Ints, decategorized, stacked, uncomparable

#: Keys that an error lists.
_LISTED_KEYS = 3
#: A table of all codes may have this many times the number of rows.
_SPARSE = 4


class DuplicateKeys(InvalidArgument):
    """Several rows of a version have the same key.

    Attributes
    ----------
    duplicates : DataFrame
        One row per key: the key columns and ``rows``, the number of rows that have the key.
    """

    def __init__(self, message: str, cure: str, duplicates: pd.DataFrame) -> None:
        super().__init__(message, cure)
        self.duplicates = duplicates


def joint_codes(left: pd.DataFrame, right: pd.DataFrame) -> tuple[Ints, Ints, int]:
    """Number the distinct rows of two tables that have the same columns.

    Parameters
    ----------
    left, right : DataFrame

    Returns
    -------
    codes_left, codes_right : ndarray of int64
        Equal codes mark equal rows; a missing value equals another one.
    size : int
        All codes are less than this.

    Examples
    --------
    >>> joint_codes(pd.DataFrame({"geo": ["A", "B"]}), pd.DataFrame({"geo": ["B"]}))
    (array([1, 2]), array([2]), 3)
    """
    columns = []
    for name in left.columns:
        codes, values = _factorized(stacked([decategorized(left[name]), decategorized(right[name])]))
        columns.append((codes + 1, len(values) + 1))
    return _split(combined_codes(columns, len(left) + len(right)), len(left))


def combined_codes(columns: Iterable[tuple[Ints, int]], rows: int) -> tuple[Ints, int]:
    """Combine the codes of several columns into one code per row.

    Parameters
    ----------
    columns : iterable of pairs
        The codes of a column, and a number that is larger than all of them.
    rows : int

    Returns
    -------
    codes : ndarray of int64
    size : int
        All codes are less than this.
    """
    codes, size = np.zeros(rows, np.int64), 1
    for column_codes, count in columns:
        if size * count >= 2**62:
            codes, size = _compressed(codes)
        codes, size = codes * count + column_codes, size * count
    return _compressed(codes) if size > _SPARSE * rows else (codes, size)


def _split(numbered: tuple[Ints, int], count: int) -> tuple[Ints, Ints, int]:
    codes, size = numbered
    return codes[:count], codes[count:], size


class ColumnNumbers:
    """Numbers the values of a column; a value keeps its number as more values come.

    Examples
    --------
    >>> numbers = ColumnNumbers()
    >>> numbers.of(pd.Series(["A", None, "B"])), numbers.of(pd.Series(["B"]))
    (array([1, 0, 2]), array([2]))
    """

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}

    @property
    def size(self) -> int:
        """All numbers are less than this."""
        return len(self._numbers) + 1

    def of(self, column: pd.Series[Any]) -> Ints:
        """Return the number of each cell; 0 for a missing value."""
        codes, values = _factorized(decategorized(column))
        numbers = [self._numbers.setdefault(value, len(self._numbers) + 1) for value in values.tolist()]
        # A missing value has the code -1, which is the last element.
        return np.array([*numbers, 0], dtype=np.int64)[codes]


def _factorized(column: pd.Series[Any]) -> tuple[Ints, Any]:
    try:
        codes, values = pd.factorize(column)
    except TypeError as error:
        raise uncomparable(str(column.name)) from error
    return codes.astype(np.int64), values


def _compressed(codes: Ints) -> tuple[Ints, int]:
    dense, values = pd.factorize(codes)
    return dense.astype(np.int64), len(values)


def positions_of(codes: Ints, size: int) -> Ints:
    """Return for each code its position in `codes`, or -1.

    Examples
    --------
    >>> positions_of(np.array([2, 0]), 3)
    array([ 1, -1,  0])
    """
    positions = np.full(size, -1, np.int64)
    positions[codes] = np.arange(len(codes))
    return positions


def occurrences(codes: Ints, size: int) -> Ints:
    """Count how often each code occurred before.

    Examples
    --------
    >>> occurrences(np.array([0, 1, 0]), 2)
    array([0, 0, 1])
    """
    if len(codes) == 0 or np.bincount(codes, minlength=size).max() <= 1:
        return np.zeros(len(codes), np.int64)
    return pd.Series(codes).groupby(codes).cumcount().to_numpy().astype(np.int64)


def require_columns(
    frame: pd.DataFrame, names: Sequence[str], version: object, others: Iterable[Collection[Any]] = ()
) -> None:
    """Raise if a version lacks one of the key columns, or has two columns of one name.

    The error names the columns that the version and the others have.

    Raises
    ------
    InvalidArgument
    """
    if not frame.columns.is_unique:
        raise InvalidArgument(f"Two columns of version {version} have the same name.", "Rename one of the columns.")
    for name in names:
        if name not in frame.columns:
            every = list(others)
            common = [known for known in frame.columns if all(known in columns for columns in every)]
            cure = f"Choose keys from: {', '.join(map(str, common))}" if common else "The versions share no column."
            raise InvalidArgument(f"Version {version} has no column {name}.", cure)


def require_unique(frame: pd.DataFrame, keys: Sequence[str], version: object) -> None:
    """Raise if several rows of a version have the same key.

    Raises
    ------
    DuplicateKeys
    """
    codes, _, size = joint_codes(frame[list(keys)], frame[list(keys)].iloc[:0])
    counts = np.bincount(codes, minlength=size)
    if counts.max(initial=0) <= 1:
        return
    repeated = frame.loc[(counts[codes] > 1), list(keys)].assign(rows=counts[codes][counts[codes] > 1])
    duplicates = repeated.drop_duplicates(ignore_index=True)
    shown = [
        f"{', '.join(str(value) for value in row[:-1])} ({row[-1]} rows)"
        for row in duplicates.head(_LISTED_KEYS).itertuples(index=False, name=None)
    ]
    more = f" and {len(duplicates) - _LISTED_KEYS} more" if len(duplicates) > _LISTED_KEYS else ""
    raise DuplicateKeys(
        f"{', '.join(keys)} do not identify a row in version {version}: {'; '.join(shown)}{more}.",
        "Name more columns as keys.",
        duplicates,
    )
