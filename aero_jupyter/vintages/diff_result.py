"""The differences between two versions, as a table and as a change that can be applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages.cells import Ints, assembled, recast, stacked, with_named_index
from aero_jupyter.vintages.history import TableSchema
from aero_jupyter.vintages.matching import joint_codes, occurrences, positions_of


@dataclass(frozen=True)
class ColumnChanges:
    """Columns that are new or gone, and changed dtypes: name -> (from, to)."""

    added: tuple[Any, ...]
    removed: tuple[Any, ...]
    types: Mapping[Any, tuple[str, str]]


@dataclass(frozen=True, repr=False)
class Differences:
    """The differences between two versions, and the change that makes the later one.

    Attributes
    ----------
    versions : tuple
        The names of the two versions.
    keys : tuple of str
        The columns that identify a row; empty if whole rows are compared.
    note : str
        How rows were matched.
    columns : ColumnChanges
        Columns added and removed, and changed dtypes.
    counts : dict
        ``rows_from``, ``rows_to``, ``added``, ``removed``, ``changed``, ``unchanged`` (rows) and ``cells_changed``.
    cells : DataFrame
        One row per changed cell, and one per added or removed row: ``from_version``, ``to_version``, ``change``, the
        keys, ``column``, ``from_value``, ``to_value``, ``abs_diff`` and ``rel_diff`` (a share of ``from_value``).
    added, removed : DataFrame
        The rows that only the later or the earlier version has.
    changed : DataFrame
        The changed rows as the later version has them.
    new_cells : DataFrame or None
        The keys and the new columns of the rows that both versions have.
    schema : TableSchema
        The columns and dtypes of the later version.
    """

    versions: tuple[Any, Any]
    keys: tuple[str, ...]
    note: str
    columns: ColumnChanges
    counts: dict[str, int]
    cells: pd.DataFrame
    added: pd.DataFrame
    removed: pd.DataFrame
    changed: pd.DataFrame
    new_cells: pd.DataFrame | None
    schema: TableSchema

    @property
    def is_empty(self) -> bool:
        """True if the versions have the same rows and columns."""
        columns = self.columns
        return not (len(self.cells) or columns.added or columns.removed or columns.types)

    def apply(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the later version, made from the earlier one.

        Parameters
        ----------
        frame : DataFrame
            The earlier version.

        Returns
        -------
        DataFrame
            With the columns and dtypes of the later version; added rows are at the end. Cells that a tolerance made
            equal remain as they were.

        Raises
        ------
        InvalidArgument
            If the table is not the earlier version.
        """
        frame = with_named_index(frame).reset_index(drop=True)
        if len(frame) != self.counts["rows_from"] or not set(self.columns.removed) <= set(frame.columns):
            raise self._other_table()
        rows = self._remaining(frame) if self.keys else self._remaining_of_rows(frame)
        replacing = [self.changed, self.added]
        if self.new_cells is not None:
            frame = self._with_new_cells(frame)
        chosen = np.concatenate([rows, len(frame) + len(self.changed) + np.arange(len(self.added))])
        columns = {}
        for name, dtype in self.schema.dtypes:
            parts = [frame[name]] if name in frame else [self.added[name].iloc[:0].reindex(frame.index)]
            column = stacked([*parts, *(each[name] for each in replacing)]).take(chosen)
            columns[name] = recast(column, dtype)
        return assembled(columns)

    def _positions(self, frame: pd.DataFrame, rows: pd.DataFrame) -> Ints:
        """Return where rows are in a table, by their keys."""
        keys = list(self.keys)
        if not set(keys) <= set(frame.columns):
            raise self._other_table()
        codes, codes_rows, size = joint_codes(frame[keys], rows[keys])
        found = positions_of(codes, size)[codes_rows]
        if (found < 0).any():
            raise self._other_table()
        return found

    def _remaining(self, frame: pd.DataFrame) -> Ints:
        """Return the positions of the rows that are not removed; a changed row is behind the table."""
        rows = np.arange(len(frame))
        rows[self._positions(frame, self.changed)] = len(frame) + np.arange(len(self.changed))
        kept = np.ones(len(frame), bool)
        kept[self._positions(frame, self.removed)] = False
        return rows[kept]

    def _remaining_of_rows(self, frame: pd.DataFrame) -> Ints:
        if set(frame.columns) != set(self.removed.columns):
            raise self._other_table()
        codes, codes_removed, size = joint_codes(frame, self.removed[list(frame.columns)])
        present, gone = np.bincount(codes, minlength=size), np.bincount(codes_removed, minlength=size)
        if (gone > present).any():
            raise self._other_table()
        return np.flatnonzero(occurrences(codes, size) < (present - gone)[codes])

    def _with_new_cells(self, frame: pd.DataFrame) -> pd.DataFrame:
        assert self.new_cells is not None
        keys = list(self.keys)
        codes, codes_new, size = joint_codes(frame[keys], self.new_cells[keys])
        found = positions_of(codes_new, size)[codes]
        # Removed rows have no new cells; they are left out later.
        new = {
            name: self.new_cells[name].take(np.maximum(found, 0)).reset_index(drop=True)
            for name in self.columns.added
            if len(self.new_cells)
        }
        return frame.assign(**new)

    def _other_table(self) -> InvalidArgument:
        return InvalidArgument(
            f"The table is not {self.versions[0]}, from which the differences start.", "Apply them to that version."
        )

    def largest(self) -> pd.DataFrame:
        """Return the cells, changed ones first, the largest differences first."""
        order = self.cells["change"].map({"changed": 0, "added": 1, "removed": 2}).to_numpy(float)
        size = np.nan_to_num(-self.cells["abs_diff"].to_numpy(float), nan=np.inf)
        return self.cells.take(np.lexsort((size, order))).reset_index(drop=True)
