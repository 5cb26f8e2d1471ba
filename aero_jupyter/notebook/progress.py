"""What takes a while, said in one display that is updated in place."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from IPython.display import HTML, display

from aero_jupyter.notebook.frontend import front_end
from aero_jupyter.notebook.views import Card

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.client.pages import Pages
    from aero_jupyter.core.models import Json

#: Seconds between two updates of a count.
_OFTEN = 0.2


class Display:
    """One place of a cell's output, whose content changes; a terminal shows only what it ends with."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._updates = front_end() != "text"

    def show(self, card: Card, *, last: bool = False) -> None:
        """Show a card in place of what was there."""
        if not self._updates:
            if last:
                display(card)
        elif self._handle is None:
            self._handle = display(card, display_id=True)
        else:
            self._handle.update(card)

    def clear(self) -> None:
        """Take away what was shown."""
        if self._handle is not None:
            self._handle.update(HTML(""))


class Counting:
    """Says how many rows were read, while that takes; use it as a context, and call it with what came."""

    def __init__(self) -> None:
        self._shown = Display()
        self._told = time.monotonic()

    def __enter__(self) -> Counting:
        return self

    def __exit__(self, *_: object) -> None:
        self._shown.clear()

    def __call__(self, count: int, total: int | None) -> None:
        """Tell the rows read so far, and how many there are where that is known."""
        if time.monotonic() - self._told >= _OFTEN:
            self._told = time.monotonic()
            self._shown.show(Card(f"Read {count:,} of {f'{total:,}' if total is not None else f'{count:,}+'}"))


def scanned(client: AeroClient, query: str) -> Pages[Json]:
    """Search a catalogue by reading all of it, and say meanwhile how far that is."""
    with Counting() as progress:
        return client.scanned(query, progress)
