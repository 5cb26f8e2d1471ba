"""The live table of a frame: a click on a row opens its page below, and new rows are counted while it is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aero_jupyter.core.errors import AeroError
from aero_jupyter.notebook.panels.base import Panel, Subject
from aero_jupyter.notebook.tables.columns import Row
from aero_jupyter.notebook.tables.live_table import LiveTable
from aero_jupyter.notebook.tables.pager import Pager
from aero_jupyter.notebook.tables.query import QueryResult
from aero_jupyter.notebook.tables.selection import version_id
from aero_jupyter.notebook.widgets.callbacks import Message

if TYPE_CHECKING:
    from ipywidgets import Widget

#: Kinds of records that have a page.
_WITH_PAGE = ("data", "search", "version", "run")


class FramePager(Pager):
    """Pager of a frame: a row of a dataset, a version or a run opens its page; other rows show their fields."""

    def _open(self, message: Message) -> None:
        recent = self._recent_row(str(message.get("id")))
        if recent is None or recent[0].question.shape not in _WITH_PAGE:
            super()._open(message)
            return
        with self._lock:
            self.opened, self._open_row = str(message.get("id")), recent[1]
        self.show()
        self.navigate("page", recent[1])

    def look(self) -> bool:
        """Count the rows that were added; return whether the server answered."""
        pages = self.listing.pages
        if self._busy or not self.listing.is_read_by_page:
            return True
        before = pages.added_rows
        try:
            pages.count_new_rows()
        except AeroError:
            return False
        if pages.added_rows != before and pages is self.listing.pages:
            self.show()
        return True


class FrameTable(Panel):
    """The displayed table of a frame."""

    def __init__(self, listing: QueryResult, code: Callable[[QueryResult], str]) -> None:
        super().__init__(listing.session)
        self._live = LiveTable(listing, code, make=FramePager, on_view=self.handle_message)
        self._live.pager.navigate = self._open_page

    @property
    def pager(self) -> Pager:
        """The pager of the table."""
        return self._live.pager

    def build_widget(self) -> Widget:
        """Build the widget."""
        return self._live.box

    def display(self) -> None:
        """Display the table in this cell."""
        self._live.display(self.widget)

    @property
    def polled(self) -> FramePager | None:
        """The pager of a local AERO, which counts new rows; other servers are asked when a page is turned."""
        return self.pager if self._session.is_local and isinstance(self.pager, FramePager) else None

    def _open_page(self, action: str, row: Row) -> None:
        self.navigate(action, _subject_of(self.pager.listing, row))


def _subject_of(listing: QueryResult, row: Row) -> Subject:
    """Return what a row is about: a run, or a dataset with its version as ``ID@N``."""
    if listing.question.shape == "run":
        return row
    id, version = version_id(row)
    return id if version is None else f"{id}@{version}"


def display_table(listing: QueryResult, code: Callable[[QueryResult], str]) -> Pager:
    """Display a query result as a live table with the pages of its rows below it; return its pager."""
    table = FrameTable(listing, code)
    table.display()
    return table.pager
