"""The panels with which the tabs of a workbench begin."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aero_jupyter.notebook.panels.base import Panel, Subject
from aero_jupyter.notebook.panels.catalogue import Browse
from aero_jupyter.notebook.panels.lineage.factory import view_of
from aero_jupyter.notebook.panels.lineage.panel import LineageView
from aero_jupyter.notebook.panels.lineage.prompt import LineagePrompt
from aero_jupyter.notebook.panels.register.panel import RegisterForm
from aero_jupyter.notebook.panels.register.state import FormState
from aero_jupyter.notebook.panels.runs.panel import Monitor, MonitorState, monitor_of
from aero_jupyter.notebook.tables.query import ListQuery

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session

#: The tab that an action on a row opens.
TAB_OF_ACTION = {"use": "register", "lineage": "lineage", "runs": "runs"}


def first_panel(session: Session, tab: str, on_lineage: Callable[[LineageView], None]) -> Panel:
    """Build the panel with which a tab begins; `on_lineage` receives the lineage that its prompt opens."""
    if tab == "browse":
        return Browse(session, ListQuery("data"))
    if tab == "register":
        return RegisterForm(session, FormState())
    if tab == "runs":
        return Monitor(session, MonitorState(None))
    return LineagePrompt(session, on_lineage)


def panel_of(session: Session, tab: str, subject: Subject) -> Panel:
    """Build the lineage or the runs of what was open in another tab."""
    return (view_of if tab == "lineage" else monitor_of)(session, subject)
