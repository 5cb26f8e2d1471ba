"""Whether a front end shows what it is given: it says hello, or something plain takes the place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

#: Seconds in which the front end says that it is there.
PATIENCE = 3.0
NO_ANYWIDGET = (
    "This front end does not show anywidget, so these are plain controls. "
    "Install anywidget where JupyterLab runs, and reload the page."
)


class Handshake:
    """Waits for the first word of a front end, once, however often it is shown.

    Parameters
    ----------
    patience : float
        Seconds.
    give_up : callable
        Called when no word has come by then.
    """

    def __init__(self, patience: float, give_up: Callable[[], None]) -> None:
        self._timer = threading.Timer(patience, give_up)
        self._timer.daemon = True

    def begin(self) -> None:
        """Begin to wait; nothing happens where that was begun, or is over."""
        if self._timer.ident is None and not self._timer.finished.is_set():
            self._timer.start()

    def heard(self) -> None:
        """Wait no more: it is there, or nobody waits any longer."""
        self._timer.cancel()


def counted(widget: Any, hear: Callable[[Mapping[str, Any]], object]) -> None:
    """Tell whether somebody looks at a plain widget: front ends count the views of one whose count is a number."""

    def changed(change: Mapping[str, Any]) -> None:
        hear({"do": "hello" if change["new"] else "bye", "view": "plain"})

    widget._view_count = 0
    widget.observe(changed, "_view_count")
    hear({"do": "hello", "view": "plain"})


def closed(widget: Any) -> None:
    """Close a widget and all that it is made of: what it holds, its layout, its style."""
    parts = [getattr(widget, name) for name in widget.keys if name in ("children", "layout", "style")]
    widget.close()
    for part in parts:
        for each in part if isinstance(part, (tuple, list)) else (part,):
            closed(each)
