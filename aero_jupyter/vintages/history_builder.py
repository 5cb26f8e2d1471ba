"""Versions are added to a history one by one: each is compared with the version before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast  # columns of any dtype

import numpy as np
import pandas as pd

from aero_jupyter.vintages.cells import Bools, Ints, decategorized, equal_cells, stacked, with_named_index
from aero_jupyter.vintages.history import History, Positions, TableSchema
from aero_jupyter.vintages.matching import ColumnNumbers, combined_codes, occurrences, positions_of, require_columns


@dataclass(frozen=True)
class UpdateBlock:
    """The updates of one version, or of several: `frame` has the cells of those that are not `deleted`."""

    slot: Ints
    version: Ints
    deleted: Bools
    frame: pd.DataFrame


class HistoryBuilder:
    """Collects versions in ascending order.

    Parameters
    ----------
    keys : sequence of str
        The columns that identify a row.
    history : History, optional
        The history to continue.
    """

    def __init__(self, keys: Sequence[str], history: History | None = None) -> None:
        self.keys = list(keys)
        self._blocks: list[UpdateBlock] = []
        self._schemas: list[TableSchema] = []
        self._orders: dict[int, Positions] = {}
        self._slots: pd.DataFrame | None = None
        self._occurrence: Ints = np.zeros(0, np.int64)
        self._numbers = [ColumnNumbers() for _ in keys]
        #: For each key column, the numbers of the values of the slots.
        self._slot_numbers: list[Ints] = [np.zeros(0, np.int64) for _ in keys]
        self._last: pd.DataFrame | None = None
        self._last_slots: Ints = np.zeros(0, np.int64)
        if history is not None and history.schemas:
            self._continue(history)

    def _continue(self, history: History) -> None:
        cells = pd.DataFrame(dict(history.values), index=pd.RangeIndex(len(history.slot)))
        # Removals keep their arbitrary cells: they are told apart by `deleted`.
        self._blocks = [UpdateBlock(history.slot, history.version, history.deleted, cells)]
        self._schemas, self._orders = list(history.schemas), dict(history.orders)
        self._slots, self._occurrence = history.slots, history.occurrence
        self._slot_numbers = self._numbers_of(history.slots)
        last = len(history.schemas) - 1
        self._last, self._last_slots = history.snapshot(last), history.slot[history.rows_at(last)]

    def add(self, frame: pd.DataFrame, label: object) -> None:
        """Add the next version.

        Raises
        ------
        InvalidArgument
            If the version lacks a key column, or has cells that cannot be compared.
        """
        frame = with_named_index(frame)
        require_columns(frame, self.keys, label, (schema.columns for schema in self._schemas))
        frame = frame.reset_index(drop=True)
        schema = TableSchema.of(frame)
        if self._schemas and schema.dtypes == self._schemas[-1].dtypes:
            schema = self._schemas[-1]
        slots = self._slots_of(frame)
        changed, gone = self._compared(frame, slots)
        number = len(self._schemas)
        updated = np.concatenate([slots[changed], gone])
        removal = np.repeat([False, True], [int(changed.sum()), len(gone)])
        cells = frame.loc[changed].drop(columns=self.keys)
        self._blocks.append(UpdateBlock(updated, np.full(len(updated), number), removal, cells))
        if len(slots) > 1 and not (slots[1:] > slots[:-1]).all():
            self._orders[number] = slots.astype(np.int32)
        self._schemas.append(schema)
        self._last, self._last_slots = frame, slots

    def _slots_of(self, frame: pd.DataFrame) -> Ints:
        """Return the slot of each row; keys that were never seen receive new ones."""
        rows, numbers = frame[self.keys], self._numbers_of(frame)
        known = rows.iloc[:0] if self._slots is None else self._slots
        both = [np.concatenate(pair) for pair in zip(self._slot_numbers, numbers, strict=True)]
        sizes = [each.size for each in self._numbers]
        joint, size = combined_codes(zip(both, sizes, strict=True), len(known) + len(rows))
        codes_known, codes = joint[: len(known)], joint[len(known) :]
        occurrence = occurrences(codes, size)
        repeats = int(max(occurrence.max(initial=0), self._occurrence.max(initial=0))) + 1
        found = positions_of(codes_known * repeats + self._occurrence, size * repeats)[codes * repeats + occurrence]
        unseen = found < 0
        if unseen.any() or self._slots is None:
            added = rows.loc[unseen]
            parts = {name: [decategorized(known[name]), decategorized(added[name])] for name in self.keys}
            self._slots = pd.DataFrame({name: stacked(pair) for name, pair in parts.items()})
            self._occurrence = np.concatenate([self._occurrence, occurrence[unseen]])
            pairs = zip(self._slot_numbers, numbers, strict=True)
            self._slot_numbers = [np.concatenate([old, new[unseen]]) for old, new in pairs]
            found[unseen] = len(known) + np.arange(len(added))
        return cast(Ints, found)

    def _numbers_of(self, frame: pd.DataFrame) -> list[Ints]:
        return [numbers.of(frame[name]) for numbers, name in zip(self._numbers, self.keys, strict=True)]

    def _compared(self, frame: pd.DataFrame, slots: Ints) -> tuple[Bools, Ints]:
        """Return which rows differ from the last version, and the slots that it had and this one lacks."""
        changed = np.ones(len(frame), bool)
        if self._last is None:
            return changed, np.zeros(0, np.int64)
        positions = positions_of(self._last_slots, len(self._occurrence))
        present = np.zeros(len(self._occurrence), bool)
        present[slots] = True
        gone = self._last_slots[~present[self._last_slots]]
        if set(frame.columns) == set(self._last.columns):
            before = positions[slots]
            kept = np.flatnonzero(before >= 0)
            changed[kept] = ~self._equal_rows(self._last, before[kept], frame, kept)
        return changed, gone

    def _equal_rows(self, last: pd.DataFrame, before: Ints, frame: pd.DataFrame, kept: Ints) -> Bools:
        equal = np.ones(len(kept), bool)
        for name in frame.columns:
            if name not in self.keys:
                equal &= equal_cells(last[name].take(before), frame[name].take(kept))
        return equal

    def history(self) -> History:
        """Return the history of the versions added so far."""
        names = dict.fromkeys(name for block in self._blocks for name in block.frame.columns)
        slots = pd.DataFrame(columns=self.keys) if self._slots is None else self._slots
        return History(
            slots=slots,
            occurrence=self._occurrence,
            slot=self._joined([block.slot for block in self._blocks]),
            version=self._joined([block.version for block in self._blocks]),
            deleted=self._joined([block.deleted for block in self._blocks]).astype(bool),
            values={name: self._column(name) for name in names},
            schemas=tuple(self._schemas),
            orders=self._orders,
        )

    @staticmethod
    def _joined(parts: list[Any]) -> Any:
        return np.concatenate([np.zeros(0, np.int64), *parts])

    def _column(self, name: Any) -> pd.Series[Any]:
        """Concatenate a column of all blocks; where a block has no cell, any cell stands for it."""
        parts, positions, start = [], [], 0
        for block in self._blocks:
            cells = len(block.frame) if name in block.frame else 0
            if cells:
                parts.append(block.frame[name])
            positions += [np.arange(start, start + cells), np.zeros(len(block.slot) - cells, np.int64)]
            start += cells
        indexer = np.concatenate(positions)
        if not parts:
            dtype = next(block.frame[name].dtype for block in self._blocks if name in block.frame)
            return pd.Series(np.full(len(indexer), None), dtype=object) if len(indexer) else pd.Series(dtype=dtype)
        return stacked(parts).take(indexer).reset_index(drop=True)
