"""The static output that is saved in the notebook beside a live widget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any  # IPython's objects, which have no types

from IPython.display import display

from aero_jupyter.notebook.widgets.background import Debounce
from aero_jupyter.notebook.widgets.callbacks import report_error

#: Hides the message of a widget that is gone, below the snapshot: such an output has no elements.
_WITHOUT_LOST_WIDGET = (
    "<style>.jp-OutputArea-child:has([data-aero]) + .jp-OutputArea-child .jp-OutputArea-output:not(:has(*))"
    "{display:none}</style>"
)
#: Seconds after a change of the panel in which all further changes lead to one update of the snapshot.
SNAPSHOT_DEBOUNCE_SECONDS = 1.0


class StaticSnapshot:
    """Snapshot that is saved with the notebook: the last state as HTML and text, hidden while the panel is live.

    Parameters
    ----------
    bundle : callable
        Returns the state as a MIME bundle.
    panel : object
        The panel that shows errors of `bundle`.
    """

    def __init__(self, bundle: Callable[[], dict[str, str]], panel: object) -> None:
        self._bundle = bundle
        self._panel = panel
        self._last_error = ""
        self._handle: Any = None
        self._update = Debounce(SNAPSHOT_DEBOUNCE_SECONDS, self._update_or_report)
        self._last: dict[str, str] = {}

    def set_source(self, bundle: Callable[[], dict[str, str]]) -> None:
        """Use another source of the state from now on."""
        self._bundle = bundle

    def display(self) -> None:
        """Display the snapshot in this cell."""
        self._last = self._styled_bundle()
        self._handle = display(self._last, raw=True, display_id=True)

    def _styled_bundle(self) -> dict[str, str]:
        bundle = self._bundle()
        return {**bundle, "text/html": bundle["text/html"] + _WITHOUT_LOST_WIDGET}

    @property
    def is_shown(self) -> bool:
        """Return whether a cell displays the snapshot."""
        return self._handle is not None

    def later(self) -> None:
        """Schedule a debounced snapshot update."""
        if self._handle is not None:
            self._update.request()

    def _update_or_report(self) -> None:
        try:
            self.now()
            self._last_error = ""
        except Exception as error:
            # Showing an error requests another update, so that the same error is shown once only.
            previous, self._last_error = self._last_error, repr(error)
            if self._last_error != previous:
                report_error(self._panel, error)

    def now(self) -> None:
        """Update the snapshot."""
        bundle = self._styled_bundle()
        if self._handle is not None and bundle != self._last:
            self._last = bundle
            self._handle.update(bundle, raw=True)
