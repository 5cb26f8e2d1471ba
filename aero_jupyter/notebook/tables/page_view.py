"""A page of a query result as plain data, for the live table and its fallback."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from aero_jupyter.core.wire import PAGE_SIZE
from aero_jupyter.notebook.settings import clock, options
from aero_jupyter.notebook.tables.cell_format import cell_parts, is_code, is_numeric
from aero_jupyter.notebook.tables.column_filters import filterable_columns, highlighted_words
from aero_jupyter.notebook.tables.columns import ColumnReader, Row, columns_of, readers_of
from aero_jupyter.notebook.tables.downloads import offered_downloads
from aero_jupyter.notebook.tables.query import QueryResult
from aero_jupyter.notebook.tables.row_order import holds, ordered
from aero_jupyter.notebook.tables.selection import selection_actions
from aero_jupyter.notebook.tables.table_view import CellView, ColumnView, DetailView, ErrorView, RowView, TableView

SIZES = (15, 30, 60)
Sort = tuple[str, bool]


@dataclass(frozen=True)
class PageState:
    """Page, size, local sort and local filter of a table.

    Attributes
    ----------
    page, size : int
        Counted from 1; rows a page.
    sort : tuple of str and bool, or None
        The column by which the shown page is sorted here, and whether descending.
    text : str
        The text by which the shown page is filtered here.
    """

    page: int = 1
    size: int = PAGE_SIZE
    sort: Sort | None = None
    text: str = ""


class PagePresenter:
    """Presenter of a query result: one page, the selection, and the controls.

    Parameters
    ----------
    listing : QueryResult
        The records.
    code : callable
        Returns the code that makes the frame.
    """

    #: Whether the panel of the table can use datasets as inputs of a new flow.
    can_use = False
    #: The Python expression of the selection.
    selection_code = "frame.aero.selected"

    def __init__(self, listing: QueryResult, code: Callable[[QueryResult], str]) -> None:
        self.listing = listing
        self.place = PageState(size=options.page_size)
        self.opened: str | None = None
        self._code = code
        self._lock = threading.RLock()
        self._rows: list[Row] = []
        self._chosen: dict[str, tuple[str, Row]] = {}
        self._busy = False
        self._turned = 0
        self._typed: str | None = None
        self._error: ErrorView | None = None
        self._detail: DetailView | None = None
        self._note = ""
        self._empty = "There is nothing here."
        self._similar: tuple[str, ...] = ()

    @property
    def selected(self) -> list[tuple[str, Row]]:
        """The selected records of all pages, in the order of selection, each with its kind."""
        with self._lock:
            return list(self._chosen.values())

    def choose(self, rows: Sequence[Row]) -> None:
        """Select records, also those on other pages."""
        shape = self.listing.question.kind
        with self._lock:
            self._chosen.update({str(row.id): (shape, row) for row in rows})

    @property
    def shown_rows(self) -> list[Row]:
        """The records of the page, filtered and sorted."""
        with self._lock:
            return self._arranged(self._rows)

    def view(self) -> TableView:
        """Return what the table shows."""
        place, total, question = self.place, self.listing.pages.end, self.listing.question
        rows = self._arranged(self._rows)
        pages = None if total is None else max(1, ceil(total / place.size))
        columns = columns_of(question.shape, self._rows)
        return TableView(
            heading=f"{question.in_words()} · {self.listing.session.name}",
            columns=self._columns(columns),
            rows=tuple(self._row(row, columns) for row in rows),
            about=self._about(len(rows)),
            asked=self.as_of(),
            turned=self._turned,
            opened=self.opened or "",
            theme=options.theme,
            note=self._note or self._labels(),
            empty=self._empty if not rows else "",
            similar=self._similar if not rows else (),
            words=highlighted_words(question, place.text),
            filters=[{"column": name, "value": value} for name, value in question.where],
            selection_code=self.selection_code,
            filterable=filterable_columns(question),
            downloads=offered_downloads(is_one_page=pages == 1, has_selection=bool(self._chosen)),
            chosen=selection_actions(list(self._chosen.values()), self.can_use) if self._chosen else (),
            page=place.page,
            pages=pages,
            size=place.size,
            sizes=SIZES,
            total=total,
            can=self._possible_turns(pages),
            search=self._searched(),
            filter="search" if self._searches else "filter" if self.listing.can_filter else "filter this page",
            selected=len(self._chosen),
            grown=self.listing.pages.added_rows,
            busy=self._busy,
            error=self._error,
            detail=self._detail,
            code=self._code(self.listing),
        )

    def _possible_turns(self, pages: int | None) -> dict[str, bool | None]:
        page = self.place.page
        last = None if pages is None else page < pages
        return {"first": page > 1, "previous": page > 1, "next": not self._at_end(self.place), "last": last}

    def _searched(self) -> str:
        """Return the text of the search field, which an error keeps."""
        question = self.listing.question
        asked = (question.query if self._searches else question.text) or self.place.text
        return asked if self._typed is None else self._typed

    def as_of(self, format_time: Callable[[datetime], str] = clock) -> str:
        """Return the "as of" label."""
        return f"as of {format_time(self.listing.asked)}"

    def _about(self, visible_rows: int) -> str:
        place, pages = self.place, self.listing.pages
        total = None if pages.end is None else pages.end + pages.withheld
        first = (place.page - 1) * place.size + 1
        last = first - 1 + len(self._rows)
        if not self._rows:
            return "0 of 0" if total == 0 else "nothing here"
        whole = f"{total}" if total is not None else f"{last}+"
        part = "" if visible_rows == len(self._rows) else f", {visible_rows} of them shown"
        return f"{first}–{last} of {whole}{part}"

    def _labels(self) -> str:
        labels = (("sorted", self.place.sort), ("filtered", self.place.text))
        done = " and ".join(word for word, is_so in labels if is_so)
        if done and not self._is_one_page:
            return f"{done}: this page only"
        pages, question = self.listing.pages, self.listing.question
        if pages.is_stuck:
            return "This server repeats its first rows; the rows after them cannot be shown."
        if pages.withheld:
            return f"The server sent {pages.end} of {(pages.end or 0) + pages.withheld} rows."
        if question.scan:
            return "The whole catalogue was searched here, without the server's own search."
        return "Last page reached." if self._at_end(self.place) and not self.listing.pages.reports_total else ""

    @property
    def _is_one_page(self) -> bool:
        end = self.listing.pages.end
        return end is not None and end <= self.place.size

    @property
    def _searches(self) -> bool:
        return self.listing.question.kind == "data"

    def _columns(self, columns: Sequence[ColumnReader]) -> tuple[ColumnView, ...]:
        sorted_name, down = self._sorted_by()
        order = "down" if down else "up"
        return tuple(
            ColumnView(
                name,
                side="right" if is_numeric(dtype) else "",
                code=is_code(name),
                time=dtype == "time",
                sorted=order if name == sorted_name else "",
            )
            for name, dtype, *_ in columns
        )

    def _sorted_by(self) -> Sort:
        if self.place.sort:
            return self.place.sort
        pushed = self.listing.question.sort or ""
        return pushed.removeprefix("-"), pushed.startswith("-")

    def _row(self, row: Row, columns: Sequence[ColumnReader]) -> RowView:
        id, now = self.listing.id_of(row), self.listing.asked
        cells = (CellView(*cell_parts(column.name, column.read(row), now)) for column in columns)
        return RowView(id, id in self._chosen, tuple(cells))

    def _arranged(self, rows: Sequence[Row]) -> list[Row]:
        readers = readers_of(self.listing.question.shape)
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

    def _at_end(self, place: PageState) -> bool:
        return self.listing.pages.is_past_end(place.page * place.size)
