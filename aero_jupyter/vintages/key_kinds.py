"""Keys of one kind: the text 2026-01-01 of a CSV file and the date of a Parquet file are no equal keys."""

from __future__ import annotations

import datetime as dt
import numbers
from typing import TYPE_CHECKING, Any  # columns of any dtype

import pandas as pd

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages.cells import decategorized

if TYPE_CHECKING:
    from aero_jupyter.vintages.stored_versions import StoredVersions

_KINDS = {str: "texts", numbers.Number: "numbers", dt.date: "dates"}


def kinds_of(column: pd.Series[Any]) -> set[str]:
    """Return the kinds of the values of a column.

    Examples
    --------
    >>> sorted(kinds_of(pd.Series(["all", 5, None], dtype=object)))
    ['numbers', 'texts']
    """
    types = {type(value) for value in decategorized(column).dropna().unique()}
    return {next((word for base, word in _KINDS.items() if issubclass(each, base)), each.__name__) for each in types}


def require_one_kind(archive: StoredVersions) -> None:
    """Raise if a key is of one kind in some versions and of another kind in others.

    A key that mixes kinds in the same way in every version is allowed.

    Raises
    ------
    InvalidArgument
    """
    for name in archive.keys:
        column = archive.history.slots[name]
        if column.dtype == object and len(_dtypes(archive, name)) > 1 and len(kinds := kinds_of(column)) > 1:
            raise _of_two_kinds(name, kinds, "versions")


def require_equal_kinds(archive: StoredVersions, other: StoredVersions) -> None:
    """Raise if a key is of one kind in one archive and of another kind in the other.

    Raises
    ------
    InvalidArgument
    """
    for name in archive.keys:
        kinds = [kinds_of(each.history.slots[name]) for each in (archive, other)]
        if all(kinds) and not kinds[0] & kinds[1]:
            raise _of_two_kinds(name, kinds[0] | kinds[1], "archives")


def _dtypes(archive: StoredVersions, name: str) -> set[Any]:
    return {dtype for schema in archive.history.schemas for column, dtype in schema.dtypes if column == name}


def _of_two_kinds(name: str, kinds: set[str], where: str) -> InvalidArgument:
    return InvalidArgument(
        f"The {where} have different kinds of the key {name}: {' and '.join(sorted(kinds))}.",
        f"Convert the key before you build the archive: frame[{name!r}] = frame[{name!r}].astype(str)",
    )
