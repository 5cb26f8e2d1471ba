"""What a row is carried on to: another panel about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aero_jupyter.notebook.panels.base import Panel
    from aero_jupyter.session import Session


def opened(session: Session, what: str, subject: Any) -> Panel | None:
    """Make the panel that shows a subject: its lineage, its runs, a form that uses it, or the catalogue.

    Raises
    ------
    AeroError
        If the subject has none.
    """
    if what == "lineage":
        from aero_jupyter.notebook.panels.lineage import view_of

        return view_of(session, subject)
    if what == "runs":
        from aero_jupyter.notebook.panels.monitor import monitor_of

        return monitor_of(session, subject)
    if what == "use":
        from aero_jupyter.notebook.panels.registering import form_for

        return form_for(session, subject)
    return None
