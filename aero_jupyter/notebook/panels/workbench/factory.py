"""The workbench, built for the session in use."""

from __future__ import annotations

from aero_jupyter.notebook.panels.base import Panel
from aero_jupyter.notebook.panels.catalogue import Browse
from aero_jupyter.notebook.panels.lineage.panel import LineageView
from aero_jupyter.notebook.panels.register.panel import RegisterForm
from aero_jupyter.notebook.panels.runs.panel import Monitor
from aero_jupyter.notebook.panels.workbench.panel import Workbench
from aero_jupyter.notebook.panels.workbench.state import require_tab


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
    tab : {"browse", "register", "runs", "lineage"}
        The tab that is open.
    browse : Browse, optional
        The panel of that tab; made when the tab is opened, by default.
    register : RegisterForm, optional
        As for `browse`.
    runs : Monitor, optional
        As for `browse`.
    lineage : LineageView, optional
        As for `browse`.

    Returns
    -------
    Workbench
        A panel; ``.value`` holds the value of each tab that was opened.

    Raises
    ------
    InvalidArgument
        If there is no such tab.
    LocalServiceFailed
        If a local AERO is needed and does not start.

    Examples
    --------
    >>> aero.panel("runs", runs=aero.monitor("clean")).value.tab
    'runs'
    """
    from aero_jupyter.session import current

    tab = require_tab(tab)
    panels: dict[str, Panel | None] = {"browse": browse, "register": register, "runs": runs, "lineage": lineage}
    return Workbench(current(), tab, {name: each for name, each in panels.items() if each is not None})
