"""Events of the shell: a cell has run."""

from __future__ import annotations

from collections.abc import Callable
from weakref import WeakMethod

_EVENT = "post_run_cell"


class CellRunListener:
    """Calls a panel's method after each cell; the shell does not keep the panel alive.

    Parameters
    ----------
    shell : InteractiveShell or None
        The shell whose cells are meant.
    on_cell_run : bound method
        Called after each cell, before the next: it must return at once.
    """

    # IPython's types leave out the events of a shell.
    def __init__(self, shell: object, on_cell_run: Callable[[], None]) -> None:
        self._events = getattr(shell, "events", None)
        self._on_cell_run = WeakMethod(on_cell_run)

    def start(self) -> None:
        """Listen from now on."""
        if self._events is not None:
            self._events.register(_EVENT, self._notify)

    def stop(self) -> None:
        """Stop listening."""
        if self._events is not None and self._notify in self._events.callbacks[_EVENT]:
            self._events.unregister(_EVENT, self._notify)

    def _notify(self, _: object) -> None:
        on_cell_run = self._on_cell_run()
        if on_cell_run is None:
            self.stop()
        else:
            on_cell_run()
