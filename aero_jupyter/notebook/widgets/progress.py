"""Progress of a long operation, in one display that is updated in place."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any  # IPython's objects, which have no types

from IPython.display import HTML, display

from aero_jupyter.notebook.widgets.cards import Card
from aero_jupyter.notebook.widgets.frontend import front_end

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.client.pages import Pages
    from aero_jupyter.core.models import Json

#: Seconds between two updates of a count.
_UPDATE_SECONDS = 0.2


class Display:
    """Part of a cell's output that is updated in place; a terminal shows the last content only."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._updates = front_end() != "text"

    def show(self, card: Card, *, last: bool = False) -> None:
        """Show a card instead of the previous content."""
        if not self._updates:
            if last:
                display(card)
        elif self._handle is None:
            self._handle = display(card, display_id=True)
        else:
            self._handle.update(card)

    def clear(self) -> None:
        """Remove the content."""
        if self._handle is not None:
            self._handle.update(HTML(""))


class RowCounter:
    """Context manager that shows the number of rows read so far; call it with each new number."""

    def __init__(self) -> None:
        self._display = Display()
        self._updated_at = time.monotonic()

    def __enter__(self) -> RowCounter:
        return self

    def __exit__(self, *_: object) -> None:
        self._display.clear()

    def __call__(self, count: int, total: int | None) -> None:
        """Show the rows read so far, and their total if it is known."""
        if time.monotonic() - self._updated_at >= _UPDATE_SECONDS:
            self._updated_at = time.monotonic()
            self._display.show(Card(progress_text(count, total)))


def progress_text(count: int, total: int | None) -> str:
    """Return the number of rows read so far, and their total if it is known."""
    return f"Read {count:,} of {f'{total:,}' if total is not None else f'{count:,}+'}"


def scanned(client: AeroClient, query: str) -> Pages[Json]:
    """Search a catalogue by reading all of it; show the progress."""
    with RowCounter() as progress:
        return client.scanned(query, progress)
