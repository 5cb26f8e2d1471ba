"""What takes a while, said in one display that is updated in place."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from IPython.display import HTML, display

from aero_jupyter.notebook.frontend import front_end
from aero_jupyter.notebook.views import Card

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
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


def scanned(client: AeroClient, query: str) -> list[Json]:
    """Search a catalogue by reading all of it, and say meanwhile how far that is."""
    shown = Display()
    try:
        return client.scan(query, _counting(shown))
    finally:
        shown.clear()


def _counting(shown: Display) -> Callable[[int, int | None], None]:
    told = time.monotonic()

    def progress(count: int, total: int | None) -> None:
        nonlocal told
        if time.monotonic() - told >= _OFTEN:
            told = time.monotonic()
            shown.show(Card(f"Read {count:,} of {f'{total:,}' if total is not None else f'{count:,}+'}"))

    return progress
