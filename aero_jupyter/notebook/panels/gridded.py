"""Panels that are a table with pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aero_jupyter.notebook.frames import frame_from
from aero_jupyter.notebook.listing import Listing, Question
from aero_jupyter.notebook.options import options
from aero_jupyter.notebook.paging import Pager
from aero_jupyter.notebook.panels.base import Panel

if TYPE_CHECKING:
    from ipywidgets import Widget

    from aero_jupyter.notebook.grid import Live
    from aero_jupyter.session import Session


class GridPanel(Panel):
    """A panel that is a table with pages."""

    #: What turns the pages.
    pager_type: Callable[..., Pager] = Pager

    def __init__(self, session: Session, question: Question) -> None:
        super().__init__(session)
        self._question = question
        self._frame = frame_from(Listing(session, question), options.page_size)
        self._live: Live | None = None

    def __repr__(self) -> str:
        return repr(self._frame)

    def _repr_html_(self) -> str:
        return self._frame._repr_html_()

    @property
    def question(self) -> Question:
        """What is asked now."""
        return self._question if self._live is None else self._live.pager.listing.question

    def part(self) -> Widget:
        """Make the widget itself."""
        from aero_jupyter.notebook.grid import Live

        listing = self._frame._listing
        assert listing is not None
        self._live = Live(listing, lambda _: self.as_code(), make=self.pager_type, hear=self.hear)
        self._live.pager.carry = self.carried
        return self._live.box

    def carried(self, what: str, row: Any) -> None:
        """Carry an open row on."""
        self.carry(what, row)

    def begin(self) -> None:
        """Turn to the first page, and wait for the front end to say that it shows it."""
        if self._live is not None:
            self._live.begin()
            # A kernel that is busy hears late that somebody looks.
            self.looked_at()

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if not self.is_live():
            raise NotImplementedError
        widget = self.widget
        self.begin()
        assert self._live is not None
        self._live.show_twin()
        display(widget)
