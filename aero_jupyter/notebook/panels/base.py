"""The base class of panels: a value, the code that builds the panel again, an outcome to wait for, and a view."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar  # what a panel shows and opens; each panel has its own types

from aero_jupyter.notebook.as_code import session_code
from aero_jupyter.notebook.settings import options
from aero_jupyter.notebook.widgets.background import run_in_background
from aero_jupyter.notebook.widgets.callbacks import callback
from aero_jupyter.notebook.widgets.frontend import front_end
from aero_jupyter.notebook.widgets.poller import Pollable, poller

if TYPE_CHECKING:
    from ipywidgets import Widget

    from aero_jupyter.session.session import Session

# The front end sends JSON.
Message = Mapping[str, Any]
Task = Callable[[], None]
# A dataset, a flow, a run, or the text ``ID@N`` of a version: each action knows its own.
Subject = Any


def start_thread(task: Task) -> None:
    """Run a task on a thread of its own."""
    run_in_background(task, "aero-panel")


class Panel:
    """A panel over a session: it has a value, the code that builds it again, and an outcome to wait for.

    Attributes
    ----------
    navigate : callable
        Opens another panel about a row: called with the action and its subject. By default the other panel is shown
        below.
    parent : Panel or None
        The panel that contains this one; outcomes are passed on to it.
    """

    #: Builds the panel that shows a subject; set by `panels`, so that this module knows no concrete panel.
    navigator: ClassVar[Callable[[Session, str, Subject], Panel | None]]

    def __init__(self, session: Session) -> None:
        self._session = session
        self._waiters: list[asyncio.Future[Any]] = []
        self._open_views: set[str] = set()
        self.navigate: Callable[[str, Subject], None] = self._navigate_below
        self.parent: Panel | None = None
        self._child: Panel | None = None
        #: Whether a front end has drawn the panel where it can be seen.
        self.is_visible = False
        #: Whether the panel was opened below another one, and is brought into view when it appears.
        self.is_below = False
        # ipywidgets has no types.
        self._box: Any = None

    # Each panel has a state of its own type.
    @property
    def value(self) -> Any:
        """The state that the panel shows, as a frozen dataclass."""
        raise NotImplementedError

    def expression(self) -> str:
        """Return the call that builds the panel."""
        raise NotImplementedError

    def as_code(self) -> str:
        """Return the Python that builds this panel again.

        Returns
        -------
        str
        """
        return f"{session_code(self._session)}{self.expression()}\n"

    # Each panel has its own kind of outcome.
    async def wait(self) -> Any:
        """Wait for the next outcome of the panel, without blocking anything.

        Returns
        -------
        object
            The outcome: a registered flow, an ended run, an opened record.

        Notes
        -----
        In a notebook, ``await panel.wait()`` needs a front end that talks to panels while a cell runs (JupyterLab 4.4).
        """
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiters.append(future)
        return await future

    def resolve_waiters(self, outcome: object) -> None:
        """Resolve pending `wait()` calls with an outcome. Thread-safe."""
        waiters, self._waiters = self._waiters, []
        for future in waiters:
            future.get_loop().call_soon_threadsafe(_resolve, future, outcome)
        if self.parent is not None:
            self.parent.resolve_waiters(outcome)

    @property
    def widget(self) -> Widget:
        """The widget that a front end shows; built when it is first used."""
        from aero_jupyter.notebook.widgets.widget_host import boxed

        if self._box is None:
            self._box = boxed(self.build_widget())
        return self._box

    def build_widget(self) -> Widget:
        """Build the widget."""
        raise NotImplementedError

    def handle_message(self, message: Message) -> bool:
        """Update the open views from a hello, visible or bye message; return whether it was one."""
        action, view = message.get("do"), str(message.get("view"))
        # Plain controls say hello once they are visible.
        self.is_visible = self.is_visible or action == "visible" or (action == "hello" and view == "plain")
        if action == "visible":
            return True
        if action not in ("hello", "bye"):
            return False
        was_shown = bool(self._open_views)
        (self._open_views.add if action == "hello" else self._open_views.discard)(view)
        if bool(self._open_views) != was_shown:
            (self.on_shown if self._open_views else self.on_hidden)()
        return True

    @property
    def polled(self) -> Pollable | None:
        """The object that is kept up to date while a view is open; None if there is none."""
        return None

    def on_shown(self) -> None:
        """React to the first open view: begin to poll."""
        if (polled := self.polled) is not None:
            poller.watch(polled)

    def on_hidden(self) -> None:
        """React to the closing of the last view: stop polling."""
        if (polled := self.polled) is not None:
            poller.leave(polled)

    def on_displayed(self) -> None:
        """React to the display of the widget in a cell."""

    def show_error(self, lines: Sequence[str], story: str) -> None:
        """Show an error in the panel; the rest of it stays as it is."""
        raise NotImplementedError

    def mime_bundle(self) -> dict[str, str]:
        """Return the current state as text and HTML, without a request."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        raise NotImplementedError

    def close(self) -> None:
        """Close the panel: stop polling, and remove its widgets from the front end."""
        from aero_jupyter.notebook.widgets.fallback_fields import close_widget

        self.on_hidden()
        self._open_views.clear()
        if self._child is not None:
            self._child.close()
        box, self._box, self._child = self._box, None, None
        if box is not None:
            close_widget(box)

    def show_child(self, child: Panel) -> None:
        """Show a panel below this one, in place of the previous one; do nothing while this panel has no widget."""
        if self._box is None:
            return
        child.parent, child.is_below = self, True
        previous, self._child = self._child, child
        self._box.children = (self._box.children[0], child.widget)
        child.on_displayed()
        if previous is not None:
            previous.close()

    def _navigate_below(self, action: str, subject: Subject) -> None:
        start_thread(lambda: self._build_below(action, subject))

    @callback
    def _build_below(self, action: str, subject: Subject) -> None:
        child = type(self).navigator(self._session, action, subject)
        if child is not None:
            self.show_child(child)

    @property
    def subject(self) -> Subject | None:
        """The subject of the panel, or of the panel opened in it, as `navigate` takes it; None if nothing is open."""
        return None if self._child is None else self._child.subject

    @property
    def is_open(self) -> bool:
        """Whether a front end shows the panel."""
        return bool(self._open_views)

    def is_live(self) -> bool:
        """Return whether this cell can show widgets."""
        return not options.plain and front_end() == "widgets"


def _resolve(future: asyncio.Future[Any], outcome: object) -> None:
    if not future.done():
        future.set_result(outcome)
