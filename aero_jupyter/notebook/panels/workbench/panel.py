"""The workbench: the four panels as tabs, below a header with the server and the login."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any  # ipywidgets, which have no types

from aero_jupyter.client.transport import request_deadline
from aero_jupyter.core.errors import AeroError
from aero_jupyter.notebook.as_code import session_code
from aero_jupyter.notebook.panels.base import Message, Panel, Subject
from aero_jupyter.notebook.panels.lineage.panel import LineageView
from aero_jupyter.notebook.panels.loading import FIRST_PAGE_SECONDS
from aero_jupyter.notebook.panels.register.panel import RegisterForm
from aero_jupyter.notebook.panels.tree_panel import TreePanel
from aero_jupyter.notebook.panels.workbench.notice_list import NoticeList
from aero_jupyter.notebook.panels.workbench.server_status import ServerStatus
from aero_jupyter.notebook.panels.workbench.state import TABS, WorkbenchState, require_tab
from aero_jupyter.notebook.panels.workbench.tab_panels import TAB_OF_ACTION, first_panel, panel_of
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.tree import Node

if TYPE_CHECKING:
    from ipywidgets import Widget

    from aero_jupyter.session.session import Session


class Workbench(TreePanel):
    """A header and four tabs, each a panel of its own; `panel` makes it.

    Examples
    --------
    >>> aero.panel("runs").value.tab
    'runs'
    """

    label = "AERO"

    def __init__(self, session: Session, tab: str, panels: Mapping[str, Panel]) -> None:
        super().__init__(session)
        self._tab = tab
        self._panels: dict[str, Panel] = {}
        self._server, self._notices = ServerStatus(session), NoticeList(session)
        self._tab_box: Any = None
        #: Held while the shown panel is exchanged: the tab may be turned on several threads.
        self._tab_lock = threading.Lock()
        #: What was open in another tab when the lineage tab was opened.
        self._traced: Subject | None = None
        #: Panels of the caller, which the workbench never closes on its own.
        self._provided = tuple(panels.values())
        for name, panel in panels.items():
            self._adopt(name, panel)
        self._panel_of(tab)

    @property
    def value(self) -> WorkbenchState:
        """The state that the workbench shows."""
        return WorkbenchState(self._tab, **{name: panel.value for name, panel in self._panels.items()})

    def expression(self) -> str:
        """Return the call that builds the workbench."""
        parts = [f"{name}={code}" for name, panel in self._panels.items() if (code := panel.expression())]
        return f"aero.panel({', '.join([repr(self._tab), *parts])})"

    def as_code(self) -> str:
        """Return the Python that builds the workbench again, with the function of its form."""
        form = self._panels.get("register")
        text = f"{form.function_text()}{form.secrets_comment()}" if isinstance(form, RegisterForm) else ""
        return f"{text}{session_code(self._session)}{self.expression()}\n"

    def nodes(self) -> Sequence[Node | None]:
        """Return the nodes of the tree."""
        return [
            trees.row(
                trees.text(self._server.heading),
                trees.text(f"{self._server.state} · {self.as_of()}", "meta"),
                trees.button("Start again", "start") if self._server.can_start else None,
                trees.copy("Copy as code", self.as_code(), "the code"),
            ),
            *self._notices.nodes(),
            trees.tabs(self._tab, TABS),
        ]

    def actions(self) -> Mapping[str, Callable[[Message], None]]:
        """Return the handlers of messages, by the name of the action."""
        return {
            "tab": lambda message: self.select_tab(str(message.get("tab"))),
            "dismiss": lambda message: self._dismiss(str(message.get("key"))),
            "dismiss all": lambda _: self._dismiss(None),
            "start": lambda _: self.run_in_background(self._start_server),
        }

    def select_tab(self, tab: str) -> None:
        """Select a tab.

        Raises
        ------
        InvalidArgument
            If there is no such tab.
        """
        subject = left.subject if (left := self._panels.get(self._tab)) is not None else None
        self._tab = require_tab(tab)
        self.show()
        if tab == "lineage" and subject is not None and subject != self._traced:
            self.run_in_background(lambda: self._trace(subject))
        else:
            self.run_in_background(self._show_tab)

    @property
    def polled(self) -> Workbench:
        """The workbench, whose header is kept up to date."""
        return self

    def look(self) -> bool:
        """Check whether the server answers."""
        had_error, answers = bool(self._server.error), self._server.check()
        if answers:
            self.fetched_at = datetime.now(timezone.utc)
            self._notices.fetch()
            if had_error:
                self.run_in_background(self._show_tab)
        self.show()
        return answers

    def _dismiss(self, key: str | None) -> None:
        self._notices.dismiss(key)
        self.show()

    def _start_server(self) -> None:
        self._session.ensure_running()
        self.look()

    def build_widget(self) -> Widget:
        """Build the widget."""
        from aero_jupyter.notebook.widgets.widget_host import boxed

        head = super().build_widget()
        self._tab_box = boxed()
        self._show_tab()
        return boxed(head, self._tab_box)

    def on_displayed(self) -> None:
        """Wait for the hello of the front end."""
        super().on_displayed()
        self._panel_of(self._tab).on_displayed()

    def _repr_html_(self) -> str:
        inner = self._panel_of(self._tab)._repr_html_()
        self._check_server_once()
        return f"{trees.as_html(self.tree())}{inner}"

    def __repr__(self) -> str:
        inner = repr(self._panel_of(self._tab))
        self._check_server_once()
        return f"{trees.as_text(self.tree())}\n{inner}"

    def _check_server_once(self) -> None:
        if self._server.error is None:
            with request_deadline(FIRST_PAGE_SECONDS):
                self.look()

    def mime_bundle(self) -> dict[str, str]:
        """Return the current state as text and HTML, without a request; the header alone until its tab is built."""
        head, panel = super().mime_bundle(), self._panels.get(self._tab)
        inner = {"text/plain": "", "text/html": ""} if panel is None else panel.mime_bundle()
        plain, html = (head[kind] + join + inner[kind] for kind, join in (("text/plain", "\n"), ("text/html", "")))
        return {"text/plain": plain.rstrip("\n"), "text/html": html}

    def snapshot_bundle(self) -> dict[str, str]:
        """Return the snapshot that is saved with the notebook, with the mark that identifies the live panel."""
        bundle = self.mime_bundle()
        return {**bundle, "text/html": f'<div data-aero="{self.mark}">{bundle["text/html"]}</div>'}

    def close(self) -> None:
        """Close the workbench and the panels of its tabs."""
        for panel in self._panels.values():
            panel.close()
        super().close()

    def _show_tab(self) -> None:
        """Show the panel of the selected tab below the header."""
        with self._tab_lock:
            panel = self._panel_of(self._tab)
            if self._tab_box is not None:
                self._tab_box.children = (panel.widget,)
        if self._tab_box is not None:
            panel.on_displayed()

    def _panel_of(self, tab: str) -> Panel:
        if tab not in self._panels:
            self._adopt(tab, self._first_panel(tab))
        return self._panels[tab]

    def _first_panel(self, tab: str) -> Panel:
        return first_panel(self._session, tab, lambda view: self._replace("lineage", view))

    def _adopt(self, tab: str, panel: Panel) -> None:
        panel.navigate, panel.parent = self._navigate_to_tab, self
        if isinstance(panel, LineageView):
            panel.ask_another = lambda: self._replace("lineage", self._first_panel("lineage"))
        self._panels[tab] = panel

    def _replace(self, tab: str, panel: Panel) -> None:
        """Replace the panel of a tab; close the previous panel unless the caller provided it."""
        previous = self._panels.get(tab)
        self._adopt(tab, panel)
        self._show_tab()
        if previous is not None and previous not in self._provided:
            previous.close()

    def _navigate_to_tab(self, action: str, subject: Subject) -> None:
        if tab := TAB_OF_ACTION.get(action):
            self.run_in_background(lambda: self._open_in_tab(tab, subject))
        else:
            self.run_in_background(lambda: self._open_below(action, subject))

    def _open_below(self, action: str, subject: Subject) -> None:
        """Open a panel below the one of the selected tab."""
        child = type(self).navigator(self._session, action, subject)
        if child is not None:
            child.navigate = self._navigate_to_tab
            self._panel_of(self._tab).show_child(child)

    def _trace(self, subject: Subject) -> None:
        """Build the lineage of what is open in another tab; whoever has turned to a third tab meanwhile stays there."""
        self._traced = subject
        try:
            self._replace("lineage", panel_of(self._session, "lineage", subject))
        except AeroError:
            self._show_tab()
            raise

    def _open_in_tab(self, tab: str, subject: Subject) -> None:
        if tab == "register":
            form = self._panel_of(tab)
            assert isinstance(form, RegisterForm)
            form.use_as_input(subject)
            self._tab = tab
            self._show_tab()
        else:
            panel = panel_of(self._session, tab, subject)
            self._tab = tab
            self._replace(tab, panel)
