"""The ledger of a server's list: the known rows, the end and changes of the list.

The ledger only records the replies; it sends no requests.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Mapping
from typing import Any

from aero_jupyter.core.wire import Reply, Window

Row = dict[str, Any]


class PageLedger:
    """The rows of a list by position, counted from 0.

    A part that overlaps an earlier one proves that no row shifted between the two. Only a list whose parts all
    overlap, and whose end was seen, is known as a whole.

    Attributes
    ----------
    size : int or None
        Rows that the server sends at once; None until the beginning of the list was read.
    has_changed : bool
        Whether the list was seen to change while it was read.
    is_stuck : bool
        Whether the server repeats the beginning for every request.
    known_to : int
        The position after the last known row.
    """

    def __init__(self) -> None:
        self.size: int | None = None
        self.has_changed = False
        self.is_stuck = False
        self._rows: dict[int, Row] = {}
        self._positions: dict[str, int] = {}
        self._totals: list[int] = []
        self._has_wrong_total = False
        self.known_to = 0
        self._end: int | None = None
        self._upper_bound: int | None = None
        self._covered_to = 0
        self._covers_end = False
        self._disjoint_parts: list[tuple[int, int, bool]] = []
        self._shifted_by = 0

    def record(self, window: Window, reply: Reply) -> None:
        """Record the reply to a window."""
        start, stop = window.offset, window.offset + len(reply.rows)
        self._record_total(reply.total)
        if start == 0 and self.size is None and reply.rows:
            self.size = len(reply.rows)
        for position, row in enumerate(reply.rows, start):
            self._store_row(position, row)
        self._join(start, stop, self._record_end(window, stop))

    def _store_row(self, position: int, row: Row) -> None:
        key, known = row_identity(row), self._rows.get(position)
        if known is not None and row_identity(known) != key:
            self.has_changed = True
        before = self._positions.get(key, position)
        if before != position:
            self.has_changed = True
            self._shifted_by = max(self._shifted_by, position - before)
        self._rows[position] = row
        self._positions[key] = min(position, before)
        self.known_to = max(self.known_to, position + 1)

    def _record_total(self, total: int | None) -> None:
        if total is not None and total not in self._totals[-1:]:
            self._totals.append(total)
            self.has_changed = self.has_changed or len(self._totals) > 1

    def _record_end(self, window: Window, stop: int) -> bool:
        """Update the known end of the list; return whether this part is the last."""
        received = stop - window.offset
        if received and self._end is not None and stop > self._end:
            self._end, self.has_changed = None, True
        if received == 0:
            self._upper_bound = window.offset if self._upper_bound is None else min(window.offset, self._upper_bound)
            # The row that was requested again does not exist any more.
            self.has_changed = self.has_changed or window.offset in self._rows
        # A short first reply may be the server's page limit: only the next reply shows that.
        is_short = window.offset > 0 and self.size is not None and received < min(window.limit, self.size)
        if is_short and received:
            self._end = stop
        if self._upper_bound is not None and self.known_to >= self._upper_bound:
            self._end = self.known_to
        reported_total, ends = self.reported_total, [end for end in (self._end, self._upper_bound) if end is not None]
        if reported_total is not None and (self.known_to > reported_total or any(end < reported_total for end in ends)):
            self._has_wrong_total = True
        return is_short or stop == 0

    def _join(self, start: int, stop: int, is_last: bool) -> None:
        heapq.heappush(self._disjoint_parts, (start, stop, is_last))
        # Pages of one row cannot overlap.
        while self._disjoint_parts and self._disjoint_parts[0][0] < max(1, self._covered_to + (self.size == 1)):
            _, stop, is_last = heapq.heappop(self._disjoint_parts)
            self._covered_to = max(self._covered_to, stop)
            self._covers_end = self._covers_end or is_last

    def repeats(self, reply: Reply) -> bool:
        """Return whether a reply repeats the beginning of the list."""
        keys = [row_identity(row) for row in reply.rows]
        return bool(keys) and keys == [self._key_at(position) for position in range(len(keys))]

    def _key_at(self, position: int) -> str | None:
        return row_identity(self._rows[position]) if position in self._rows else None

    def count_new_rows(self, reply: Reply) -> int:
        """Return the number of new rows in a reply: by its total, otherwise by the rows of the beginning."""
        if reply.total is not None and self._totals:
            return reply.total - self._totals[0]
        return sum(row_identity(row) not in self._positions for row in reply.rows)

    def __contains__(self, position: int) -> bool:
        return position in self._rows

    def is_loaded(self, position: int) -> bool:
        """Return whether the row at a position is loaded, or known not to exist."""
        return position in self._rows or self.is_past_end(position)

    def is_past_end(self, position: int) -> bool:
        """Return whether a position is known to be past the end."""
        if position in self._rows:
            return False
        if self.is_stuck:
            return True
        ends = [end for end in (self.end, self._upper_bound) if end is not None]
        return bool(ends) and position >= min(ends)

    def middle_of_unknown(self) -> int | None:
        """Return a position half-way between the last loaded row and the upper bound; None if the end is known."""
        if self.is_stuck or self._upper_bound is None or self._end is not None or self.known_to >= self._upper_bound:
            return None
        return (self.known_to + self._upper_bound) // 2

    def consecutive_rows(self, position: int) -> Iterator[Row]:
        """Yield the consecutive loaded rows from a position on."""
        while position in self._rows:
            yield self._rows[position]
            position += 1

    def between(self, start: int, stop: int) -> list[Row]:
        """Return the rows in a range of positions, without those that also occur before the range."""
        rows = [self._rows[position] for position in range(start, stop) if position in self._rows]
        first_seen = {key: row for row in rows if self._positions[key := row_identity(row)] >= start}
        return list(first_seen.values())

    def loaded_rows(self) -> Iterator[Row]:
        """Yield every loaded row once, in order."""
        seen: set[str] = set()
        for _, row in sorted(self._rows.items(), key=lambda item: item[0]):
            if (key := row_identity(row)) not in seen:
                seen.add(key)
                yield row

    @property
    def count(self) -> int:
        """The number of different rows."""
        return len(self._positions)

    @property
    def reported_total(self) -> int | None:
        """The total that the server reports; None if it was seen to be wrong."""
        return self._totals[-1] if self._totals and not self._has_wrong_total else None

    @property
    def withheld(self) -> int:
        """The number of rows that the server counts but does not send."""
        return max(0, self._totals[-1] - self.known_to) if self._has_wrong_total and self._end is not None else 0

    @property
    def end(self) -> int | None:
        """The number of rows, by the server's total or by the end that was seen; else None."""
        reported_total = self.reported_total
        return None if self.is_stuck else reported_total if reported_total is not None else self._end

    @property
    def has_ended(self) -> bool:
        """True if the end of the list was seen, or the total is known and was reached."""
        return self._end is not None or (
            self.reported_total is not None and self.known_to >= (self.reported_total or 0)
        )

    @property
    def added_rows(self) -> int:
        """The number of rows added since the beginning was read."""
        difference = self._totals[-1] - self._totals[0] if self._totals else 0
        return max(0, difference, self._shifted_by)

    @property
    def is_complete(self) -> bool:
        """True if every row was read and no change of the list was detected meanwhile."""
        is_steady = not (self.has_changed or self.is_stuck or self._has_wrong_total)
        reported_total = self.reported_total
        return is_steady and (self._covers_end or (reported_total is not None and self._covered_to >= reported_total))


def row_identity(row: Mapping[str, Any]) -> str:
    """Return the identity of a row: its id, otherwise its content."""
    return str(row["id"]) if "id" in row else json.dumps(row, sort_keys=True, default=str)
