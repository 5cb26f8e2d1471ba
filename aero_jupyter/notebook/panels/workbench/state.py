"""State of a workbench."""

from __future__ import annotations

from dataclasses import dataclass

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.suggestions import suggest
from aero_jupyter.notebook.panels.catalogue import CatalogueState
from aero_jupyter.notebook.panels.lineage.state import LineageState
from aero_jupyter.notebook.panels.register.state import FormState
from aero_jupyter.notebook.panels.runs.panel import MonitorState

TABS = {"browse": "Browse", "register": "Register", "runs": "Runs", "lineage": "Lineage"}


@dataclass(frozen=True)
class WorkbenchState:
    """State of a workbench: the selected tab, and the state of each opened tab."""

    tab: str = "browse"
    browse: CatalogueState | None = None
    register: FormState | None = None
    runs: MonitorState | None = None
    lineage: LineageState | None = None


def require_tab(tab: str) -> str:
    """Return the name of a tab.

    Raises
    ------
    InvalidArgument
        If there is no such tab.
    """
    if tab not in TABS:
        raise InvalidArgument(f"There is no tab {tab!r}.", suggest(tab, TABS))
    return tab
