"""The pages of a listing as somebody turns them: what is shown, what is selected, and what is still on its way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from aero_jupyter.core.errors import AeroError, ServerFailed, UnknownName
from aero_jupyter.core.wire import PAGE_SIZE
from aero_jupyter.notebook.callbacks import callback
from aero_jupyter.notebook.columns import COLUMNS
from aero_jupyter.notebook.listing import Listing, Question, holds, ordered
from aero_jupyter.notebook.options import clock, options
from aero_jupyter.notebook.table import is_code, is_right, missing, told
from aero_jupyter.notebook.views import Card

SIZES = (15, 30, 60)
Sort = tuple[str, bool]
View = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """Where somebody is in a list.

    Attributes
    ----------
    page, size : int
        Counted from 1; rows a page.
    sort : tuple of str and bool, or None
        The column that the page is sorted by here, and whether downwards.
    text : str
        What the page is filtered by here.
    """

    page: int = 1
    size: int = PAGE_SIZE
    sort: Sort | None = None
    text: str = ""


class Pager:
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
        self.listing = listing
        self._heard = time.monotonic()
        self._publishing = threading.RLock()
        self._made = self._published = 0
        self._opening = 0
        self._typed: str | None = None
        self.place = Place(size=options.page_size)
        self._shown = shown
        self._code = code
        self._begin = begin or _on_thread
        self._lock = threading.RLock()
        self._generation = 0
        self._busy = False
        self._chosen: dict[str, tuple[str, Any]] = {}
        self._rows: list[Any] = []
        self._here: dict[str, tuple[Listing, Any]] = {}
        self._left: dict[str, tuple[Listing, Any]] = {}
        self._error: View | None = None
        self._detail: View | None = None
        self._open_row: Any = None
        self.carry: Callable[[str, Any], None] = lambda what, row: None
        self._note = ""
        self._empty = "There is nothing yet." if not listing.question.query else "Nothing matches."

    @property
    def selected(self) -> list[tuple[str, Any]]:
        """The records that are selected, on whatever page, in the order they were; each with its kind."""
        with self._lock:
            return list(self._chosen.values())

    def choose(self, rows: Sequence[Any]) -> None:
        """Select records, whether they are on this page or not."""
        shape = self.listing.question.kind
        with self._lock:
            self._chosen.update({str(row.id): (shape, row) for row in rows})

    @property
    def shown(self) -> list[Any]:
        """The records of the page, as they are arranged."""
        with self._lock:
            return self._arranged(self._rows)

    @callback
    def act(self, message: Mapping[str, Any]) -> None:
        """Do what somebody did in the table; what is not understood is left alone."""
        action = _ACTIONS.get(str(message.get("do")))
        if action is not None:
            action(self, message)

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
        if not self._has(following := replace(place, page=place.page + 1)) and not self._at_end(place):
            self._begin(lambda: self._quietly(lambda: self._fetched(following)))
        pages = self.listing.pages
        if self.news_after is not None and time.monotonic() - self._heard > self.news_after:
            self._heard = time.monotonic()
            self._begin(lambda: self._quietly(pages.look))

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
        with self._lock:
            view = self.view()
            self._made += 1
            made = self._made
        with self._publishing:
            # Two threads show what they saw, and the later of them saw more.
            if made > self._published:
                self._published = made
                self._shown(view)

    def view(self) -> View:
        """Describe what is to be seen, as plain data."""
        place, total, question = self.place, self.listing.pages.end, self.listing.question
        rows = self._arranged(self._rows)
        pages = None if total is None else max(1, ceil(total / place.size))
        return {
            "heading": question.in_words(),
            "columns": self._columns(),
            "rows": [self._row(row) for row in rows],
            "about": self._about(len(rows)),
            "asked": f"as of {clock(self.listing.asked)}",
            "theme": options.theme,
            "note": self._note or self._labels(),
            "empty": self._empty if not rows else "",
            "page": place.page,
            "pages": pages,
            "size": place.size,
            "sizes": list(SIZES),
            "total": total,
            "can": {
                "first": place.page > 1,
                "previous": place.page > 1,
                "next": not self._at_end(place),
                "last": None if pages is None else place.page < pages,
            },
            "search": self._searched(),
            "filter": "search" if self._searches else "filter" if self.listing.can_filter else "filter this page",
            "selected": len(self._chosen),
            "grown": self.listing.pages.grown,
            "busy": self._busy,
            "error": self._error,
            "detail": self._detail,
            "code": self._code(self.listing),
        }

    def _searched(self) -> str:
        """Give what was typed: what went wrong does not take it away."""
        question = self.listing.question
        asked = (question.query if self._searches else question.text) or self.place.text
        return asked if self._typed is None else self._typed

    def _about(self, shown: int) -> str:
        place, pages = self.place, self.listing.pages
        total = None if pages.end is None else pages.end + pages.withheld
        first = (place.page - 1) * place.size + 1
        last = first - 1 + len(self._rows)
        if not self._rows:
            return "0 of 0" if total == 0 else "nothing here"
        whole = f"{total}" if total is not None else f"{last}+"
        part = "" if shown == len(self._rows) else f", {shown} of them shown"
        return f"{first}–{last} of {whole}{part}"

    def _labels(self) -> str:
        labels = (("sorted", self.place.sort), ("filtered", self.place.text))
        done = " and ".join(word for word, is_so in labels if is_so)
        if done and not self._is_one_page:
            return f"{done}: this page only"
        pages, question = self.listing.pages, self.listing.question
        if pages.stuck:
            return "This server gives its first rows again and again: what follows them cannot be seen."
        if pages.withheld:
            return f"The server gave {pages.end} of {(pages.end or 0) + pages.withheld}."
        if question.scan:
            return "Searched here, in the whole catalogue: this server's own search is not used."
        return "Last page reached." if self._at_end(self.place) and not self.listing.pages.told else ""

    @property
    def _is_one_page(self) -> bool:
        end = self.listing.pages.end
        return end is not None and end <= self.place.size

    @property
    def _searches(self) -> bool:
        return self.listing.question.kind == "data"

    def _columns(self) -> list[View]:
        shape, (name, down) = self.listing.question.shape, self._sorted_by()
        return [
            {
                "name": column,
                "side": "right" if is_right(dtype) else "",
                "code": is_code(column),
                "sorted": ("down" if down else "up") if column == name else "",
            }
            for column, dtype, _ in COLUMNS[shape]
        ]

    def _sorted_by(self) -> Sort:
        if self.place.sort:
            return self.place.sort
        pushed = self.listing.question.sort or ""
        return pushed.removeprefix("-"), pushed.startswith("-")

    def _row(self, row: Any) -> View:
        id = self.listing.id_of(row)
        cells = [(name, read(row)) for name, _, read in COLUMNS[self.listing.question.shape]]
        now = self.listing.asked
        return {
            "id": id,
            "selected": id in self._chosen,
            "cells": [
                {"text": told(name, value, now), "whole": "" if missing(value) else str(value)} for name, value in cells
            ],
        }

    def _arranged(self, rows: Sequence[Any]) -> list[Any]:
        readers = {name: read for name, _, read in COLUMNS[self.listing.question.shape]}
        arranged, place = list(rows), self.place
        if place.text:
            arranged = [row for row in arranged if holds(row, readers.values(), place.text)]
        if place.sort:
            name, down = place.sort
            arranged = ordered(arranged, readers[name], down=down)
        return arranged

    def _span(self, place: Place) -> tuple[int, int]:
        """Give where a page begins in the list, and where it stops; counted from 0."""
        return (place.page - 1) * place.size, place.page * place.size

    def _has(self, place: Place) -> bool:
        return self.listing.pages.has(*self._span(place))

    def _fetched(self, place: Place) -> list[Any]:
        return list(self.listing.pages.between(*self._span(place)))

    def _last_page(self) -> int | None:
        end = self.listing.pages.end
        return None if end is None else max(1, ceil(end / self.place.size))

    def _at_end(self, place: Place) -> bool:
        return self.listing.pages.is_past_end(place.page * place.size)

    def _ask(self, question: Question) -> None:
        """Ask something else, from its first page on; what was selected stays so."""
        with self._lock:
            self._generation += 1
            generation, place = self._generation, replace(self.place, page=1)
            self._busy, self._error, self._note = True, None, ""
        self.show()

        @callback
        def ask(pager: Pager) -> None:
            listing = _asked_anew(pager.listing, question)
            empty = "" if listing.pages.page(1) else _nothing(listing)
            with pager._lock:
                if generation != pager._generation:
                    return
                pager.listing, pager._empty, pager._typed = listing, empty, None
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
        down = not down if name == column else False
        if self.listing.can_sort(column):
            self.place = replace(self.place, sort=None)
            self._ask(replace(self.listing.question, sort=f"{'-' if down else ''}{column}"))
        else:
            self._change(replace(self.place, sort=(column, down)))

    def _change(self, place: Place) -> None:
        with self._lock:
            self.place = place
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
        from aero_jupyter.notebook.detail import code_of, detail_of

        found = self._lately(str(message.get("id")))
        if found is None:
            return
        listing, row = found
        with self._lock:
            self._opening += 1
            opening, self._error = self._opening, None
        self.show()

        @callback
        def fetch(pager: Pager) -> None:
            card = detail_of(listing, row)
            with pager._lock:
                # Another row was opened meanwhile, or this one closed.
                if opening != pager._opening:
                    return
                pager._detail = {**_as_data(card), "code": code_of(listing, row), "links": pager.links(row)}
                pager._open_row = row
            pager.show()

        self._begin(lambda: fetch(self))

    def links(self, row: Any) -> list[View]:
        """Give the buttons of an open row: what each carries it on to."""
        return []

    def _carry(self, message: Mapping[str, Any]) -> None:
        if self._open_row is not None:
            self.carry(str(message.get("what")), self._open_row)

    def _close(self, _: Mapping[str, Any]) -> None:
        with self._lock:
            self._opening += 1
            self._detail = None
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

    def note(self, text: str) -> None:
        """Say something below the table."""
        with self._lock:
            self._note = text
        self.show()


def _asked_anew(listing: Listing, question: Question) -> Listing:
    """Ask a question; where the server's search is broken, read the whole catalogue and search it here."""
    asked = listing.again(question)
    try:
        asked.pages.page(1)
    except ServerFailed:
        if not question.query or question.kind != "data" or question.scan:
            raise
        return listing.again(replace(question, scan=True))
    return asked


def _on_thread(task: Callable[[], None]) -> None:
    threading.Thread(target=task, name="aero-pager", daemon=True).start()


def _as_data(card: Card) -> View:
    return {"heading": card.heading, "lines": list(card.lines), "pre": card.pre}


def _nothing(listing: Listing) -> str:
    """Say that nothing was found, and what may have been meant."""
    question, client = listing.question, listing.session.client
    wanted = question.query or question.text
    if not wanted:
        return "There is nothing yet."
    said = f'Nothing matches "{wanted}".'
    resolve = {"data": client.resolve_data, "flow": client.resolve_flow}.get(question.kind)
    try:
        if resolve is not None:
            resolve(wanted)
    except UnknownName as unknown:
        return f"{said} {unknown.cure}" if unknown.candidates else said
    except AeroError:
        return said
    return said


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
