"""The workbench: the four panels as tabs, below a header that says who and where."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

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
        self._trouble = ""
        self._who = getpass.getuser() if session.is_local else ""
        self._tabs: Any = None
        for panel in self._panels.values():
            panel.carry = self._carried
        self._opened(tab)

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
        mark, state = ("✕", self._trouble) if self._trouble else ("✓", "answers")
        about = [self._session.name, self._session.client.base_url, *([self._who] if self._who else [])]
        return [
            trees.row(
                trees.text(f"{mark} {' · '.join(about)}"),
                trees.text(f"{state} · {self.as_of()}", "meta"),
                trees.copy("Copy as code", self.as_code(), "the code"),
            ),
            trees.tabs(self._tab, TABS),
        ]

    def actions(self) -> Mapping[str, Callable[[Message], None]]:
        """Give what can be done."""
        return {"tab": lambda message: self.turn(str(message.get("tab")))}

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
        try:
            self._session.client.list("flow").page(1)
            self._trouble = ""
        except AeroError as error:
            self._trouble = f"{error.message} Trying again."
        else:
            self.asked = datetime.now(timezone.utc)
            if before:
                self._begin(self._lay)
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
        return f"{trees.as_html(self.tree())}{inner}"

    def __repr__(self) -> str:
        return f"{trees.as_text(self.tree())}\n{self._panels[self._tab]!r}"

    def _bundle(self) -> dict[str, str]:
        marked = f'<div data-aero="{self._mark}">{self._repr_html_()}</div>'
        return {"text/plain": repr(self), "text/html": marked}

    def _lay(self) -> None:
        """Put the panel of the tab below the header."""
        panel = self._opened(self._tab)
        if self._tabs is not None:
            self._tabs.children = (panel.widget,)
            panel.begin()

    def _opened(self, tab: str) -> Panel:
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
        panel.carry = self._carried
        self._panels[tab] = panel

    def _traced(self, view: LineageView) -> None:
        self._set("lineage", view)
        self._lay()

    def _carried(self, what: str, subject: Any) -> None:
        tab = _CARRIED.get(what)
        if tab is None:
            return
        self.work(lambda: self._go(tab, subject))

    def _go(self, tab: str, subject: Any) -> None:
        if tab == "register":
            form = self._opened(tab)
            assert isinstance(form, RegisterForm)
            form.use(subject)
        else:
            made = view_of(self._session, subject) if tab == "lineage" else monitor_of(self._session, subject)
            self._set(tab, made)
        self._tab = tab
        self._lay()


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
    ClientError
        If the server refuses or does not answer.
    """
    from aero_jupyter.session import current

    if tab not in TABS:
        raise InvalidArgument(f"There is no tab {tab!r}.", f"Choose one of {', '.join(TABS)}.")
    given: dict[str, Panel | None] = {"browse": browse, "register": register, "runs": runs, "lineage": lineage}
    return Workbench(current(), tab, {name: each for name, each in given.items() if each is not None})
