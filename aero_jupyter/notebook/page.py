"""A page of a listing as it is to be seen, as plain data."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from aero_jupyter.core.wire import PAGE_SIZE
from aero_jupyter.notebook.columns import COLUMNS
from aero_jupyter.notebook.listing import Listing, holds, ordered
from aero_jupyter.notebook.options import clock, options
from aero_jupyter.notebook.table import is_code, is_right, missing, told

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


class Page:
    """What is shown of a listing: a page of it, what is selected, and what else stands beside it.

    Parameters
    ----------
    listing : Listing
        What is paged.
    code : callable
        Gives the code that makes the frame.
    """

    def __init__(self, listing: Listing, code: Callable[[Listing], str]) -> None:
        self.listing = listing
        self.place = Place(size=options.page_size)
        self.opened: str | None = None
        self._code = code
        self._lock = threading.RLock()
        self._rows: list[Any] = []
        self._chosen: dict[str, tuple[str, Any]] = {}
        self._busy = False
        self._turned = 0
        self._typed: str | None = None
        self._error: View | None = None
        self._detail: View | None = None
        self._note = ""
        self._empty = "There is nothing here."

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

    def view(self) -> View:
        """Describe what is to be seen, as plain data."""
        place, total, question = self.place, self.listing.pages.end, self.listing.question
        rows = self._arranged(self._rows)
        pages = None if total is None else max(1, ceil(total / place.size))
        return {
            "heading": f"{question.in_words()} · {self.listing.session.name}",
            "columns": self._columns(),
            "rows": [self._row(row) for row in rows],
            "about": self._about(len(rows)),
            "asked": self.as_of(),
            "turned": self._turned,
            "opened": self.opened or "",
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

    def as_of(self, tell: Callable[[datetime], str] = clock) -> str:
        """Say of when this is; by the clock, where it is not told otherwise."""
        return f"as of {tell(self.listing.asked)}"

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

    def _last_page(self) -> int | None:
        end = self.listing.pages.end
        return None if end is None else max(1, ceil(end / self.place.size))

    def _at_end(self, place: Place) -> bool:
        return self.listing.pages.is_past_end(place.page * place.size)
