"""What stands where a table will be: it asks for the first page, and says what keeps it from coming."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from aero_jupyter.client.transport import briefly
from aero_jupyter.core.errors import ClientError
from aero_jupyter.notebook.callbacks import callback, caught
from aero_jupyter.notebook.panels import tree as trees
from aero_jupyter.notebook.panels.base import Message, TreePanel
from aero_jupyter.notebook.panels.poller import poller
from aero_jupyter.notebook.panels.tree import Node

if TYPE_CHECKING:
    from aero_jupyter.session import Session

#: Seconds that a request for the first page may take.
PATIENCE = 10.0
#: Seconds in which nobody misses a table that is not there yet.
SOON = 0.2


class Waiting(TreePanel):
    """Waits for the first page of a table; where it does not come, says why, and tries again.

    Parameters
    ----------
    label : str
        What is waited for.
    ask : callable
        Asks the server; what comes is the caller's to show.
    """

    def __init__(self, session: Session, label: str, ask: Callable[[], None]) -> None:
        super().__init__(session)
        self.label = label
        self._ask = ask
        self._told: Sequence[Node] = ()
        self._asking = threading.Lock()
        self._is_tried = threading.Event()
        self._has_failed = self._is_looked_at = False

    def nodes(self) -> Sequence[Node | None]:
        """Describe what is to be seen."""
        again = [trees.button("Retry", "retry"), trees.text("Trying again." if self._has_failed else "", "meta")]
        return [
            trees.text(self.label, "strong"),
            *self._told,
            trees.text("Asking …", "meta") if self._busy else None,
            trees.row(*again) if self._error is not None else None,
        ]

    def actions(self) -> Mapping[str, Callable[[Message], None]]:
        """Give what can be done."""
        return {"retry": lambda _: self.work(self._retry)}

    def ask(self) -> None:
        """Ask on a thread; give it a moment, so that nothing jumps where the server is quick."""
        with self._lock:
            self._busy = True
        self._begin(self._try)
        self._is_tried.wait(SOON)

    def tell(self, *nodes: Node) -> None:
        """Show something in place of a table: what has come cannot be turned."""
        self._told = nodes

    def looked_at(self) -> None:
        """Try again while somebody looks."""
        self._is_looked_at = True
        if self._has_failed:
            poller.watch(self)

    def left(self) -> None:
        """Try no more."""
        self._is_looked_at = False
        poller.leave(self)

    def look(self) -> bool:
        """Try again, on a thread of its own; say whether the last time went well."""
        self._begin(self._try)
        return not self._has_failed

    def _retry(self) -> None:
        # The local AERO is started again where it was stopped.
        self._session.go_on()
        self._try()

    @callback
    def _try(self) -> None:
        if not self._asking.acquire(blocking=False):
            return
        try:
            with briefly(PATIENCE):
                self._ask()
        except ClientError as error:
            self._failed(error)
        else:
            self._has_failed = False
            poller.leave(self)
            with self._lock:
                self._busy, self._error = False, None
            self.show()
        finally:
            self._asking.release()
            self._is_tried.set()

    def _failed(self, error: ClientError) -> None:
        before, self._has_failed = self._has_failed, True
        caught(self, error)
        if self._is_looked_at and not before:
            poller.watch(self)
