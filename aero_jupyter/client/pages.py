"""Lists of a server: lazy, fetched once, and honest about what they cover."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from math import ceil
from threading import Lock
from typing import Any, Generic, TypeVar

from aero_jupyter.client.ledger import Ledger, Row, key_of
from aero_jupyter.client.transport import MOST_AT_ONCE
from aero_jupyter.core.wire import NEWEST, PAGE_SIZE, Dialect, Reply, Window

T = TypeVar("T")
#: Told the rows read so far, and how many there are where that is known.
Progress = Callable[[int, "int | None"], None]

#: Parts of a list of unknown length that are asked for at once to begin with.
_FIRST_AT_ONCE = 4
_BEGINNING = Window(0, PAGE_SIZE)


class Pages(Generic[T]):
    """A list of a server, seen as pages or as items. Nothing is sent until it is looked at.

    Threads may share it. Iterating gives items: rows that came twice, because rows were inserted while the list was
    read, are given once.

    Parameters
    ----------
    fetch : callable
        Gives a part of the list; an empty one past its end.
    decode : callable
        Makes an item of a row.
    dialect : callable
        Gives what the server speaks, and so which parts it can be asked for.
    """

    def __init__(
        self,
        fetch: Callable[[Window], Reply],
        decode: Callable[[Mapping[str, Any]], T],
        *,
        dialect: Callable[[], Dialect] = lambda: NEWEST,
    ) -> None:
        self._fetch = fetch
        self._decode = decode
        self._dialect = dialect
        self._lock = Lock()
        self._asked: dict[Window, Future[None]] = {}
        self._ledger = Ledger()
        self._came = 0

    def __repr__(self) -> str:
        known = "the end was reached" if self.ended else "there may be more"
        return f"{type(self).__name__}({self._ledger.count} rows read, {known})"

    def __iter__(self) -> Iterator[T]:
        return map(self._decode, self._in_order())

    def page(self, number: int, size: int = PAGE_SIZE) -> tuple[T, ...]:
        """Give page `number` of `size` items, counted from 1; empty past the end.

        Rows that an earlier page has shown, because rows were inserted meanwhile, are left out.
        """
        return self.between((number - 1) * size, number * size)

    def between(self, start: int, stop: int) -> tuple[T, ...]:
        """Give the items from place `start` to before `stop`, counted from 0; fewer where there are no more."""
        place = max(0, start)
        if place and self._ledger.size is None and not self._dialect().exact:
            self._ask(_BEGINNING)
        while (place := self._missing(place, stop)) < stop:
            self._ask(self._holding(place))
            # A server that gives something else than it was asked for is not asked again.
            place += place not in self._ledger
        with self._lock:
            rows = self._ledger.between(max(0, start), stop)
        return tuple(map(self._decode, rows))

    def has(self, start: int, stop: int) -> bool:
        """Whether everything from place `start` to before `stop` is here, or known to be past the end."""
        return self._missing(start, stop) >= stop

    def is_past_end(self, place: int) -> bool:
        """Whether it is known that nothing stands at a place, counted from 0."""
        with self._lock:
            return self._ledger.is_past_end(place)

    def raw_pages(self) -> Iterator[list[Row]]:
        """Go through the server's own records, a page of them at a time."""
        rows = self._in_order()
        return iter(lambda: list(islice(rows, PAGE_SIZE)), [])

    def first(self, many: int) -> list[T]:
        """Give the first items, fetched several parts at a time."""
        self.prefetch(rows=many)
        return list(islice(self, many))

    def all(self, progress: Progress | None = None) -> list[T]:
        """Fetch everything, several parts at a time. When interrupted, what came is kept for the next look."""
        self.prefetch(progress=progress)
        return list(self)

    def so_far(self) -> list[T]:
        """Give what was fetched until now, without asking for more."""
        with self._lock:
            rows = list(self._ledger.so_far())
        return [self._decode(row) for row in rows]

    def prefetch(self, workers: int = MOST_AT_ONCE, rows: int | None = None, progress: Progress | None = None) -> None:
        """Fetch ahead, several parts at a time.

        Parameters
        ----------
        workers : int
            Requests at once; never more than 8.
        rows : int, optional
            How many of the first rows to fetch; without it, all of them.
        progress : callable, optional
            Called after each part with the rows read so far and the total, None while it is not known.
        """
        self._ask(_BEGINNING)
        plan = self._plan(rows)
        workers = min(workers, MOST_AT_ONCE)
        pool = ThreadPoolExecutor(workers, thread_name_prefix="aero-pages")
        try:
            under_way: set[Future[None]] = set()
            # The window grows, so that a short list of unknown length does not cost eight requests.
            window = min(workers, _FIRST_AT_ONCE) if self.total is None else workers
            while under_way := under_way | self._start(pool, islice(plan, window - len(under_way))):
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for ready in done:
                    ready.result()
                window = min(workers, window + len(done))
                if progress:
                    progress(self._ledger.count, self.total)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def look(self) -> int:
        """Look at the beginning of the list anew; give how many rows came since it was read."""
        reply = self._fetch(_BEGINNING)
        with self._lock:
            self._came = max(self._came, self._ledger.new_in(reply))
        return self.grown

    def settle(self, size: int = PAGE_SIZE) -> int:
        """Find where the list ends, between what is here and what is known to be past its end; give its last page."""
        while (gap := self._gap()) is not None:
            self._ask(self._dialect().around(gap, self._ledger.size or PAGE_SIZE))
        return max(1, ceil(self._ledger.known_to / size))

    def _gap(self) -> int | None:
        with self._lock:
            return self._ledger.gap()

    @property
    def ended(self) -> bool:
        """Whether the end of the list was reached."""
        with self._lock:
            return self._ledger.stuck or self._ledger.has_ended

    @property
    def end(self) -> int | None:
        """How many rows there are: as the server told, or as counted where the end was reached; else None."""
        with self._lock:
            return self._ledger.end

    @property
    def told(self) -> bool:
        """Whether the server tells how many rows there are, and was not seen to be wrong."""
        return self._ledger.told is not None

    @property
    def withheld(self) -> int:
        """How many rows the server tells of and does not give."""
        return self._ledger.withheld

    @property
    def stuck(self) -> bool:
        """Whether the server gives the beginning again, whatever is asked."""
        return self._ledger.stuck

    @property
    def grown(self) -> int:
        """How many rows came since the beginning was read, as far as it was seen."""
        return max(self._ledger.grown, self._came)

    @property
    def complete(self) -> bool:
        """Whether everything was read, and nothing moved meanwhile as far as the server lets one see."""
        with self._lock:
            return self._ledger.complete

    @property
    def total(self) -> int | None:
        """How many rows there are: as the server told, or as counted once everything was read; else None."""
        told = self._ledger.told
        return told if told is not None else self._ledger.count if self.complete else None

    @property
    def moved(self) -> bool:
        """Whether the list was seen to change while it was read."""
        return self._ledger.moved

    def _in_order(self) -> Iterator[Row]:
        """Give every record once, asking for the next part when it is needed."""
        seen: set[str] = set()
        place = 0
        for window in self._plan(None):
            self._ask(window)
            place = max(place, window.offset)
            with self._lock:
                rows = list(self._ledger.run_from(place))
            place += len(rows)
            for row in rows:
                if (key := key_of(row)) not in seen:
                    seen.add(key)
                    yield row

    def _plan(self, most: int | None) -> Iterator[Window]:
        """Give the parts that the list is read by, as long as there may be something in them."""
        yield _BEGINNING
        size = stop = self._ledger.size or PAGE_SIZE
        while True:
            with self._lock:
                is_over = self._ledger.is_past_end(stop)
            if is_over or (most is not None and stop >= most):
                return
            window = self._dialect().after(stop, size)
            yield window
            stop = window.offset + window.limit

    def _holding(self, place: int) -> Window:
        size = self._ledger.size or PAGE_SIZE
        if not place:
            return _BEGINNING
        return (self._dialect().after if place - 1 in self._ledger else self._dialect().around)(place, size)

    def _start(self, pool: ThreadPoolExecutor, windows: Iterator[Window]) -> set[Future[None]]:
        return {pool.submit(self._ask, window) for window in windows}

    def _missing(self, start: int, stop: int) -> int:
        """Give the first place that is not here and may hold a row; `stop` where there is none."""
        with self._lock:
            return next((place for place in range(start, stop) if not self._ledger.has(place)), stop)

    def _ask(self, window: Window) -> None:
        with self._lock:
            mine = window not in self._asked
            arrival = self._asked.setdefault(window, Future())
        if mine:
            self._get(window, arrival)
        arrival.result()

    def _get(self, window: Window, arrival: Future[None]) -> None:
        try:
            reply = self._fetch(window)
            is_stuck = self._is_stuck(window, reply)
        except BaseException as error:
            with self._lock:
                del self._asked[window]
            arrival.set_exception(error)
            raise
        with self._lock:
            self._ledger.stuck |= is_stuck
            if not is_stuck:
                self._ledger.learn(window, reply)
        arrival.set_result(None)

    def _is_stuck(self, window: Window, reply: Reply) -> bool:
        """Whether the server gives the beginning whatever is asked, and not because as much came before it."""
        with self._lock:
            again = window.offset > 0 and self._ledger.repeats(reply)
        return again and self._begins_as_before()

    def _begins_as_before(self) -> bool:
        beginning = self._fetch(_BEGINNING)
        with self._lock:
            return self._ledger.repeats(beginning)


def pages_of(items: Sequence[T], *, of: Pages[Any] | None = None) -> Pages[T]:
    """Make a list that is here already look like one of a server; as complete as the list `of` which it was made."""

    def part(window: Window) -> Reply:
        chosen = range(len(items))[window.offset : window.offset + window.limit]
        return Reply(tuple({"id": index} for index in chosen), len(items))

    made = Pages(part, lambda row: items[row["id"]])
    made._ledger.moved = of is not None and not of.complete
    return made
