"""Panels that are a table with pages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from aero_jupyter.client.transport import briefly
from aero_jupyter.notebook.callbacks import caught
from aero_jupyter.notebook.frames import AeroFrame, frame_from
from aero_jupyter.notebook.listing import Listing, Question
from aero_jupyter.notebook.options import options
from aero_jupyter.notebook.paging import Pager
from aero_jupyter.notebook.panels import tree as trees
from aero_jupyter.notebook.panels.base import Panel, Twin
from aero_jupyter.notebook.panels.waiting import PATIENCE, Waiting

if TYPE_CHECKING:
    from ipywidgets import Widget

    from aero_jupyter.notebook.grid import Live
    from aero_jupyter.session import Session


class GridPanel(Panel):
    """A panel that is a table with pages; until the server has told the first, it says that it waits."""

    #: What turns the pages.
    pager_type: Callable[..., Pager] = Pager

    def __init__(self, session: Session, question: Question) -> None:
        super().__init__(session)
        self._question = question
        self._live: Live | None = None
        self._waiting_for = Waiting(session, question.in_words(), self._arrive)
        self._twin = self._waiting_for.twin = Twin(self._waiting_for.marked, self)
        self._first: AeroFrame | None = None
        self._stand: Any = None
        self._has_begun = False
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return self._told()["text/plain"]

    def _repr_html_(self) -> str:
        return self._told()["text/html"]

    def _told(self) -> dict[str, str]:
        """Tell the first page to who cannot turn it; or why it does not come."""
        try:
            with briefly(PATIENCE):
                return _as_saved(self._frame)
        except Exception as error:
            caught(self._waiting_for, error)
            return self._waiting_for.saved()

    def saved(self) -> dict[str, str]:
        """Give it as it stands, as text and HTML; nobody is asked for that."""
        return self._waiting_for.saved() if self._first is None else _as_saved(self._first)

    @property
    def _frame(self) -> AeroFrame:
        """The first page, asked for once."""
        if self._first is None:
            self._first = frame_from(Listing(self._session, self._question), options.page_size)
        return self._first

    @property
    def question(self) -> Question:
        """What is asked now."""
        return self._question if self._live is None else self._live.pager.listing.question

    def turns(self) -> bool:
        """Whether its pages can be turned, of the server that has answered."""
        return True

    def show_error(self, lines: Sequence[str], story: str) -> None:
        """Show an error in the panel; the rest of it stays as it is."""
        (self._live or self._waiting_for).show_error(tuple(lines), story)

    def part(self) -> Widget:
        """Make the widget itself; what it shows is asked for on a thread."""
        from aero_jupyter.notebook.panels.face import boxed

        self._stand = boxed()
        self._waiting_for.ask()
        with self._lock:
            if self._live is None:
                self._stand.children = (self._waiting_for.widget,)
        return self._stand

    def _arrive(self) -> None:
        """Take what the server tells, on a thread: put the table in place of what waits for it."""
        frame = self._frame
        if not self.turns():
            self._waiting_for.tell(trees.pre(repr(frame)))
            return
        with self._lock:
            if self._live is not None or self._stand is None:
                return
            self._live = live = self._made_live(frame)
            self._stand.children = (live.box,)
            if self._has_begun:
                self._begin_live(live)
        self._waiting_for.close()

    def _made_live(self, frame: AeroFrame) -> Live:
        from aero_jupyter.notebook.grid import Live

        listing = frame._listing
        assert listing is not None
        live = Live(listing, lambda _: self.as_code(), make=self.pager_type, hear=self.hear)
        live.take(self._twin, self._waiting_for.mark)
        live.pager.carry = self.carried
        return live

    def carried(self, what: str, row: Any) -> None:
        """Carry an open row on."""
        self.carry(what, row)

    def begin(self) -> None:
        """Turn to the first page, and wait for the front end to say that it shows it."""
        with self._lock:
            self._has_begun = True
            if self._live is not None:
                self._begin_live(self._live)
            else:
                self._waiting_for.begin()

    def _begin_live(self, live: Live) -> None:
        live.begin()
        # A kernel that is busy hears late that somebody looks.
        self.looked_at()

    def close(self) -> None:
        """End it: watch no more, and take its widgets from the front end."""
        self._waiting_for.close()
        if self._live is not None:
            self._live.close()
        super().close()
        self._live, self._stand, self._has_begun = None, None, False

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if not self.is_live():
            raise NotImplementedError
        widget = self.widget
        self._twin.display()
        display(widget)
        self.begin()


def _as_saved(frame: AeroFrame) -> dict[str, str]:
    return {"text/plain": repr(frame), "text/html": frame._repr_html_()}
