"""The rows of all versions, each stored once: a row is in force until a later row has its key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any  # columns and dtypes

import numpy as np
import numpy.typing as npt
import pandas as pd

from aero_jupyter.vintages.cells import Bools, Ints, assembled, recast

Positions = npt.NDArray[np.int32]


@dataclass(frozen=True)
class TableSchema:
    """The columns of a version, in order, with their dtypes."""

    dtypes: tuple[tuple[Any, Any], ...]

    @property
    def columns(self) -> tuple[Any, ...]:
        """The names of the columns."""
        return tuple(name for name, _ in self.dtypes)

    @classmethod
    def of(cls, frame: pd.DataFrame) -> TableSchema:
        """Return the schema of a table."""
        return cls(tuple(zip(frame.columns, frame.dtypes, strict=True)))


@dataclass(frozen=True)
class History:
    """The updates of all versions, column by column.

    Attributes
    ----------
    slots : DataFrame
        The key columns; one row per observation that was ever there. Of rows that share a key, each has a slot.
    occurrence : ndarray of int64
        For each slot, the number of slots before it that have the same key.
    slot, version : ndarray of int64
        For each update, the row of `slots` and the index of the version, counted from 0; ascending by version.
    deleted : ndarray of bool
        Whether the update removes the row.
    values : Mapping of str to Series
        The other columns, one cell per update. The cell of a removal or of a lacking column is arbitrary.
    schemas : tuple of TableSchema
        The columns of each version.
    orders : Mapping of int to ndarray of int32
        The slots of a version in the order of its rows, where that is not ascending.
    """

    slots: pd.DataFrame
    occurrence: Ints
    slot: Ints
    version: Ints
    deleted: Bools
    values: Mapping[Any, pd.Series[Any]]
    schemas: tuple[TableSchema, ...]
    orders: Mapping[int, Positions]

    @property
    def has_duplicates(self) -> bool:
        """True if rows of a version share a key."""
        return bool(self.occurrence.any())

    def rows_at(self, version: int) -> Ints:
        """Return the updates in force at a version, in the order of its rows."""
        end = int(np.searchsorted(self.version, version, side="right"))
        current = np.full(len(self.slots), -1, np.int64)
        # Later updates of a slot overwrite the earlier ones.
        current[self.slot[:end]] = np.arange(end)
        order = self.orders.get(version)
        rows = current[current >= 0] if order is None else current[order]
        return rows[~self.deleted[rows]]

    def snapshot(self, version: int) -> pd.DataFrame:
        """Return a version as it was stored: its rows in their order, with its columns and dtypes."""
        rows = self.rows_at(version)
        columns = {}
        for name, dtype in self.schemas[version].dtypes:
            found = self.slots[name].take(self.slot[rows]) if name in self.slots else self.values[name].take(rows)
            columns[name] = recast(found, dtype)
        return assembled(columns)

    def is_absent(self, name: Any) -> Bools:
        """Return for each update whether it has no cell in a column: a removal, or a version without the column."""
        lacking = np.array([name not in schema.columns for schema in self.schemas], dtype=bool)
        absent: Bools = self.deleted | lacking[self.version]
        return absent

    def cells(self, name: Any) -> pd.Series[Any]:
        """Return a column of the updates; absent cells are missing values."""
        absent = self.is_absent(name)
        column = self.values[name]
        # float64 would round integers beyond 2**53.
        nullable: Any = {"i": "Int64", "u": "UInt64", "b": "boolean"}.get(column.dtype.kind)
        if not absent.any():
            return column
        return (column.astype(nullable) if nullable and isinstance(column.dtype, np.dtype) else column).mask(absent)

    def until(self, version: int) -> History:
        """Return the history as it was known at a version."""
        end = int(np.searchsorted(self.version, version, side="right"))
        schemas = self.schemas[: version + 1]
        names = {name for schema in schemas for name in schema.columns}
        slots = int(self.slot[:end].max(initial=-1)) + 1
        return replace(
            self,
            slots=self.slots.iloc[:slots],
            occurrence=self.occurrence[:slots],
            slot=self.slot[:end],
            version=self.version[:end],
            deleted=self.deleted[:end],
            values={name: column.iloc[:end] for name, column in self.values.items() if name in names},
            schemas=schemas,
            orders={number: order for number, order in self.orders.items() if number <= version},
        )
