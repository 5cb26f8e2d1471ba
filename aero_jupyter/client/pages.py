"""Lists of a server: fetched lazily and once, with a record of what was covered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Generic, TypeVar  # records of any kind

from aero_jupyter.client.list_progress import ListProgress
from aero_jupyter.client.page_ledger import Row
from aero_jupyter.client.row_loader import FIRST_WINDOW, Progress
from aero_jupyter.core.wire import NEWEST, PAGE_SIZE, Dialect, Reply, Window

__all__ = ["Pages", "Progress", "pages_over"]

T = TypeVar("T")


class Pages(ListProgress, Generic[T]):
    """A list of a server, read as pages or as items. Nothing is sent before it is read.

    Threads may share it. Iterating yields items: a row that is received twice, because rows were inserted while
    the list was read, is yielded once. Every method that reads raises `ClientError` when the server refuses or does
    not answer.

    Parameters
    ----------
    fetch : callable
        Returns a part of the list; an empty one past its end.
    decode : callable
        Makes an item of a row.
    dialect : callable
        Returns the server's dialect, which decides the parts that can be requested.

    Examples
    --------
    >>> pages = client.list("data")
    >>> [data.name for data in pages]
    ['sewage']
    >>> pages
    Pages(1 rows read, the end was reached)
    """

    def __init__(
        self,
        fetch: Callable[[Window], Reply],
        decode: Callable[[Mapping[str, Any]], T],
        *,
        dialect: Callable[[], Dialect] = lambda: NEWEST,
    ) -> None:
        super().__init__(fetch, dialect)
        self._decode = decode

    def __repr__(self) -> str:
        suffix = "the end was reached" if self.has_ended else "there may be more"
        return f"{type(self).__name__}({self._ledger.count} rows read, {suffix})"

    def __iter__(self) -> Iterator[T]:
        return map(self._decode, self._rows_in_order())

    def page(self, number: int, size: int = PAGE_SIZE) -> tuple[T, ...]:
        """Return one page; empty past the end.

        Parameters
        ----------
        number : int
            Counted from 1.
        size : int
            Items per page.

        Returns
        -------
        tuple
            Items. Rows that an earlier page has shown, because rows were inserted meanwhile, are left out.

        Raises
        ------
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> len(client.list("data").page(1)), client.list("data").page(9)
        (1, ())
        """
        return self.between((number - 1) * size, number * size)

    def between(self, start: int, stop: int) -> tuple[T, ...]:
        """Return the items in a range of positions; fewer where the list ends.

        Parameters
        ----------
        start : int
            First position, counted from 0.
        stop : int
            Position after the last.

        Returns
        -------
        tuple
            Items.

        Raises
        ------
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> [data.name for data in client.list("data").between(0, 5)]
        ['sewage']
        """
        position = max(0, start)
        if position and self._ledger.size is None and not self._dialect().exact:
            self._load(FIRST_WINDOW)
        while (position := self._first_unloaded(position, stop)) < stop:
            self._load(self._window_at(position))
            # A server that ignores the requested window is not queried again.
            position += position not in self._ledger
        with self._lock:
            rows = self._ledger.between(max(0, start), stop)
        return tuple(map(self._decode, rows))

    def raw_pages(self) -> Iterator[list[Row]]:
        """Yield raw records in the order of the list, without duplicates, cut into pages of at most 15.

        Yields
        ------
        list of mapping
            At most 15 records.

        Raises
        ------
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> [len(page) for page in client.list("data").raw_pages()]
        [1]
        """
        rows = self._rows_in_order()
        return iter(lambda: list(islice(rows, PAGE_SIZE)), [])

    def first(self, many: int) -> list[T]:
        """Return the first items, fetched several parts at a time.

        Parameters
        ----------
        many : int
            Items to return, at most.

        Returns
        -------
        list

        Raises
        ------
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> [data.name for data in client.list("data").first(3)]
        ['sewage']
        """
        self.prefetch(rows=many)
        return list(islice(self, many))

    def all(self, progress: Progress | None = None) -> list[T]:
        """Fetch everything, several parts at a time. After an interrupt, the loaded parts remain.

        Parameters
        ----------
        progress : callable, optional
            Called with the number of rows read so far, and the total or None.

        Returns
        -------
        list

        Raises
        ------
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> len(client.list("data").all())
        1
        """
        self.prefetch(progress=progress)
        return list(self)

    def loaded_items(self) -> list[T]:
        """Return what was fetched until now, without asking for more.

        Returns
        -------
        list

        Examples
        --------
        >>> client.list("data").loaded_items()
        []
        """
        with self._lock:
            rows = list(self._ledger.loaded_rows())
        return [self._decode(row) for row in rows]


def pages_over(items: Sequence[T], *, of: Pages[Any] | None = None) -> Pages[T]:
    """Return pages over a list in memory; they are as complete as `of`, the pages that the list was made from."""

    def part(window: Window) -> Reply:
        chosen = range(len(items))[window.offset : window.offset + window.limit]
        return Reply(tuple({"id": index} for index in chosen), len(items))

    pages = Pages(part, lambda row: items[row["id"]])
    pages._ledger.has_changed = of is not None and not of.is_complete
    return pages
