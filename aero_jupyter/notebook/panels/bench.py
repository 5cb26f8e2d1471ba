"""The workbench: the four panels as tabs, below a header that says who and where."""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from aero_jupyter.client.transport import briefly
from aero_jupyter.core.errors import AeroError, InvalidArgument
from aero_jupyter.notebook.code import where_code
from aero_jupyter.notebook.listing import Question
from aero_jupyter.notebook.panels import tree as trees
from aero_jupyter.notebook.panels.base import Message, Panel, TreePanel
from aero_jupyter.notebook.panels.browse import Browse, Looked
from aero_jupyter.notebook.panels.draft import Draft
from aero_jupyter.notebook.panels.form import RegisterForm
from aero_jupyter.notebook.panels.lineage import LineageView, Traced, view_of
from aero_jupyter.notebook.panels.monitor import Monitor, Watched, monitor_of
from aero_jupyter.notebook.panels.poller import poller
from aero_jupyter.notebook.panels.tree import Node
from aero_jupyter.notebook.panels.waiting import PATIENCE

if TYPE_CHECKING:
    from ipywidgets import Widget

    from aero_jupyter.session import Session

TABS = {"browse": "Browse", "register": "Register", "runs": "Runs", "lineage": "Lineage"}
#: Which tab a row is carried on to.
_CARRIED = {"use": "register", "lineage": "lineage", "runs": "runs"}


@dataclass(frozen=True)
class Bench:
    """What a workbench shows: which tab, and what stands in each that was opened."""

    tab: str = "browse"
    browse: Looked | None = None
    register: Draft | None = None
    runs: Watched | None = None
    lineage: Traced | None = None


class LineageAsked(TreePanel):
    """Asks whose lineage is to be shown."""

    label = "Lineage"

    def __init__(self, session: Session, told: Callable[[LineageView], None]) -> None:
        super().__init__(session)
        self._name = ""
        self._known: list[str] = []
        self._told = told

    @property
    def value(self) -> None:
        """Nothing yet."""
        return None

    def expression(self) -> str:
        """Write nothing: nothing is shown yet."""
        return ""

    def nodes(self) -> Sequence[Node | None]:
        """Describe what is to be seen."""
        return [
            trees.text("Where did a number come from?", "strong"),
            trees.row(
                trees.field("name", "Name or id of a data", self._name, known=self._known, hint="sewage or sewage@3"),
                trees.button("Show its lineage", "show", can=bool(self._name.strip()), primary=True),
            ),
        ]

    def actions(self) -> Mapping[str, Callable[[Message], None]]:
        """Give what can be done."""
        return {"set": self._set, "show": lambda _: self.work(lambda: self._told(view_of(self._session, self._name)))}

    def looked_at(self) -> None:
        """Offer what there is."""

        def offer() -> None:
            self._known = sorted({data.name for data in self._session.client.list("data").page(1)})

        self.work(offer)

    def _set(self, message: Message) -> None:
        self._name = str(message.get("value"))
        self.show()


