"""What every panel is: a value, the code that makes it again, something to wait for, and a view of it."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from IPython.display import display

from aero_jupyter.notebook.callbacks import callback, caught
from aero_jupyter.notebook.code import where_code
from aero_jupyter.notebook.frontend import front_end
from aero_jupyter.notebook.options import clock, moment, options
from aero_jupyter.notebook.panels import tree as trees
from aero_jupyter.notebook.panels.tree import Node

if TYPE_CHECKING:
    from ipywidgets import Widget

    from aero_jupyter.notebook.panels.face import Shown
    from aero_jupyter.session import Session

#: Seconds after which what is saved with the notebook follows what is shown.
SETTLED = 1.0
Message = Mapping[str, Any]
Task = Callable[[], None]


def on_thread(task: Task) -> None:
    """Do something on a thread of its own."""
    threading.Thread(target=task, name="aero-panel", daemon=True).start()


class Twin:
    """What is saved with the notebook: the last state as HTML and text, hidden while the panel lives.

    Parameters
    ----------
    bundle : callable
        Gives the state.
    panel : object
        Where it is shown that the state cannot be given.
    """

    def __init__(self, bundle: Callable[[], dict[str, str]], panel: object) -> None:
        self._bundle = bundle
        self._panel = panel
        self._failed = ""
        self._handle: Any = None
        self._timer: threading.Timer | None = None
        self._last: dict[str, str] = {}

    def tell(self, bundle: Callable[[], dict[str, str]]) -> None:
        """Give the state otherwise from now on."""
        self._bundle = bundle

    def display(self) -> None:
        """Show it in this cell."""
        self._last = self._bundle()
        self._handle = display(self._last, raw=True, display_id=True)

    @property
    def is_shown(self) -> bool:
        """Whether it stands in a cell."""
        return self._handle is not None

    def later(self) -> None:
        """Let it follow in a moment; what comes meanwhile goes with it."""
        if self._handle is not None and self._timer is None:
            self._timer = threading.Timer(SETTLED, self._follow)
            self._timer.daemon = True
            self._timer.start()

    def _follow(self) -> None:
        try:
            self.now()
            self._failed = ""
        except Exception as error:
            # What is shown of it makes it follow again: the same is not said twice.
            before, self._failed = self._failed, repr(error)
            if self._failed != before:
                caught(self._panel, error)

    def now(self) -> None:
        """Let it follow now."""
        self._timer = None
        bundle = self._bundle()
        if self._handle is not None and bundle != self._last:
            self._last = bundle
            self._handle.update(bundle, raw=True)


class Panel:
    """A panel over a session.

    Attributes
    ----------
    carry : callable
        Takes a row on to another panel: what to do with it, and with what. By default the other panel is shown below.
    above : Panel or None
        The panel it is a part of; what comes of the one comes of the other.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._waiting: list[asyncio.Future[Any]] = []
        self._seen: set[str] = set()
        self.carry: Callable[[str, Any], None] = self._below
        self.above: Panel | None = None
        self._beneath: Panel | None = None
        self._box: Any = None

    @property
    def value(self) -> Any:
        """What it shows, as a frozen description."""
        raise NotImplementedError

    def expression(self) -> str:
        """Write the call that makes it."""
        raise NotImplementedError

    def as_code(self) -> str:
        """Write the Python that does the same."""
        return f"{where_code(self._session)}{self.expression()}\n"

    async def wait(self) -> Any:
        """Wait until something comes of the panel, and give it; nothing is held up meanwhile.

        In a notebook, ``await panel.wait()`` needs a front end that talks to panels while a cell runs (JupyterLab 4.4).
        """
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        return await future

    def came(self, outcome: Any) -> None:
        """Give what came of the panel to who waits for it, on whatever thread."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            future.get_loop().call_soon_threadsafe(_settle, future, outcome)
        if self.above is not None:
            self.above.came(outcome)

    @property
    def widget(self) -> Widget:
        """What a front end shows; made when it is first asked for."""
        from aero_jupyter.notebook.panels.face import boxed

        if self._box is None:
            self._box = boxed(self.part())
        return self._box

    def part(self) -> Widget:
        """Make the widget itself."""
        raise NotImplementedError

    def hear(self, message: Message) -> bool:
        """Count who looks; say whether the message was about that."""
        what, view = message.get("do"), str(message.get("view"))
        if what not in ("hello", "bye"):
            return False
        before = bool(self._seen)
        (self._seen.add if what == "hello" else self._seen.discard)(view)
        if bool(self._seen) != before:
            (self.looked_at if self._seen else self.left)()
        return True

    def looked_at(self) -> None:
        """Somebody looks."""

    def left(self) -> None:
        """Nobody looks any more."""

    def begin(self) -> None:
        """Begin to live: it is shown."""

    def show_error(self, lines: Sequence[str], story: str) -> None:
        """Show an error in the panel; the rest of it stays as it is."""
        raise NotImplementedError

    def saved(self) -> dict[str, str]:
        """Give it as it stands, as text and HTML; nobody is asked for that."""
        raise NotImplementedError

    def close(self) -> None:
        """End it: watch no more, and take its widgets from the front end."""
        from aero_jupyter.notebook.handshake import closed

        self.left()
        self._seen.clear()
        if self._beneath is not None:
            self._beneath.close()
        box, self._box, self._beneath = self._box, None, None
        if box is not None:
            closed(box)

    def _below(self, what: str, subject: Any) -> None:
        on_thread(lambda: self._show_below(what, subject))

    @callback
    def _show_below(self, what: str, subject: Any) -> None:
        from aero_jupyter.notebook.panels.opened import opened

        made = opened(self._session, what, subject)
        if made is None or self._box is None:
            return
        made.above = self
        before, self._beneath = self._beneath, made
        self._box.children = (self._box.children[0], made.widget)
        made.begin()
        if before is not None:
            before.close()

    def is_live(self) -> bool:
        """Whether this cell can show something that can be clicked."""
        return not options.plain and front_end() == "widgets"


def _settle(future: asyncio.Future[Any], outcome: Any) -> None:
    if not future.done():
        future.set_result(outcome)


class TreePanel(Panel):
    """A panel that is a tree of plain data.

    Parameters
    ----------
    begin : callable
        Starts a task; by default on a thread of its own.
    """

    #: What the panel is called where it is not seen.
    label = "Panel"

    def __init__(self, session: Session, *, begin: Callable[[Task], None] = on_thread) -> None:
        super().__init__(session)
        self._begin = begin
        self._lock = threading.RLock()
        self._busy = False
        self._error: Node | None = None
        self.mark = uuid.uuid4().hex
        self._shown: Shown | None = None
        self.twin = Twin(self.marked, self)
        self.asked = self._shown_at = datetime.now(timezone.utc)

    def nodes(self) -> Sequence[Node | None]:
        """Describe what is to be seen."""
        raise NotImplementedError

    def tree(self) -> Node:
        """Describe the whole, with what went wrong."""
        with self._lock:
            whole = trees.panel(*self.nodes(), self._error, label=self.label)
            return {**whole, "busy": self._busy, "theme": options.theme, "said": self.said()}

    def said(self) -> str:
        """Say what a screen reader is told when it changes."""
        return ""

    def as_of(self) -> str:
        """Say when the server was asked."""
        return f"as of {clock(self.asked)}"

    def actions(self) -> Mapping[str, Callable[[Message], None]]:
        """Give what can be done: the name in a message, and who does it."""
        return {}

    @callback
    def act(self, message: Message) -> None:
        """Do what somebody did in the panel; what is not understood is left alone."""
        if self.hear(message):
            return
        action = self.actions().get(str(message.get("do")))
        if action is not None:
            with self._lock:
                self._error = None
            action(message)

    def show(self) -> None:
        """Show things as they are."""
        # In turn: what is older is never shown over what is newer.
        with self._lock:
            self._shown_at = datetime.now(timezone.utc)
            if self._shown is not None:
                self._shown.show(self.tree())
        self.twin.later()

    def show_error(self, lines: Sequence[str], story: str) -> None:
        """Show an error in the panel; the rest of it stays as it is."""
        with self._lock:
            self._busy = False
            self._error = trees.trouble(lines, story)
        self.show()

    def work(self, task: Task) -> None:
        """Do what takes time; the panel says that it is busy."""
        with self._lock:
            self._busy = True
        self.show()
        self._begin(lambda: self._worked(task))

    @callback
    def _worked(self, task: Task) -> None:
        task()
        with self._lock:
            self._busy = False
        self.show()

    def part(self) -> Widget:
        """Make the widget itself."""
        from aero_jupyter.notebook.panels.face import Shown

        self._shown = Shown(self.tree(), self.mark, self.act, self.show_error)
        return self._shown.box

    def begin(self) -> None:
        """Wait for the front end to say that it shows it."""
        if self._shown is not None:
            self._shown.begin()
            # A kernel that is busy hears late that somebody looks.
            self.looked_at()

    def close(self) -> None:
        """End it: watch no more, and take its widgets from the front end."""
        shown, self._shown = self._shown, None
        if shown is not None:
            shown.close()
        super().close()

    def saved(self) -> dict[str, str]:
        """Give it as it stands, as text and HTML; nobody is asked for that."""
        tree = self.tree()
        return {"text/plain": trees.as_text(tree), "text/html": trees.as_html(tree)}

    def marked(self) -> dict[str, str]:
        """Give it as it is saved with the notebook: with its time, and a mark that the living panel finds it by."""
        # Whoever opens the notebook later sees of when this is.
        when = trees.text(f"As of {moment(self._shown_at)} · {self._session.name}", "meta")
        tree = self.tree()
        tree = {**tree, "children": [*tree["children"], when]}
        marked = f'<div data-aero="{self.mark}">{trees.as_html(tree)}</div>'
        return {"text/plain": trees.as_text(tree), "text/html": marked}

    def _ipython_display_(self) -> None:
        if not self.is_live():
            # IPython goes on to the other forms.
            raise NotImplementedError
        self.twin.display()
        display(self.widget)
        self.begin()

    def _repr_html_(self) -> str:
        return trees.as_html(self.tree())

    def __repr__(self) -> str:
        return trees.as_text(self.tree())
