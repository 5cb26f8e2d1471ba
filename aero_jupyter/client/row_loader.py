"""The rows of a server's list: requested by windows, several at a time, and recorded in a ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from itertools import islice
from threading import Lock

from aero_jupyter.client.page_ledger import PageLedger, Row, row_identity
from aero_jupyter.client.transport import MAX_CONCURRENT_REQUESTS
from aero_jupyter.core.wire import NEWEST, PAGE_SIZE, Dialect, Reply, Window

#: Called with the number of rows read so far, and the total if it is known.
Progress = Callable[[int, "int | None"], None]

#: Initial number of parallel requests for a list of unknown length.
_INITIAL_CONCURRENT_REQUESTS = 4
FIRST_WINDOW = Window(0, PAGE_SIZE)


class RowLoader:
    """The loader of a list's rows: each window is requested once. Threads may share it.

    Parameters
    ----------
    fetch : callable
        Returns a part of the list; an empty one past its end.
    dialect : callable
        Returns the server's dialect, which decides the windows that can be requested.
    """

    def __init__(self, fetch: Callable[[Window], Reply], dialect: Callable[[], Dialect] = lambda: NEWEST) -> None:
        self._fetch = fetch
        self._dialect = dialect
        self._lock = Lock()
        self._requests: dict[Window, Future[None]] = {}
        self._ledger = PageLedger()

    @property
    def total(self) -> int | None:
        """The number of rows, by the server's total or counted once everything was read; else None."""
        with self._lock:
            reported, count, is_complete = self._ledger.reported_total, self._ledger.count, self._ledger.is_complete
        return reported if reported is not None else count if is_complete else None

    def prefetch(
        self, workers: int = MAX_CONCURRENT_REQUESTS, rows: int | None = None, progress: Progress | None = None
    ) -> None:
        """Fetch ahead, several parts at a time.

        Parameters
        ----------
        workers : int
            Requests at once; never more than 8.
        rows : int, optional
            How many of the first rows to fetch; by default all.
        progress : callable, optional
            Called after each part with the number of rows read so far, and the total or None.

        Raises
        ------
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> pages = client.list("data")
        >>> pages.prefetch(rows=15)
        >>> pages.is_loaded(0, 15)
        True
        """
        from concurrent.futures import ThreadPoolExecutor

        self._load(FIRST_WINDOW)
        plan = self._windows(rows)
        workers = min(workers, MAX_CONCURRENT_REQUESTS)
        pool = ThreadPoolExecutor(workers, thread_name_prefix="aero-pages")
        try:
            pending: set[Future[None]] = set()
            # The number of parallel requests grows, so that a short list of unknown length does not cost eight.
            window = min(workers, _INITIAL_CONCURRENT_REQUESTS) if self.total is None else workers
            while pending := pending | self._submit(pool, islice(plan, window - len(pending))):
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    future.result()
                window = min(workers, window + len(done))
                if progress:
                    progress(self._ledger.count, self.total)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _submit(self, pool: Executor, windows: Iterator[Window]) -> set[Future[None]]:
        return {pool.submit(self._load, window) for window in windows}

    def _rows_in_order(self) -> Iterator[Row]:
        """Yield every record once; fetch the next part when it is needed."""
        seen: set[str] = set()
        position = 0
        for window in self._windows(None):
            self._load(window)
            position = max(position, window.offset)
            with self._lock:
                rows = list(self._ledger.consecutive_rows(position))
            position += len(rows)
            for row in rows:
                if (key := row_identity(row)) not in seen:
                    seen.add(key)
                    yield row

    def _windows(self, max_rows: int | None) -> Iterator[Window]:
        """Yield the windows to read the list by, until the end is known."""
        yield FIRST_WINDOW
        size = stop = self._ledger.size or PAGE_SIZE
        while True:
            with self._lock:
                is_over = self._ledger.is_past_end(stop)
            if is_over or (max_rows is not None and stop >= max_rows):
                return
            window = self._dialect().window_after(stop, size)
            yield window
            stop = window.offset + window.limit

    def _window_at(self, position: int) -> Window:
        size = self._ledger.size or PAGE_SIZE
        if not position:
            return FIRST_WINDOW
        dialect = self._dialect()
        return (dialect.window_after if position - 1 in self._ledger else dialect.window_at)(position, size)

    def _first_unloaded(self, start: int, stop: int) -> int:
        """Return the first position that is not loaded and may hold a row; `stop` if there is none."""
        with self._lock:
            return next((position for position in range(start, stop) if not self._ledger.is_loaded(position)), stop)

    def _load(self, window: Window) -> None:
        with self._lock:
            is_first = window not in self._requests
            request = self._requests.setdefault(window, Future())
        if is_first:
            self._fetch_window(window, request)
        request.result()

    def _fetch_window(self, window: Window, request: Future[None]) -> None:
        try:
            reply = self._fetch(window)
            is_stuck = self._is_stuck(window, reply)
        except BaseException as error:
            with self._lock:
                del self._requests[window]
            request.set_exception(error)
            raise
        with self._lock:
            self._ledger.is_stuck |= is_stuck
            if not is_stuck:
                self._ledger.record(window, reply)
        request.set_result(None)

    def _is_stuck(self, window: Window, reply: Reply) -> bool:
        """Return whether the server repeats the beginning although the list itself did not change."""
        with self._lock:
            repeats_beginning = window.offset > 0 and self._ledger.repeats(reply)
        return repeats_beginning and self._is_beginning_unchanged()

    def _is_beginning_unchanged(self) -> bool:
        beginning = self._fetch(FIRST_WINDOW)
        with self._lock:
            return self._ledger.repeats(beginning)
