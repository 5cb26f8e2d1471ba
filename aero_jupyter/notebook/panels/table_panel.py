"""Panels that are a table with pages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any  # ipywidgets, which have no types

from aero_jupyter.client.transport import request_deadline
from aero_jupyter.notebook.panels.base import Panel, Subject
from aero_jupyter.notebook.panels.loading import FIRST_PAGE_SECONDS, LoadingPanel
from aero_jupyter.notebook.settings import options
from aero_jupyter.notebook.tables.aero_frame import AeroFrame, frame_from
from aero_jupyter.notebook.tables.pager import Pager
from aero_jupyter.notebook.tables.query import ListQuery, QueryResult
from aero_jupyter.notebook.tables.selection import version_id
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.callbacks import report_error
from aero_jupyter.notebook.widgets.snapshot import StaticSnapshot

if TYPE_CHECKING:
    from ipywidgets import Widget

    from aero_jupyter.notebook.tables.live_table import LiveTable
    from aero_jupyter.session.session import Session


class TablePanel(Panel):
    """A panel that is a table with pages; a placeholder is shown until the first page has been fetched."""

    #: Builds the pager of the table.
    pager_type: Callable[..., Pager] = Pager

    def __init__(self, session: Session, query: ListQuery) -> None:
        super().__init__(session)
        self._query = query
        self._live: LiveTable | None = None
        self._placeholder = LoadingPanel(session, query.in_words(), self._show_first_page)
        self._snapshot = self._placeholder.snapshot = StaticSnapshot(self._placeholder.snapshot_bundle, self)
        self._first_page: AeroFrame | None = None
        # ipywidgets has no types.
        self._holder: Any = None
        self._is_displayed = False
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return self._static_bundle()["text/plain"]

    def _repr_html_(self) -> str:
        return self._static_bundle()["text/html"]

    def _static_bundle(self) -> dict[str, str]:
        """Return the first page as text and HTML; or the reason why it is missing."""
        try:
            with request_deadline(FIRST_PAGE_SECONDS):
                return _bundle_of(self._frame)
        except Exception as error:
            report_error(self._placeholder, error)
            return self._placeholder.mime_bundle()

    def mime_bundle(self) -> dict[str, str]:
        """Return the current state as text and HTML, without a request."""
        return self._placeholder.mime_bundle() if self._first_page is None else _bundle_of(self._first_page)

    @property
    def _frame(self) -> AeroFrame:
        """The first page, fetched once."""
        if self._first_page is None:
            self._first_page = frame_from(QueryResult(self._session, self._query), options.page_size)
        return self._first_page

    @property
    def query(self) -> ListQuery:
        """The current query."""
        return self._query if self._live is None else self._live.pager.listing.question

    @property
    def subject(self) -> Subject | None:
        """The subject of the panel below the table; else the open row."""
        if (below := super().subject) is not None or self._live is None:
            return below
        row = self._live.pager.open_row
        # A row of a search is the server's JSON.
        return version_id(row)[0] if isinstance(row, Mapping) else row

    def has_pages(self) -> bool:
        """Return whether the server, which has answered, can serve the table by pages."""
        return True

    def show_error(self, lines: Sequence[str], story: str) -> None:
        """Show an error in the panel; the rest of it stays as it is."""
        (self._live or self._placeholder).show_error(tuple(lines), story)

    def build_widget(self) -> Widget:
        """Build the widget; its content is fetched in the background."""
        from aero_jupyter.notebook.widgets.widget_host import boxed

        self._holder = boxed()
        self._placeholder.start()
        with self._lock:
            if self._live is None:
                self._holder.children = (self._placeholder.widget,)
        return self._holder

    def _show_first_page(self) -> None:
        """Fetch the first page, and replace the placeholder by the table."""
        frame = self._frame
        if not self.has_pages():
            self._placeholder.show_static(trees.pre(repr(frame)))
            return
        with self._lock:
            if self._live is not None or self._holder is None:
                return
            self._live = live = self._build_live_table(frame)
            self._holder.children = (live.box,)
            if self._is_displayed:
                self._display_live_table(live)
        self._placeholder.close()

    def _build_live_table(self, frame: AeroFrame) -> LiveTable:
        from aero_jupyter.notebook.tables.live_table import LiveTable

        result = frame._listing
        assert result is not None
        live = LiveTable(result, lambda _: self.as_code(), make=self.pager_type, on_view=self.handle_message)
        live.adopt_snapshot(self._snapshot, self._placeholder.mark)
        live.pager.navigate = self.navigate_from_row
        return live

    def navigate_from_row(self, action: str, row: Subject) -> None:
        """Open another panel about a row."""
        self.navigate(action, row)

    def on_displayed(self) -> None:
        """Show the first page, and wait for the hello of the front end."""
        with self._lock:
            self._is_displayed = True
            if self._live is not None:
                self._display_live_table(self._live)
            else:
                self._placeholder.on_displayed()

    def _display_live_table(self, live: LiveTable) -> None:
        live.begin()
        # A busy kernel receives the hello late.
        self.on_shown()

    def close(self) -> None:
        """Close the panel: stop polling, and remove its widgets from the front end."""
        self._placeholder.close()
        if self._live is not None:
            self._live.close()
        super().close()
        self._live, self._holder, self._is_displayed = None, None, False

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if not self.is_live():
            # IPython then uses the HTML or the text.
            raise NotImplementedError
        widget = self.widget
        self._snapshot.display()
        display(widget)
        self.on_displayed()


def _bundle_of(frame: AeroFrame) -> dict[str, str]:
    return {"text/plain": repr(frame), "text/html": frame._repr_html_()}
