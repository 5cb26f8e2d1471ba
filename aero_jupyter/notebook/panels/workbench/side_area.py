"""The workbench in JupyterLab's side area, which the package sidecar opens."""

from __future__ import annotations

import sys
from typing import Any  # the widget of sidecar, which has no types

from IPython.display import display

from aero_jupyter.notebook.panels.workbench.factory import panel
from aero_jupyter.notebook.panels.workbench.panel import Workbench
from aero_jupyter.notebook.widgets.idle_countdown import IdleCountdown

#: Idle seconds after which a workbench that did not appear at the side is shown in the cell.
_WAIT_SECONDS = 6.0
_TITLE = "AERO"
_PLACE = "The workbench is in JupyterLab's side area."


class SideArea:
    """The side area of this kernel, with at most one workbench."""

    def __init__(self) -> None:
        self._bench: Workbench | None = None
        self._sidecar: Any = None
        self._countdown: IdleCountdown | None = None

    def show(self, tab: str) -> Workbench | None:
        """Show the workbench at the side.

        A workbench that is there already stays, and opens the tab. Where there is no side area, the cell shows the
        workbench.

        Returns
        -------
        Workbench or None
            The workbench for the cell, if the side area cannot be used; otherwise None.

        Raises
        ------
        InvalidArgument
            If there is no such tab.
        """
        if self._bench is not None and self._bench.is_open and self._bench.is_visible:
            self._bench.select_tab(tab)
            display({"text/plain": _PLACE}, raw=True)
            return None
        bench = panel(tab)
        if not bench.is_live():
            return bench
        try:
            from sidecar import Sidecar
        except ImportError:
            sys.stdout.write("The side area needs the package sidecar: %pip install 'aero_jupyter[side]'\n")
            return bench
        self._close()
        self._bench, self._sidecar = bench, Sidecar(title=_TITLE)
        self._sidecar.append_display_data(bench.widget)
        bench.on_displayed()
        self._wait_for(bench)
        return None

    def _wait_for(self, bench: Workbench) -> None:
        """Show the workbench in the cell if no front end has drawn it at the side: Notebook 7 hides its side area."""
        handle = display({"text/plain": _PLACE}, raw=True, display_id=True)

        def show_in_cell() -> None:
            if bench is self._bench and not bench.is_visible and handle is not None:
                self._sidecar.close()
                self._bench = None
                handle.update(bench.widget)
                bench.on_displayed()

        self._countdown = IdleCountdown(_WAIT_SECONDS, show_in_cell)
        self._countdown.start()

    def _close(self) -> None:
        if self._countdown is not None:
            self._countdown.cancel()
        if self._bench is not None:
            self._bench.close()
        if self._sidecar is not None:
            self._sidecar.close()


#: The side area of this kernel.
side_area = SideArea()
