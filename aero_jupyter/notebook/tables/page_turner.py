"""Pages of a query result: fetched in the background, with the pages around them, and shown when they arrive."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from aero_jupyter.core.errors import AeroError
from aero_jupyter.notebook.tables.columns import Row
from aero_jupyter.notebook.tables.page_view import PagePresenter, PageState
from aero_jupyter.notebook.tables.query import ListQuery, QueryResult
from aero_jupyter.notebook.tables.requery import drop_unknown_sort, empty_message, run_query, similar_names
from aero_jupyter.notebook.tables.table_view import ErrorView, TableView
from aero_jupyter.notebook.widgets.background import run_in_background
from aero_jupyter.notebook.widgets.callbacks import callback


class PageTurner(PagePresenter):
    """Presenter that fetches pages. Every method may be called on any thread; none waits for the server.

    Parameters
    ----------
    listing : QueryResult
        The records.
    show_view : callable
        Called with each view.
    code : callable
        Returns the code that makes the frame.
    begin : callable
        Starts a task; by default on a thread of its own.
    """

    #: Seconds after which turning a page also checks for new rows; None if a poller checks for them.
    news_after: float | None = 10.0

    def __init__(
        self,
        listing: QueryResult,
        show_view: Callable[[TableView], None],
        code: Callable[[QueryResult], str],
        *,
        begin: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        super().__init__(listing, code)
        self._show_view = show_view
        self._begin = begin or _begin_on_thread
        self._checked_at = time.monotonic()
        self._generation = 0
        self._current_rows: dict[str, tuple[QueryResult, Row]] = {}
        self._previous_rows: dict[str, tuple[QueryResult, Row]] = {}

    def start(self) -> None:
        """Show the page of the current state."""
        self.turn(self.place)

    def show_error(self, lines: Sequence[str], story: str) -> None:
        """Show an error above the table, which stays as it is."""
        with self._lock:
            self._busy, self._note = False, ""
            self._error = ErrorView(tuple(lines), story)
        self.show()

    def turn(self, place: PageState) -> None:
        """Go to a page; show it at once if it is loaded."""
        with self._lock:
            self._generation += 1
            self._turned += 1
            generation = self._generation
            self._error, self._note = None, ""
            is_loaded = self._has(place)
            self._busy = not is_loaded
        if is_loaded:
            self._show_page(place, generation)
        else:
            self.show()
            self._begin(lambda: self._show_page(place, generation))

    @callback
    def _show_page(self, place: PageState, generation: int) -> None:
        try:
            rows = self._fetched(place)
            if not rows:
                place = self._page_with_rows(place)
                rows = self._fetched(place)
        except Exception:
            if generation == self._generation:
                raise
            return
        with self._lock:
            # A later request must not be overwritten by this reply.
            if generation != self._generation:
                return
            self.place, self._busy = place, False
            self._put(rows)
        self.show()
        if not rows:
            self._begin(lambda: self._ignoring_errors(self._explain_empty))
        if not self._has(following := replace(place, page=place.page + 1)) and not self._at_end(place):
            self._begin(lambda: self._ignoring_errors(lambda: self._fetched(following)))
        pages = self.listing.pages
        if self.news_after is not None and time.monotonic() - self._checked_at > self.news_after:
            self._checked_at = time.monotonic()
            self._begin(lambda: self._ignoring_errors(pages.count_new_rows))

    def _explain_empty(self) -> None:
        """Show why there are no rows, and which names are similar."""
        listing = self.listing
        similar = similar_names(listing)
        with self._lock:
            if listing is self.listing:
                self._empty, self._similar = empty_message(listing, similar), similar
        self.show()

    def _page_with_rows(self, place: PageState) -> PageState:
        """Return the last page instead of one past the end, and the next instead of one whose rows were all shown."""
        last = self.listing.pages.find_last_page(place.size)
        return replace(place, page=last if place.page > last else place.page + 1 if place.page < last else place.page)

    def _put(self, rows: list[Row]) -> None:
        """Replace the rows of the page. Keep the previous rows: a message about one of them may still arrive."""
        listing = self.listing
        self._previous_rows, self._current_rows = (
            self._current_rows,
            {listing.id_of(row): (listing, row) for row in rows},
        )
        self._rows = rows

    def _recent_row(self, id: str) -> tuple[QueryResult, Row] | None:
        return self._current_rows.get(id) or self._previous_rows.get(id)

    def _ignoring_errors(self, task: Callable[[], object]) -> None:
        # Turning to that page, or a refresh, shows the error.
        try:
            task()
        except AeroError:
            return
        with self._lock:
            is_current = not self._busy
        if is_current:
            self.show()

    def show(self) -> None:
        """Show the current view."""
        # Under the lock, so that an older view is never shown over a newer one.
        with self._lock:
            self._show_view(self.view())

    def _span(self, place: PageState) -> tuple[int, int]:
        """Return the start and the stop of a page in the list, counted from 0."""
        return (place.page - 1) * place.size, place.page * place.size

    def _has(self, place: PageState) -> bool:
        return self.listing.pages.is_loaded(*self._span(place))

    def _fetched(self, place: PageState) -> list[Row]:
        return list(self.listing.pages.between(*self._span(place)))

    def _change_query(self, question: ListQuery) -> None:
        """Run another query, from its first page on; keep the selection."""
        with self._lock:
            self._generation += 1
            self._turned += 1
            generation, place = self._generation, drop_unknown_sort(replace(self.place, page=1), question)
            self._busy, self._error, self._note = True, None, ""
        self.show()

        @callback
        def run(pager: PageTurner) -> None:
            listing = run_query(pager.listing, question)
            # The page is loaded before it replaces the shown one.
            listing.pages.between(*pager._span(place))
            with pager._lock:
                if generation != pager._generation:
                    return
                pager.listing, pager._typed = listing, None
                # A page that is turned meanwhile is a page of the new list.
                pager.turn(place)

        self._begin(lambda: run(self))

    def note(self, text: str) -> None:
        """Show a note below the table."""
        with self._lock:
            self._note = text
        self.show()


def _begin_on_thread(task: Callable[[], None]) -> None:
    run_in_background(task, "aero-pager")