class Workbench(TreePanel):
    """The header and its tabs; each tab is a panel of its own."""

    label = "AERO"

    def __init__(self, session: Session, tab: str, panels: Mapping[str, Panel]) -> None:
        super().__init__(session)
        self._tab = tab
        self._panels: dict[str, Panel] = dict(panels)
        self._trouble: str | None = None
        self._who = _who(session)
        self._tabs: Any = None
        self._given = tuple(panels.values())
        for name, panel in panels.items():
            self._set(name, panel)
        self._of(tab)

    @property
    def value(self) -> Bench:
        """What it shows."""
        return Bench(self._tab, **{name: panel.value for name, panel in self._panels.items()})

    def expression(self) -> str:
        """Write the call that makes it."""
        parts = [f"{name}={code}" for name, panel in self._panels.items() if (code := panel.expression())]
        return f"aero.panel({', '.join([repr(self._tab), *parts])})"

    def as_code(self) -> str:
        """Write the Python that does the same."""
        form = self._panels.get("register")
        text = form.text_before() if isinstance(form, RegisterForm) else ""
        return f"{text}{where_code(self._session)}{self.expression()}\n"

    def nodes(self) -> Sequence[Node | None]:
        """Describe what is to be seen."""
        mark, state = ("◌", "asking") if self._trouble is None else ("✓", "answers") if not self._trouble else ("✕", "")
        where = self._session.client.base_url if self._session.is_local else "Globus"
        about = [self._session.name, where, *([self._who] if self._who else [])]
        can_start = bool(self._trouble) and self._session.is_local
        return [
            trees.row(
                trees.text(f"{mark} {' · '.join(about)}"),
                trees.text(f"{state or self._trouble} · {self.as_of()}", "meta"),
                trees.button("Start it again", "start") if can_start else None,
                trees.copy("Copy as code", self.as_code(), "the code"),
            ),
            trees.tabs(self._tab, TABS),
        ]

    def actions(self) -> Mapping[str, Callable[[Message], None]]:
        """Give what can be done."""
        return {
            "tab": lambda message: self.turn(str(message.get("tab"))),
            "start": lambda _: self.work(self._start),
        }

    def _start(self) -> None:
        self._session.go_on()
        self.look()

    def turn(self, tab: str) -> None:
        """Turn to a tab.

        Raises
        ------
        InvalidArgument
            If there is none of that name.
        """
        if tab not in TABS:
            raise InvalidArgument(f"There is no tab {tab!r}.", f"Choose one of {', '.join(TABS)}.")
        self._tab = tab
        self.show()
        self.work(self._lay)

    def looked_at(self) -> None:
        """Keep the header up to date."""
        poller.watch(self)

    def left(self) -> None:
        """Nobody looks any more."""
        poller.leave(self)

    def look(self) -> bool:
        """Look whether the server answers; say so."""
        before = self._trouble
        self._who = _who(self._session)
        try:
            self._session.client.list("flow").page(1, 1)
            self._trouble = ""
        except AeroError as error:
            self._trouble = f"{error.message} Trying again."
        else:
            self.asked = datetime.now(timezone.utc)
            if before:
                self.work(self._lay)
        self.show()
        return not self._trouble

    def part(self) -> Widget:
        """Make the widget itself."""
        from aero_jupyter.notebook.panels.face import boxed

        head = super().part()
        self._tabs = boxed()
        self._lay()
        return boxed(head, self._tabs)

    def begin(self) -> None:
        """Wait for the front end to say that it shows it."""
        super().begin()
        self._panels[self._tab].begin()

    def _repr_html_(self) -> str:
        inner = self._panels[self._tab]._repr_html_()  # type: ignore[attr-defined]
        self._look_once()
        return f"{trees.as_html(self.tree())}{inner}"

    def __repr__(self) -> str:
        inner = repr(self._panels[self._tab])
        self._look_once()
        return f"{trees.as_text(self.tree())}\n{inner}"

    def _look_once(self) -> None:
        if self._trouble is None:
            with briefly(PATIENCE):
                self.look()

    def saved(self) -> dict[str, str]:
        """Give it as it stands, as text and HTML; nobody is asked for that."""
        head, inner = super().saved(), self._panels[self._tab].saved()
        text = f"{head['text/plain']}\n{inner['text/plain']}"
        return {"text/plain": text, "text/html": head["text/html"] + inner["text/html"]}

    def marked(self) -> dict[str, str]:
        """Give it as it is saved with the notebook, with a mark that the living panel finds it by."""
        saved = self.saved()
        return {**saved, "text/html": f'<div data-aero="{self.mark}">{saved["text/html"]}</div>'}

    def close(self) -> None:
        """End it, and what stands in its tabs."""
        for panel in self._panels.values():
            panel.close()
        super().close()

    def _lay(self) -> None:
        """Put the panel of the tab below the header."""
        panel = self._of(self._tab)
        if self._tabs is not None:
            self._tabs.children = (panel.widget,)
            panel.begin()

    def _of(self, tab: str) -> Panel:
        if tab not in self._panels:
            self._set(tab, self._made(tab))
        return self._panels[tab]

    def _made(self, tab: str) -> Panel:
        if tab == "browse":
            return Browse(self._session, Question("data"))
        if tab == "register":
            return RegisterForm(self._session, Draft())
        if tab == "runs":
            return Monitor(self._session, Watched(None))
        return LineageAsked(self._session, self._traced)

    def _set(self, tab: str, panel: Panel) -> None:
        panel.carry, panel.above = self._carried, self
        self._panels[tab] = panel

    def _replace(self, tab: str, panel: Panel) -> None:
        """Put another panel into a tab, and turn there; the one of before is ended, unless it came from outside."""
        before = self._panels.get(tab)
        self._set(tab, panel)
        self._tab = tab
        self._lay()
        if before is not None and before not in self._given:
            before.close()

    def _traced(self, view: LineageView) -> None:
        self._replace("lineage", view)

    def _carried(self, what: str, subject: Any) -> None:
        tab = _CARRIED.get(what)
        if tab is None:
            return
        self.work(lambda: self._go(tab, subject))

    def _go(self, tab: str, subject: Any) -> None:
        if tab == "register":
            form = self._of(tab)
            assert isinstance(form, RegisterForm)
            form.use(subject)
            self._tab = tab
            self._lay()
        elif tab == "lineage":
            self._replace(tab, view_of(self._session, subject))
        else:
            self._replace(tab, monitor_of(self._session, subject))


def _who(session: Session) -> str:
    """Say who works there, as far as this machine knows."""
    if session.credentials is None:
        return getpass.getuser()
    # A file of tokens that is broken is said where somebody logs in.
    with contextlib.suppress(AeroError):
        known = session.credentials.identity()
        if known:
            return known
    return "with an access token" if session.credentials.needs_nobody else "nobody is logged in"


def panel(
    tab: str = "browse",
    *,
    browse: Browse | None = None,
    register: RegisterForm | None = None,
    runs: Monitor | None = None,
    lineage: LineageView | None = None,
) -> Workbench:
    """Show the workbench: browse, register, watch and trace, in tabs.

    Parameters
    ----------
    tab : str
        The tab that is open: "browse", "register", "runs" or "lineage".
    browse, register, runs, lineage : panel, optional
        What stands in the tabs, where it is not to be found by oneself.

    Raises
    ------
    InvalidArgument
        If there is no such tab.
    LocalServiceFailed
        If the local AERO is meant, and does not start.
    """
    from aero_jupyter.session import current

    if tab not in TABS:
        raise InvalidArgument(f"There is no tab {tab!r}.", f"Choose one of {', '.join(TABS)}.")
    given: dict[str, Panel | None] = {"browse": browse, "register": register, "runs": runs, "lineage": lineage}
    return Workbench(current(), tab, {name: each for name, each in given.items() if each is not None})
