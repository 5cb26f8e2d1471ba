"""Pages of a list: lazy, fetched once, and honest about what they cover."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import count, islice
from threading import Lock
from typing import Any, Generic, TypeVar

from aero_jupyter.client.transport import MOST_AT_ONCE
from aero_jupyter.core.wire import PAGE_SIZE, Reply

T = TypeVar("T")
Row = dict[str, Any]
#: Told the rows read so far, and how many there are where that is known.
Progress = Callable[[int, "int | None"], None]

_EMPTY = Reply(())


class Pages(Generic[T]):
    """A list of a server, seen as pages or as items. Nothing is sent until it is looked at.

    Threads may share it. Iterating gives items: rows that came twice, because rows were inserted while the list was
    read, are given once.

    Parameters
    ----------
    fetch : callable
        Gives one page by its number, counted from 1; an empty one past the end.
    decode : callable
        Makes an item of a row.
    size : int
        Rows on a full page.
    """

    def __init__(
        self,
        fetch: Callable[[int], Reply],
        decode: Callable[[Mapping[str, Any]], T],
        *,
        size: int = PAGE_SIZE,
    ) -> None:
        self._fetch = fetch
        self._decode = decode
        self._size = size
        self._lock = Lock()
        self._asked: dict[int, Future[None]] = {}
        self._rows: dict[int, tuple[Row, ...]] = {}
        self._by_keys: dict[tuple[str, ...], int] = {}
        self._seen: set[str] = set()
        self._read = 0
        self._totals: list[int] = []
        self._last = 0
        self._first_empty: int | None = None
        self._stuck = False

    def __repr__(self) -> str:
        return f"Pages({self._read} rows read, {'the end was reached' if self.ended else 'there may be more'})"

    def __iter__(self) -> Iterator[T]:
        seen: set[str] = set()
        for row in (row for page in self.raw_pages() for row in page):
            if (key := _key(row)) not in seen:
                seen.add(key)
                yield self._decode(row)

    def page(self, number: int) -> tuple[T, ...]:
        """Give page `number`, counted from 1, as the server sent it; empty past the end."""
        return tuple(map(self._decode, self._page(number)))

    def pages(self) -> Iterator[tuple[T, ...]]:
        """Go through the pages."""
        return (tuple(map(self._decode, rows)) for rows in self.raw_pages())

    def raw_pages(self) -> Iterator[list[Row]]:
        """Go through the pages as the server's own records."""
        for number in count(1):
            if rows := self._page(number):
                yield list(rows)
            elif number > self._last:
                return

    def all(self, progress: Progress | None = None) -> list[T]:
        """Fetch everything, several pages at a time. When interrupted, what came is kept for the next look."""
        self.prefetch(progress=progress)
        return list(self)

    def has(self, number: int) -> bool:
        """Whether a page is here, or known to be past the end."""
        with self._lock:
            return number in self._rows or self._is_past_end(number)

    def fresh(self, number: int) -> tuple[T, ...]:
        """Give page `number` without the rows that an earlier page has shown, because rows were inserted meanwhile."""
        rows = self._page(number)
        with self._lock:
            earlier = {_key(row) for page, known in self._rows.items() if page < number for row in known}
        return tuple(self._decode(row) for row in rows if _key(row) not in earlier)

    def so_far(self) -> list[T]:
        """Give what was fetched until now, without asking for more."""
        with self._lock:
            rows = {_key(row): row for number in sorted(self._rows, reverse=True) for row in self._rows[number][::-1]}
        return [self._decode(row) for row in reversed(rows.values())]

    def prefetch(self, workers: int = MOST_AT_ONCE, limit: int | None = None, progress: Progress | None = None) -> None:
        """Fetch the pages ahead, several at a time.

        Parameters
        ----------
        workers : int
            Requests at once; never more than 8.
        limit : int, optional
            The last page to fetch; without it, all of them.
        progress : callable, optional
            Called after each page with the rows read so far and the total, None while it is not known.
        """
        self._page(1)
        missing = self._missing(limit)
        workers = min(workers, MOST_AT_ONCE)
        pool = ThreadPoolExecutor(workers, thread_name_prefix="aero-pages")
        try:
            under_way: set[Future[tuple[Row, ...]]] = set()
            # The window grows, so that a short list of unknown length does not cost eight requests.
            window = 1 if self.total is None else workers
            while under_way := under_way | self._start(pool, islice(missing, window - len(under_way))):
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                window = min(workers, window + sum(bool(ready.result()) for ready in done))
                if progress:
                    progress(self._read, self.total)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    @property
    def ended(self) -> bool:
        """Whether the end of the list was reached."""
        with self._lock:
            return self._has_ended()

    @property
    def end(self) -> int | None:
        """How many rows there are: as the server told, or as counted where the end was reached; else None."""
        with self._lock:
            if self._totals:
                return self._totals[-1]
            if not self._has_ended():
                return None
            return max(0, self._last - 1) * self._size + len(self._rows.get(self._last, ()))

    @property
    def told(self) -> bool:
        """Whether the server tells how many rows there are."""
        return bool(self._totals)

    @property
    def grown(self) -> int:
        """How many rows came since the first page was asked for, where the server tells."""
        return max(0, self._totals[-1] - self._totals[0]) if self._totals else 0

    @property
    def complete(self) -> bool:
        """Whether everything was read, and nothing moved meanwhile as far as the server lets one see."""
        with self._lock:
            steady = self._has_ended() and not self._stuck and not self._has_moved()
            whole = all(number in self._rows for number in range(1, self._last + 1))
            return steady and whole and (not self._totals or self._totals[-1] == len(self._seen))

    @property
    def total(self) -> int | None:
        """How many rows there are: as the server told, or as counted once everything was read; else None."""
        if self._totals:
            return self._totals[-1]
        return len(self._seen) if self.complete else None

    @property
    def repeated(self) -> int:
        """How many rows came more than once."""
        return self._read - len(self._seen)

    @property
    def moved(self) -> bool:
        """Whether the catalogue was seen to change while it was read."""
        with self._lock:
            return self._has_moved()

    def _start(self, pool: ThreadPoolExecutor, numbers: Iterator[int]) -> set[Future[tuple[Row, ...]]]:
        return {pool.submit(self._page, number) for number in numbers}

    def _missing(self, limit: int | None) -> Iterator[int]:
        for number in count(1):
            with self._lock:
                if self._is_past_end(number) or (limit is not None and number > limit):
                    return
                asked = number in self._asked
            if not asked:
                yield number

    def _page(self, number: int) -> tuple[Row, ...]:
        with self._lock:
            if number < 1 or (number not in self._asked and self._is_past_end(number)):
                return ()
            mine = number not in self._asked
            arrival = self._asked.setdefault(number, Future())
        if mine:
            self._get(number, arrival)
        arrival.result()
        with self._lock:
            return self._rows.get(number, ())

    def _get(self, number: int, arrival: Future[None]) -> None:
        try:
            reply = self._fetch(number)
        except BaseException as error:
            with self._lock:
                del self._asked[number]
            arrival.set_exception(error)
            raise
        with self._lock:
            self._learn(number, reply)
        arrival.set_result(None)

    def _learn(self, number: int, reply: Reply) -> None:
        keys = tuple(map(_key, reply.rows))
        if reply.total is not None and reply.total not in self._totals[-1:]:
            self._totals.append(reply.total)
        twin = self._by_keys.get(keys) if keys and not self._totals else None
        if twin is not None:
            # The server sends the same page whatever is asked: the page with the lower number is the real one.
            self._stuck = True
            self._rows[min(twin, number)] = reply.rows
            self._by_keys[keys] = min(twin, number)
            self._rows.pop(number := max(twin, number), None)
            self._last = max((known for known, rows in self._rows.items() if rows), default=0)
            reply = _EMPTY
        self._rows[number] = reply.rows
        if not reply.rows:
            self._first_empty = min(number, self._first_empty or number)
            return
        self._by_keys[keys] = number
        self._last = max(self._last, number)
        self._read += len(keys)
        self._seen.update(keys)

    def _has_ended(self) -> bool:
        if self._first_empty == self._last + 1:
            return True
        if self._totals and self._last * self._size >= self._totals[-1]:
            return True
        return 0 < len(self._rows.get(self._last, ())) < self._size

    def _is_past_end(self, number: int) -> bool:
        if number <= self._last:
            return False
        told = bool(self._totals) and (number - 1) * self._size >= self._totals[-1] and number > 1
        empty = self._first_empty is not None and number >= self._first_empty
        return told or empty or self._has_ended()

    def _has_moved(self) -> bool:
        return len(self._totals) > 1 or self._read > len(self._seen)


def pages_of(items: Sequence[T], *, size: int = PAGE_SIZE) -> Pages[T]:
    """Make a list that is here already look like one of a server."""

    def page(number: int) -> Reply:
        chosen = range(len(items))[(number - 1) * size : number * size]
        return Reply(tuple({"id": index} for index in chosen), len(items))

    return Pages(page, lambda row: items[row["id"]], size=size)


def _key(row: Row) -> str:
    return str(row["id"]) if "id" in row else json.dumps(row, sort_keys=True, default=str)
