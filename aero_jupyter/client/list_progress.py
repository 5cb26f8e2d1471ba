"""The progress of reading a server's list: what is loaded, where the list ends, and whether it changed."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from aero_jupyter.client.row_loader import FIRST_WINDOW, RowLoader
from aero_jupyter.core.wire import NEWEST, PAGE_SIZE, Dialect, Reply, Window


class ListProgress(RowLoader):
    """A list with the facts that are known of it so far."""

    def __init__(self, fetch: Callable[[Window], Reply], dialect: Callable[[], Dialect] = lambda: NEWEST) -> None:
        super().__init__(fetch, dialect)
        self._new_rows = 0

    def is_loaded(self, start: int, stop: int) -> bool:
        """Return whether a range is loaded or known to be past the end: reading it sends no request.

        Parameters
        ----------
        start : int
            First position, counted from 0.
        stop : int
            Position after the last.

        Returns
        -------
        bool

        Examples
        --------
        >>> client.list("data").is_loaded(0, 15)
        False
        """
        return self._first_unloaded(start, stop) >= stop

    def is_past_end(self, position: int) -> bool:
        """Return whether a position is known to be past the end.

        Parameters
        ----------
        position : int
            Counted from 0.

        Returns
        -------
        bool

        Examples
        --------
        >>> client.list("data").is_past_end(0)
        False
        """
        with self._lock:
            return self._ledger.is_past_end(position)

    def count_new_rows(self) -> int:
        """Read the beginning of the list again.

        Returns
        -------
        int
            The number of rows added since the list was read first.

        Raises
        ------
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> pages = client.list("data")
        >>> len(pages.all()), pages.count_new_rows()
        (1, 0)
        """
        reply = self._fetch(FIRST_WINDOW)
        with self._lock:
            self._new_rows = max(self._new_rows, self._ledger.count_new_rows(reply))
        return self.added_rows

    def find_last_page(self, size: int = PAGE_SIZE) -> int:
        """Find where the list ends, between what is here and what is known to be past its end.

        Parameters
        ----------
        size : int
            Items per page.

        Returns
        -------
        int
            The last page, counted from 1.

        Raises
        ------
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.list("data").find_last_page()
        1
        """
        while (middle := self._middle_of_unknown()) is not None:
            self._load(self._dialect().window_at(middle, self._ledger.size or PAGE_SIZE))
        return max(1, ceil(self._ledger.known_to / size))

    def _middle_of_unknown(self) -> int | None:
        with self._lock:
            return self._ledger.middle_of_unknown()

    @property
    def has_ended(self) -> bool:
        """True if the end of the list was reached."""
        with self._lock:
            return self._ledger.is_stuck or self._ledger.has_ended

    @property
    def end(self) -> int | None:
        """The number of rows, by the server's total or counted at the end of the list; else None."""
        with self._lock:
            return self._ledger.end

    @property
    def reports_total(self) -> bool:
        """True if the server reports the total number of rows, and the total was not seen to be wrong."""
        return self._ledger.reported_total is not None

    @property
    def withheld(self) -> int:
        """The number of rows that the server counts but does not send."""
        return self._ledger.withheld

    @property
    def is_stuck(self) -> bool:
        """True if the server repeats the beginning of the list for every request."""
        return self._ledger.is_stuck

    @property
    def added_rows(self) -> int:
        """The number of rows known to be added since the beginning was read."""
        return max(self._ledger.added_rows, self._new_rows)

    @property
    def is_complete(self) -> bool:
        """True if every row was read and no change of the list was detected meanwhile."""
        with self._lock:
            return self._ledger.is_complete

    @property
    def has_changed(self) -> bool:
        """True if the list was seen to change while it was read."""
        return self._ledger.has_changed
