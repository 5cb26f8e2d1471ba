"""Panels whose view is a tree of plain data."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from IPython.display import display

from aero_jupyter.notebook.panels.base import Message, Panel, Task, start_thread
from aero_jupyter.notebook.settings import clock, moment, options
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.callbacks import callback
from aero_jupyter.notebook.widgets.nodes import NodeData
from aero_jupyter.notebook.widgets.snapshot import StaticSnapshot
from aero_jupyter.notebook.widgets.tree import Node

if TYPE_CHECKING:
    from ipywidgets import Widget

    from aero_jupyter.notebook.widgets.widget_host import TreeHost
    from aero_jupyter.session.session import Session


class TreePanel(Panel):
    """A panel that is a tree of plain data.

    Parameters
    ----------
    begin : callable
        Starts a task; by default on a thread of its own.
    """

    #: Name of the panel for screen readers.
    label = "Panel"

    def __init__(self, session: Session, *, begin: Callable[[Task], None] = start_thread) -> None:
        super().__init__(session)
        self._start_task = begin
        self._lock = threading.RLock()
        self._is_busy = False
        self._error: Node | None = None
        self.mark = uuid.uuid4().hex
        self._host: TreeHost | None = None
        self.snapshot = StaticSnapshot(self.snapshot_bundle, self)
        self.fetched_at = self._shown_at = datetime.now(timezone.utc)

    def nodes(self) -> Sequence[Node | None]:
        """Return the nodes of the tree."""
        raise NotImplementedError

    def tree(self) -> NodeData:
        """Return the whole tree, with the last error."""
        with self._lock:
            root = trees.panel(*self.nodes(), self._error, label=self.label)
            about = {"busy": self._is_busy, "theme": options.theme, "said": self.screen_reader_text()}
            return {**root.as_data(), **about, "below": self.is_below}

    def screen_reader_text(self) -> str:
        """Return the text that a screen reader announces after a change."""
        return ""

    def as_of(self) -> str:
        """Return the "as of" label: the time of the last reply of the server."""
        return f"as of {clock(self.fetched_at)}"

    def actions(self) -> Mapping[str, Callable[[Message], None]]:
        """Return the handlers of messages, by the name of the action."""
        return {}

    @callback
    def act(self, message: Message) -> None:
        """Handle a message of the front end; unknown actions are ignored."""
        if self.handle_message(message):
            return
        action = self.actions().get(str(message.get("do")))
        if action is not None:
            with self._lock:
                self._error = None
            action(message)

    def show(self) -> None:
        """Show the current state."""
        # Under the lock, so that an older state never replaces a newer one.
        with self._lock:
            self._shown_at = datetime.now(timezone.utc)
            if self._host is not None:
                self._host.show(self.tree())
        self.snapshot.later()

    def show_error(self, lines: Sequence[str], story: str) -> None:
        """Show an error in the panel; the rest of it stays as it is."""
        with self._lock:
            self._is_busy = False
            self._error = trees.trouble(lines, story)
        self.show()

    def run_in_background(self, task: Task) -> None:
        """Run a slow task in the background; the panel is busy meanwhile."""
        with self._lock:
            self._is_busy = True
        self.show()
        self._start_task(lambda: self._run_task(task))

    @callback
    def _run_task(self, task: Task) -> None:
        task()
        with self._lock:
            self._is_busy = False
        self.show()

    def build_widget(self) -> Widget:
        """Build the widget."""
        from aero_jupyter.notebook.widgets.widget_host import TreeHost

        self._host = TreeHost(self.tree(), self.mark, self.act, self.show_error)
        return self._host.box

    def on_displayed(self) -> None:
        """Wait for the hello of the front end."""
        if self._host is not None:
            self._host.begin()
            # A busy kernel receives the hello late.
            self.on_shown()

    def close(self) -> None:
        """Close the panel: stop polling, and remove its widgets from the front end."""
        host, self._host = self._host, None
        if host is not None:
            host.close()
        super().close()

    def mime_bundle(self) -> dict[str, str]:
        """Return the current state as text and HTML, without a request."""
        tree = self.tree()
        return {"text/plain": trees.as_text(tree), "text/html": trees.as_html(tree)}

    def snapshot_bundle(self) -> dict[str, str]:
        """Return the snapshot for the saved notebook: with its time, and the mark that identifies the live panel."""
        # A reader who opens the notebook later sees how old the state is.
        when = trees.text(f"As of {moment(self._shown_at)} · {self._session.name}", "meta").as_data()
        tree = self.tree()
        tree = {**tree, "children": [*tree["children"], when]}
        return {"text/plain": trees.as_text(tree), "text/html": trees.as_html(tree, self.mark)}

    def _ipython_display_(self) -> None:
        if not self.is_live():
            # IPython then uses the HTML or the text.
            raise NotImplementedError
        self.snapshot.display()
        display(self.widget)
        self.on_displayed()

    def _repr_html_(self) -> str:
        return trees.as_html(self.tree())

    def __repr__(self) -> str:
        return trees.as_text(self.tree())
