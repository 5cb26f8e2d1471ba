"""Navigation from a row to another panel about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aero_jupyter.core.models import Run

if TYPE_CHECKING:
    from aero_jupyter.notebook.panels.base import Panel, Subject
    from aero_jupyter.session.session import Session


def panel_for(session: Session, action: str, subject: Subject) -> Panel | None:
    """Build the panel that an action on a subject opens: its page, lineage or runs, or a form that reads it; else None.

    Raises
    ------
    AeroError
        If the subject has no such panel.
    """
    if action == "page" and isinstance(subject, Run):
        from aero_jupyter.notebook.panels.runs.page import RunPage

        return RunPage(session, session.client.get_run(subject.id))
    if action == "page":
        from aero_jupyter.notebook.panels.dataset.factory import page_of

        return page_of(session, subject)
    if action == "lineage":
        from aero_jupyter.notebook.panels.lineage.factory import view_of

        return view_of(session, subject)
    if action == "runs":
        from aero_jupyter.notebook.panels.runs.panel import monitor_of

        return monitor_of(session, subject)
    if action == "use":
        from aero_jupyter.notebook.panels.register.factory import form_for

        return form_for(session, subject)
    return None
