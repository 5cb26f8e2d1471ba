"""Hearing that a cell has run, as long as somebody looks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakMethod

_EVENT = "post_run_cell"


class CellsRun:
    """Tells a panel that a cell has run; the shell keeps no panel alive by it.

    Parameters
    ----------
    shell : InteractiveShell or None
        Whose cells are meant.
    told : bound method
        Called after each cell, before the next: it must not take time.
    """

    def __init__(self, shell: Any, told: Callable[[], None]) -> None:
        self._events = getattr(shell, "events", None)
        self._told = WeakMethod(told)

    def begin(self) -> None:
        """Hear of cells from now on."""
        if self._events is not None:
            self._events.register(_EVENT, self._ran)

    def end(self) -> None:
        """Hear of them no more."""
        if self._events is not None and self._ran in self._events.callbacks[_EVENT]:
            self._events.unregister(_EVENT, self._ran)

    def _ran(self, _: Any) -> None:
        told = self._told()
        if told is None:
            self.end()
        else:
            told()
