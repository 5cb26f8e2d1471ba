"""Placeholder while the first page of a table loads: it shows what delays the page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from aero_jupyter.client.transport import request_deadline
from aero_jupyter.core.errors import ClientError
from aero_jupyter.notebook.panels.base import Message
from aero_jupyter.notebook.panels.tree_panel import TreePanel
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.callbacks import callback, report_error
from aero_jupyter.notebook.widgets.poller import poller
from aero_jupyter.notebook.widgets.tree import Node

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session

#: Seconds that a request for the first page may take.
FIRST_PAGE_SECONDS = 10.0
#: Seconds to wait for the first page before the placeholder is shown.
PLACEHOLDER_DELAY_SECONDS = 0.2


class LoadingPanel(TreePanel):
    """Placeholder that fetches the first page of a table; after a failure it shows the reason, and tries again.

    Parameters
    ----------
    label : str
        The table that loads.
    fetch : callable
        Fetches the first page and shows it.
    """

    def __init__(self, session: Session, label: str, fetch: Callable[[], None]) -> None:
        super().__init__(session)
        self.label = label
        self._fetch = fetch
        self._static_nodes: Sequence[Node] = ()
        self._fetch_lock = threading.Lock()
        self._first_try_done = threading.Event()
        self._has_failed = self._is_shown = False

    def nodes(self) -> Sequence[Node | None]:
        """Return the nodes of the tree."""
        retry = [trees.button("Retry", "retry"), trees.text("Trying again." if self._has_failed else "", "meta")]
        return [
            trees.text(self.label, "strong"),
            *self._static_nodes,
            trees.text("Loading …", "meta") if self._is_busy else None,
            trees.row(*retry) if self._error is not None else None,
        ]

    def actions(self) -> Mapping[str, Callable[[Message], None]]:
        """Return the handlers of messages, by the name of the action."""
        return {"retry": lambda _: self.run_in_background(self._retry)}

    def start(self) -> None:
        """Fetch the first page in the background; wait a moment, so that a quick reply shows no placeholder."""
        with self._lock:
            self._is_busy = True
        self._start_task(self._try_fetch)
        self._first_try_done.wait(PLACEHOLDER_DELAY_SECONDS)

    def show_static(self, *nodes: Node) -> None:
        """Show nodes in place of a table that has no pages."""
        self._static_nodes = nodes

    def on_shown(self) -> None:
        """Try again regularly while a view is open."""
        self._is_shown = True
        if self._has_failed:
            poller.watch(self)

    def on_hidden(self) -> None:
        """Stop trying."""
        self._is_shown = False
        poller.leave(self)

    def look(self) -> bool:
        """Try again on a thread of its own; return whether the last try succeeded."""
        self._start_task(self._try_fetch)
        return not self._has_failed

    def _retry(self) -> None:
        # A stopped local AERO is started again.
        self._session.ensure_running()
        self._try_fetch()

    @callback
    def _try_fetch(self) -> None:
        if not self._fetch_lock.acquire(blocking=False):
            return
        try:
            with request_deadline(FIRST_PAGE_SECONDS):
                self._fetch()
        except ClientError as error:
            self._handle_failure(error)
        else:
            self._has_failed = False
            poller.leave(self)
            with self._lock:
                self._is_busy, self._error = False, None
            self.show()
        finally:
            self._fetch_lock.release()
            self._first_try_done.set()

    def _handle_failure(self, error: ClientError) -> None:
        had_failed, self._has_failed = self._has_failed, True
        report_error(self, error)
        if self._is_shown and not had_failed:
            poller.watch(self)
