"""What is known of a server's list from the parts of it that came.

Where which row stood, where the list ends, whether it moved: pure bookkeeping, nothing is asked for here.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Mapping
from typing import Any

from aero_jupyter.core.wire import Reply, Window

Row = dict[str, Any]


class Ledger:
    """Rows by their place in the list, counted from 0.

    A part that overlaps what came before proves that nothing shifted between the two: only a list whose parts all
    overlap, and whose end was seen, is known as a whole.

    Attributes
    ----------
    size : int or None
        Rows that the server gives at once; None until the beginning of the list came.
    moved : bool
        Whether the list was seen to change while it was read.
    stuck : bool
        Whether the server gives the beginning again, whatever is asked.
    known_to : int
        The place after the last that was seen to hold a row.
    """

    def __init__(self) -> None:
        self.size: int | None = None
        self.moved = False
        self.stuck = False
        self._rows: dict[int, Row] = {}
        self._places: dict[str, int] = {}
        self._totals: list[int] = []
        self._is_misled = False
        self.known_to = 0
        self._end: int | None = None
        self._ceiling: int | None = None
        self._joined_to = 0
        self._is_closed = False
        self._apart: list[tuple[int, int, bool]] = []
        self._pushed = 0

    def learn(self, window: Window, reply: Reply) -> None:
        """Take in what came for a window."""
        start, stop = window.offset, window.offset + len(reply.rows)
        self._learn_total(reply.total)
        if start == 0 and self.size is None and reply.rows:
            self.size = len(reply.rows)
        for place, row in enumerate(reply.rows, start):
            self._put(place, row)
        self._join(start, stop, self._learn_end(window, stop))

    def _put(self, place: int, row: Row) -> None:
        key, known = key_of(row), self._rows.get(place)
        if known is not None and key_of(known) != key:
            self.moved = True
        before = self._places.get(key, place)
        if before != place:
            self.moved = True
            self._pushed = max(self._pushed, place - before)
        self._rows[place] = row
        self._places[key] = min(place, before)
        self.known_to = max(self.known_to, place + 1)

    def _learn_total(self, total: int | None) -> None:
        if total is not None and total not in self._totals[-1:]:
            self._totals.append(total)
            self.moved = self.moved or len(self._totals) > 1

    def _learn_end(self, window: Window, stop: int) -> bool:
        """Learn where the list ends; say whether this part is its last."""
        got = stop - window.offset
        if got and self._end is not None and stop > self._end:
            self._end, self.moved = None, True
        if got == 0:
            self._ceiling = window.offset if self._ceiling is None else min(window.offset, self._ceiling)
            # What was asked for again is not there any more.
            self.moved = self.moved or window.offset in self._rows
        # A short beginning may be all that the server gives at once: what follows it tells.
        is_short = window.offset > 0 and self.size is not None and got < min(window.limit, self.size)
        if is_short and got:
            self._end = stop
        if self._ceiling is not None and self.known_to >= self._ceiling:
            self._end = self.known_to
        told, ends = self.told, [end for end in (self._end, self._ceiling) if end is not None]
        if told is not None and (self.known_to > told or any(end < told for end in ends)):
            self._is_misled = True
        return is_short or stop == 0

    def _join(self, start: int, stop: int, is_last: bool) -> None:
        heapq.heappush(self._apart, (start, stop, is_last))
        # Where the server gives one row at a time, there is none to share.
        while self._apart and self._apart[0][0] < max(1, self._joined_to + (self.size == 1)):
            _, stop, is_last = heapq.heappop(self._apart)
            self._joined_to = max(self._joined_to, stop)
            self._is_closed = self._is_closed or is_last

    def repeats(self, reply: Reply) -> bool:
        """Whether an answer is the beginning of the list once more."""
        keys = [key_of(row) for row in reply.rows]
        return bool(keys) and keys == [self._key_at(place) for place in range(len(keys))]

    def _key_at(self, place: int) -> str | None:
        return key_of(self._rows[place]) if place in self._rows else None

    def new_in(self, reply: Reply) -> int:
        """Count the rows that were not there: as a total tells, or among those of the beginning."""
        if reply.total is not None and self._totals:
            return reply.total - self._totals[0]
        return sum(key_of(row) not in self._places for row in reply.rows)

    def __contains__(self, place: int) -> bool:
        return place in self._rows

    def has(self, place: int) -> bool:
        """Whether the row of a place is here, or known not to be there."""
        return place in self._rows or self.is_past_end(place)

    def is_past_end(self, place: int) -> bool:
        """Whether nothing can stand at a place, as far as is known."""
        if place in self._rows:
            return False
        if self.stuck:
            return True
        ends = [end for end in (self.end, self._ceiling) if end is not None]
        return bool(ends) and place >= min(ends)

    def gap(self) -> int | None:
        """Give a place half-way between what is here and past the end; None where the end is known."""
        if self.stuck or self._ceiling is None or self._end is not None or self.known_to >= self._ceiling:
            return None
        return (self.known_to + self._ceiling) // 2

    def run_from(self, place: int) -> Iterator[Row]:
        """Give the rows that stand one after the other from a place on."""
        while place in self._rows:
            yield self._rows[place]
            place += 1

    def between(self, start: int, stop: int) -> list[Row]:
        """Give the rows of some places, without those that stood before them too."""
        rows = [self._rows[place] for place in range(start, stop) if place in self._rows]
        fresh = {key: row for row in rows if self._places[key := key_of(row)] >= start}
        return list(fresh.values())

    def so_far(self) -> Iterator[Row]:
        """Give every row once, in order."""
        seen: set[str] = set()
        for _, row in sorted(self._rows.items(), key=lambda item: item[0]):
            if (key := key_of(row)) not in seen:
                seen.add(key)
                yield row

    @property
    def count(self) -> int:
        """How many different rows came."""
        return len(self._places)

    @property
    def told(self) -> int | None:
        """How many rows the server tells that there are, unless that was seen to be wrong."""
        return self._totals[-1] if self._totals and not self._is_misled else None

    @property
    def withheld(self) -> int:
        """How many rows the server tells of and does not give."""
        return max(0, self._totals[-1] - self.known_to) if self._is_misled and self._end is not None else 0

    @property
    def end(self) -> int | None:
        """How many rows there are, as the server tells or as its end was seen; else None."""
        told = self.told
        return None if self.stuck else told if told is not None else self._end

    @property
    def has_ended(self) -> bool:
        """Whether its end was seen, or told and reached."""
        return self._end is not None or (self.told is not None and self.known_to >= (self.told or 0))

    @property
    def grown(self) -> int:
        """How many rows came since the beginning was read: told, or pushed along."""
        told = self._totals[-1] - self._totals[0] if self._totals else 0
        return max(0, told, self._pushed)

    @property
    def complete(self) -> bool:
        """Whether everything was read, and nothing moved meanwhile as far as the server lets one see."""
        steady = not (self.moved or self.stuck or self._is_misled)
        told = self.told
        return steady and (self._is_closed or (told is not None and self._joined_to >= told))


def key_of(row: Mapping[str, Any]) -> str:
    """Give what tells a row from others."""
    return str(row["id"]) if "id" in row else json.dumps(row, sort_keys=True, default=str)
