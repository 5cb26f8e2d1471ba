"""The pages of a listing as somebody turns them: what is selected and opened, and what is still on its way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from aero_jupyter.core.errors import AeroError
from aero_jupyter.notebook.asking import asked_anew, fitting, nothing
from aero_jupyter.notebook.callbacks import callback
from aero_jupyter.notebook.columns import COLUMNS
from aero_jupyter.notebook.listing import Listing, Question
from aero_jupyter.notebook.page import SIZES, Page, Place, View
from aero_jupyter.notebook.views import Card


class Pager(Page):
    """Turns the pages of a listing. Every method may be called on any thread; none waits for the server.

    Parameters
    ----------
    listing : Listing
        What is paged.
    shown : callable
        Gets each view, as plain data.
    code : callable
        Gives the code that makes the frame.
    begin : callable
        Starts a task; by default on a thread of its own.
    """

    #: Seconds after which a turned page also looks whether the list grew meanwhile; None where it is followed anyway.
    news_after: float | None = 10.0

    def __init__(
        self,
        listing: Listing,
        shown: Callable[[View], None],
        code: Callable[[Listing], str],
        *,
        begin: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        super().__init__(listing, code)
        self._shown = shown
        self._begin = begin or _on_thread
        self._heard = time.monotonic()
        self._opening = self._generation = 0
        self._here: dict[str, tuple[Listing, Any]] = {}
        self._left: dict[str, tuple[Listing, Any]] = {}
        self._open_row: Any = None
        self.carry: Callable[[str, Any], None] = lambda what, row: None

    @callback
    def act(self, message: Mapping[str, Any]) -> None:
        """Do what somebody did in the table; what is not understood is left alone."""
        action = _ACTIONS.get(str(message.get("do")))
        if action is not None:
            action(self, message)

    def start(self) -> None:
        """Turn to its page."""
        self.turn(self.place)

    def show_error(self, lines: Sequence[str], story: str) -> None:
        """Show an error above the table, which stays as it is."""
        with self._lock:
            self._busy = False
            self._error = {"lines": list(lines), "story": story}
        self.show()

    def turn(self, place: Place) -> None:
        """Go to a page; shown at once where it is here already."""
        with self._lock:
            self._generation += 1
            self._turned += 1
            generation = self._generation
            self._error, self._note = None, ""
            here = self._has(place)
            self._busy = not here
        if here:
            self._arrive(place, generation)
        else:
            self.show()
            self._begin(lambda: self._arrive(place, generation))

    @callback
    def _arrive(self, place: Place, generation: int) -> None:
        try:
            rows = self._fetched(place)
            if not rows:
                place = self._beside(place)
                rows = self._fetched(place)
        except Exception:
            if generation == self._generation:
                raise
            return
        with self._lock:
            # A later page was asked for meanwhile: this reply is not shown over it.
            if generation != self._generation:
                return
            self.place, self._busy = place, False
            self._put(rows)
        self.show()
        if not rows:
            self._begin(lambda: self._quietly(self._explain))
        if not self._has(following := replace(place, page=place.page + 1)) and not self._at_end(place):
            self._begin(lambda: self._quietly(lambda: self._fetched(following)))
        pages = self.listing.pages
        if self.news_after is not None and time.monotonic() - self._heard > self.news_after:
            self._heard = time.monotonic()
            self._begin(lambda: self._quietly(pages.look))

    def _explain(self) -> None:
        """Say why there are no rows, and what may have been meant."""
        listing = self.listing
        empty = nothing(listing)
        with self._lock:
            if listing is self.listing:
                self._empty = empty
        self.show()

    def _beside(self, place: Place) -> Place:
        """Give the last page for one past the end; the next for one whose rows were all shown before."""
        last = self.listing.pages.settle(place.size)
        return replace(place, page=last if place.page > last else place.page + 1 if place.page < last else place.page)

    def _put(self, rows: list[Any]) -> None:
        """Have other rows on the page. What was done to one of those before them may be heard only now."""
        listing = self.listing
        self._left, self._here = self._here, {listing.id_of(row): (listing, row) for row in rows}
        self._rows = rows

    def _lately(self, id: str) -> tuple[Listing, Any] | None:
        return self._here.get(id) or self._left.get(id)

    def _quietly(self, ask: Callable[[], object]) -> None:
        # Whoever turns to that page, or asks anew, will be told what went wrong.
        try:
            ask()
        except AeroError:
            return
        with self._lock:
            is_current = not self._busy
        if is_current:
            self.show()

    def show(self) -> None:
        """Show things as they are."""
        # In turn: what is older is never shown over what is newer.
        with self._lock:
            self._shown(self.view())

    def _span(self, place: Place) -> tuple[int, int]:
        """Give where a page begins in the list, and where it stops; counted from 0."""
        return (place.page - 1) * place.size, place.page * place.size

    def _has(self, place: Place) -> bool:
        return self.listing.pages.has(*self._span(place))

    def _fetched(self, place: Place) -> list[Any]:
        return list(self.listing.pages.between(*self._span(place)))

    def _ask(self, question: Question) -> None:
        """Ask something else, from its first page on; what was selected stays so."""
        with self._lock:
            self._generation += 1
            self._turned += 1
            generation, place = self._generation, fitting(replace(self.place, page=1), question)
            self._busy, self._error, self._note = True, None, ""
        self.show()

        @callback
        def ask(pager: Pager) -> None:
            listing = asked_anew(pager.listing, question)
            # All that its page shows is here before it takes the place of what is shown now.
            listing.pages.between(*pager._span(place))
            with pager._lock:
                if generation != pager._generation:
                    return
                pager.listing, pager._typed = listing, None
            pager.turn(place)

        self._begin(lambda: ask(self))

    def _search(self, message: Mapping[str, Any]) -> None:
        text = str(message.get("text") or "").strip()
        self._typed = text
        if self._searches:
            self._ask(replace(self.listing.question, query=text or None, sort=None, scan=False))
        elif self.listing.can_filter:
            self._ask(replace(self.listing.question, text=text))
        else:
            self._typed = None
            self._change(replace(self.place, text=text))

    def _sort(self, message: Mapping[str, Any]) -> None:
        column = str(message.get("column"))
        if column not in {name for name, _, _ in COLUMNS[self.listing.question.shape]}:
            return
        name, down = self._sorted_by()
        down = bool(message.get("down", not down if name == column else False))
        if self.listing.can_sort(column):
            self.place = replace(self.place, sort=None)
            self._ask(replace(self.listing.question, sort=f"{'-' if down else ''}{column}"))
        else:
            self._change(replace(self.place, sort=(column, down)))

    def _change(self, place: Place) -> None:
        with self._lock:
            self.place = place
            self._turned += 1
        self.show()

    def _select(self, message: Mapping[str, Any]) -> None:
        with self._lock:
            for id in message.get("ids") or ():
                found = self._lately(str(id))
                if not message.get("on"):
                    self._chosen.pop(id, None)
                elif found is not None:
                    listing, row = found
                    self._chosen.setdefault(id, (listing.question.shape, row))
        self.show()

    def _clear(self, _: Mapping[str, Any]) -> None:
        with self._lock:
            self._chosen.clear()
        self.show()

    def _open(self, message: Mapping[str, Any]) -> None:
        found = self._lately(str(message.get("id")))
        if found is None:
            return
        listing, row = found
        with self._lock:
            self._opening += 1
            self.opened = str(message.get("id"))
            opening, self._error = self._opening, None
        self.show()

        @callback
        def fetch(pager: Pager) -> None:
            detail = pager._detailed(listing, row)
            with pager._lock:
                # Another row was opened meanwhile, or this one closed.
                if opening != pager._opening:
                    return
                pager._detail, pager._open_row = detail, row
            pager.show()

        self._begin(lambda: fetch(self))

    def _detailed(self, listing: Listing, row: Any) -> View:
        from aero_jupyter.notebook.detail import code_of, detail_of

        return {**_as_data(detail_of(listing, row)), "code": code_of(listing, row), "links": self.links(row)}

    def links(self, row: Any) -> list[View]:
        """Give the buttons of an open row: what each carries it on to."""
        return []

    def _carry(self, message: Mapping[str, Any]) -> None:
        if self._open_row is not None:
            self.carry(str(message.get("what")), self._open_row)

    def _close(self, _: Mapping[str, Any]) -> None:
        with self._lock:
            self._opening += 1
            self._detail = self.opened = None
        self.show()

    def _size(self, message: Mapping[str, Any]) -> None:
        size = message.get("size")
        if size in SIZES:
            first = (self.place.page - 1) * self.place.size
            self.turn(replace(self.place, size=size, page=first // size + 1))

    def _page(self, message: Mapping[str, Any]) -> None:
        page = message.get("page")
        if isinstance(page, int):
            most = self._last_page()
            self.turn(replace(self.place, page=max(1, page if most is None else min(page, most))))

    def _step(self, by: int) -> None:
        # A second click while a page is on its way does not skip one.
        if not self._busy and (by < 0 or not self._at_end(self.place)):
            self._page({"page": self.place.page + by})
            return
        with self._lock:
            self._turned += 1
        self.show()

    def note(self, text: str) -> None:
        """Say something below the table."""
        with self._lock:
            self._note = text
        self.show()


def _on_thread(task: Callable[[], None]) -> None:
    threading.Thread(target=task, name="aero-pager", daemon=True).start()


def _as_data(card: Card) -> View:
    return {"heading": card.heading, "lines": list(card.lines), "pre": card.pre}


_ACTIONS: dict[str, Callable[[Pager, Mapping[str, Any]], None]] = {
    "first": lambda pager, _: pager._page({"page": 1}),
    "previous": lambda pager, _: pager._step(-1),
    "next": lambda pager, _: pager._step(1),
    "last": lambda pager, _: pager._page({"page": pager._last_page() or pager.place.page}),
    "page": Pager._page,
    "size": Pager._size,
    "search": Pager._search,
    "sort": Pager._sort,
    "select": Pager._select,
    "clear": Pager._clear,
    "open": Pager._open,
    "close": Pager._close,
    "carry": Pager._carry,
    "refresh": lambda pager, _: pager._ask(pager.listing.question),
}
