"""The field of the registration form for the versions that keep their content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.notebook.panels.register.state import FormState
from aero_jupyter.notebook.registration.findings import Finding, error_finding
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.tree import Node
from aero_jupyter.session.retention import validate_retention

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session


def retention_fields(session: Session, state: FormState, notes: list[Node]) -> list[Node]:
    """Build the field, folded until it has a value; only the local AERO removes content."""
    if not (session.is_local or state.keep):
        return []
    keep = trees.field("keep", "Keep the content of", state.keep, hint="all 30d, weekly 1y, monthly", wide=True)
    return [trees.fold("Further settings", keep, *notes, is_open=bool(state.keep))]


def check_retention(session: Session, state: FormState) -> list[Finding]:
    """Return a finding if the field is no retention policy, or the server has none."""
    try:
        validate_retention(session, state.keep_policy, None)
    except InvalidArgument as error:
        return [error_finding("keep", error)]
    return []
