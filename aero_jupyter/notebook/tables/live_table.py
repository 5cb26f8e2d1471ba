"""The live table of a frame: an anywidget where the front end has it, plain controls otherwise, and a snapshot."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

import pandas as pd
from IPython.display import display

from aero_jupyter.notebook.settings import moment
from aero_jupyter.notebook.tables.cell_format import frame_tree
from aero_jupyter.notebook.tables.columns import column_series
from aero_jupyter.notebook.tables.downloads import DownloadFile, data_files, table_file
from aero_jupyter.notebook.tables.fallback_table import table_messages, table_tree
from aero_jupyter.notebook.tables.pager import Pager
from aero_jupyter.notebook.tables.query import QueryResult
from aero_jupyter.notebook.tables.row_panels import row_panels
from aero_jupyter.notebook.tables.table_view import TableView
from aero_jupyter.notebook.widgets.background import run_in_background
from aero_jupyter.notebook.widgets.callbacks import Message, callback
from aero_jupyter.notebook.widgets.fallback_fields import Widget
from aero_jupyter.notebook.widgets.fallback_tree import MessageHandler
from aero_jupyter.notebook.widgets.progress import progress_text
from aero_jupyter.notebook.widgets.snapshot import StaticSnapshot
from aero_jupyter.notebook.widgets.tree import as_html, as_text
from aero_jupyter.notebook.widgets.widget_host import WidgetHost


class LiveTable(WidgetHost):
    """A frame as it is shown: the static snapshot, and below it the live table or its fallback.

    Attributes
    ----------
    pager : Pager
    """

    def __init__(
        self,
        listing: QueryResult,
        code: Callable[[QueryResult], str],
        *,
        make: Callable[..., Pager] = Pager,
        on_view: MessageHandler = lambda _: None,
    ) -> None:
        self._mark = uuid.uuid4().hex
        self._snapshot = StaticSnapshot(self._static, self)
        self._downloading = threading.Lock()
        self._offered: DownloadFile | None = None
        self._on_view = on_view
        self.pager = make(listing, self._show, code)
        super().__init__(self.pager.view().as_data(), self._mark)

    def display(self, box: Widget | None = None) -> None:
        """Display the table in this cell, or the box that contains it."""
        self.begin()
        self._snapshot.display()
        display(self.box if box is None else box)

    def begin(self) -> None:
        """Fetch the first page, and wait for the hello of the front end."""
        self.pager.start()
        super().begin()

    def adopt_snapshot(self, snapshot: StaticSnapshot, mark: str) -> None:
        """Update the snapshot that the cell already shows."""
        self._snapshot, self._mark, self.widget.mark = snapshot, mark, mark
        snapshot.set_source(self._static)

    def refresh_fallback(self) -> None:
        """Show the current page in the plain controls."""
        self._show(self.pager.view())

    def show_error(self, lines: tuple[str, ...], story: str) -> None:
        """Show an error above the table."""
        self.pager.show_error(lines, story)

    def _show(self, view: TableView) -> None:
        self.widget.show(view.as_data())
        if (controls := self.fallback) is None:
            self._snapshot.later()
        else:
            controls.show(table_tree(view, self._offered, with_rows=not self._snapshot.is_shown))
            self._snapshot.now()

    def _static(self) -> dict[str, str]:
        view = self.pager.view()
        listing = self.pager.listing
        rows = pd.DataFrame(column_series(listing.question.shape, self.pager.shown_rows))
        pages = f"page {view.page} of {view.pages or 'more'}"
        server = listing.session.name
        about = f"{view.about} · {self.pager.as_of(moment)}, {pages} · {server}"
        return {
            "text/plain": as_text(frame_tree(rows, about, listing.asked)),
            "text/html": as_html(frame_tree(rows, about), self._mark),
        }

    def receive(self, message: Message) -> None:
        """Handle a message of the live table."""
        self._on_view(message)
        self._act(message)

    def receive_from_fallback(self, message: Message) -> None:
        """Handle a message of the plain controls."""
        for each in table_messages(message, self.pager.view()):
            self._act(each)

    def _act(self, message: Message) -> None:
        if message.get("do") != "download":
            self.pager.act(message)
        elif self._downloading.acquire(blocking=False):
            # A second click during a download does not start another.
            run_in_background(lambda: self._download(message), "aero-download")

    def _download(self, message: Message) -> None:
        try:
            self._send_rows(message)
        finally:
            self._downloading.release()

    @callback
    def _send_rows(self, message: Message) -> None:
        self.pager.note("Reading …")
        what, listing = message.get("what"), self.pager.listing
        selected, kind = self.pager.selected, listing.question.shape
        if what == "data":
            for file in data_files(listing.session.client, selected):
                self._send_file(file)
            self.pager.note(f"{len(selected)} file{'s' * (len(selected) != 1)} downloaded.")
            return
        if what != "selected":
            rows = listing.pages.all(self._show_progress) if what == "all" else self.pager.shown_rows
            selected = [(kind, row) for row in rows]
        name = f"{listing.question.kind}-{listing.asked:%Y%m%d-%H%M%S}"
        self._send_file(table_file(name, str(message.get("format")), kind, selected))
        self.pager.note(f"{len(selected):,} row{'s' * (len(selected) != 1)} downloaded.")

    def _show_progress(self, count: int, total: int | None) -> None:
        self.pager.note(progress_text(count, total))

    def _send_file(self, file: DownloadFile) -> None:
        if self.fallback is not None:
            self._offered = file
            self.refresh_fallback()
            return
        self.widget.send({"do": "file", "name": file.name, "type": file.type}, buffers=[file.content])


def show(listing: QueryResult, code: Callable[[QueryResult], str]) -> Pager:
    """Show a listing as a live table, with the pages of its rows below it if panels are loaded; return its pager."""
    if row_panels.display is not None:
        return row_panels.display(listing, code)
    live = LiveTable(listing, code)
    live.display()
    return live.pager
