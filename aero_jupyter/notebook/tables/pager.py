"""Actions of a table's user: search, sort, select, open a row, turn pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from aero_jupyter.core.columns import column_names
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.search_query import to_fts5
from aero_jupyter.notebook.tables.column_filters import with_column_filter
from aero_jupyter.notebook.tables.columns import Row
from aero_jupyter.notebook.tables.page_turner import PageTurner
from aero_jupyter.notebook.tables.page_view import SIZES, PageState
from aero_jupyter.notebook.tables.query import QueryResult
from aero_jupyter.notebook.tables.selection import compare_rows, load_rows
from aero_jupyter.notebook.tables.table_view import Action, DetailView
from aero_jupyter.notebook.widgets.callbacks import Message, callback


class Pager(PageTurner):
    """Page turner that handles the messages of a table.

    Attributes
    ----------
    navigate : callable
        Called with an action and the open row, if the user follows a link of that row.
    """

    navigate: Callable[[str, Row], None] = staticmethod(lambda what, row: None)
    _opening = 0
    _open_row: Row = None

    @property
    def open_row(self) -> Row:
        """The record of the open row; None if no row is open."""
        with self._lock:
            return self._open_row if self.opened is not None else None

    @callback
    def act(self, message: Message) -> None:
        """Handle a message of the table; ignore unknown actions."""
        action = _ACTIONS.get(str(message.get("do")))
        if action is not None:
            action(self, message)

    def _search(self, message: Message) -> None:
        text = str(message.get("text") or "").strip()
        self._typed = text
        if self._searches:
            try:
                to_fts5(text)
            except InvalidArgument as error:
                if message.get("typing"):
                    # The user has not finished the query.
                    self._change(self.place)
                    self.note(f"{error.message} {error.cure}")
                    return
            self._change_query(replace(self.listing.question, query=text or None, sort=None, scan=False))
        elif self.listing.can_filter:
            self._change_query(replace(self.listing.question, text=text))
        else:
            self._typed = None
            self._change(replace(self.place, text=text))

    def _filter(self, message: Message) -> None:
        column, question = str(message.get("column")), self.listing.question
        if column in column_names(question.shape):
            self._change_query(with_column_filter(question, column, str(message.get("value") or "").strip()))

    def _sort(self, message: Message) -> None:
        column = str(message.get("column"))
        if column not in column_names(self.listing.question.shape):
            return
        name, down = self._sorted_by()
        down = bool(message.get("down", not down if name == column else False))
        if self.listing.can_sort(column):
            self.place = replace(self.place, sort=None)
            self._change_query(replace(self.listing.question, sort=f"{'-' if down else ''}{column}"))
        else:
            self._change(replace(self.place, sort=(column, down)))

    def _change(self, place: PageState) -> None:
        with self._lock:
            self.place = place
            self._turned += 1
        self.show()

    def _select(self, message: Message) -> None:
        with self._lock:
            for id in message.get("ids") or ():
                recent = self._recent_row(str(id))
                if not message.get("on"):
                    self._chosen.pop(id, None)
                elif recent is not None:
                    listing, row = recent
                    self._chosen.setdefault(id, (listing.question.shape, row))
        self.show()

    def _clear(self, _: Message) -> None:
        with self._lock:
            self._chosen.clear()
        self.show()

    def _load_selected(self, _: Message) -> None:
        client = self.listing.session.client
        self._in_background(lambda pager: pager.note(load_rows(client, pager.selected)))

    def _compare_selected(self, _: Message) -> None:
        def compare(pager: Pager) -> None:
            card = compare_rows(pager.listing.session, pager.selected)
            with pager._lock:
                pager._opening += 1
                pager._detail, pager.opened = DetailView(card.heading, card.lines, card.pre), None
            pager.show()

        self._in_background(compare)

    def _use_selected(self, _: Message) -> None:
        def use(pager: Pager) -> None:
            for _, row in pager.selected:
                pager.navigate("use", row)

        self._in_background(use)

    def _in_background(self, action: Callable[[Pager], None]) -> None:
        """Start an action that waits for the server; its error is shown in the table."""
        self.note("Reading …")
        self._begin(lambda: callback(action)(self))

    def _open(self, message: Message) -> None:
        recent = self._recent_row(str(message.get("id")))
        if recent is None:
            return
        listing, row = recent
        with self._lock:
            self._opening += 1
            if self.opened != message.get("id"):
                self._detail = None
            self.opened = str(message.get("id"))
            opening, self._error = self._opening, None
        self.show()

        @callback
        def fetch(pager: Pager) -> None:
            detail = pager._detailed(listing, row)
            with pager._lock:
                # Another row was opened, or this one was closed.
                if opening != pager._opening:
                    return
                pager._detail, pager._open_row = detail, row
            pager.show()

        self._begin(lambda: fetch(self))

    def _detailed(self, listing: QueryResult, row: Row) -> DetailView:
        from aero_jupyter.notebook.tables.record_detail import code_of, detail_of

        card, code = detail_of(listing, row), code_of(listing, row)
        return DetailView(card.heading, card.lines, card.pre, code=code, links=self.links(row))

    def links(self, row: Row) -> list[Action]:
        """Return the buttons of an open row, one for each target panel."""
        return []

    def _navigate(self, message: Message) -> None:
        if self._open_row is not None:
            self.navigate(str(message.get("what")), self._open_row)

    def _close(self, _: Message) -> None:
        with self._lock:
            self._opening += 1
            self._detail = self.opened = None
        self.show()

    def _size(self, message: Message) -> None:
        size = message.get("size")
        if size in SIZES:
            first = (self.place.page - 1) * self.place.size
            self.turn(replace(self.place, size=size, page=first // size + 1))

    def _page(self, message: Message) -> None:
        page = message.get("page")
        if isinstance(page, int):
            most = self._last_page()
            self.turn(replace(self.place, page=max(1, page if most is None else min(page, most))))

    def _step(self, by: int) -> None:
        # A second click while a page is loading does not skip a page.
        if not self._busy and (by < 0 or not self._at_end(self.place)):
            self._page({"page": self.place.page + by})
            return
        with self._lock:
            self._turned += 1
        self.show()


_ACTIONS: dict[str, Callable[[Pager, Message], None]] = {
    "first": lambda pager, _: pager._page({"page": 1}),
    "previous": lambda pager, _: pager._step(-1),
    "next": lambda pager, _: pager._step(1),
    "last": lambda pager, _: pager._page({"page": pager._last_page() or pager.place.page}),
    "page": Pager._page,
    "size": Pager._size,
    "search": Pager._search,
    "filter": Pager._filter,
    "sort": Pager._sort,
    "select": Pager._select,
    "clear": Pager._clear,
    "open": lambda pager, message: pager._open(message),
    "close": Pager._close,
    "carry": Pager._navigate,
    "load selected": Pager._load_selected,
    "compare selected": Pager._compare_selected,
    "use selected": Pager._use_selected,
    "refresh": lambda pager, _: pager._change_query(pager.listing.question),
}
