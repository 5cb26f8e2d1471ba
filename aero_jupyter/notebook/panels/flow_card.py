"""The card of a flow: its policy, its inputs and outputs, and its last runs, in a few lines."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from aero_jupyter.core.errors import AeroError
from aero_jupyter.core.models import Flow
from aero_jupyter.notebook.panels.flow_panel import FlowPanel
from aero_jupyter.notebook.panels.flow_status import FlowSnapshot, endpoint_label, latest_runs
from aero_jupyter.notebook.widgets.cards import Card, RunCard
from aero_jupyter.notebook.widgets.error_text import raise_for_run

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session


class FlowCard(Card):
    """The card of a flow; in a notebook it is live. `flow` and ``%%aero_register`` make it.

    Attributes
    ----------
    flow : Flow
        The flow, as it was when the card was made.
    panel : FlowPanel
        The live panel, with buttons. ``await card.panel.wait()`` returns the next run that ends, and blocks nothing.

    Examples
    --------
    >>> card = aero.flow("clean")
    >>> card.value.outputs[0].name
    'sewage'
    """

    def __init__(self, session: Session, flow: Flow) -> None:
        self._client = session.client
        self.flow = flow
        self.name = flow.function_name or "flow"
        snapshot = FlowSnapshot(session, flow, endpoint_label(session, flow))
        super().__init__(*snapshot.lines)
        self.panel = FlowPanel(session, snapshot)

    @property
    def value(self) -> Flow:
        """The flow, as it was fetched last."""
        return self.panel.value

    def as_code(self) -> str:
        """Return the Python that shows the card again.

        Returns
        -------
        str

        Examples
        --------
        >>> print(aero.flow("clean").as_code())
        import aero_jupyter as aero
        ...
        aero.flow('...')
        """
        return self.panel.as_code()

    def _ipython_display_(self) -> None:
        self.panel._ipython_display_()

    def wait(self, timeout: float = 300.0) -> RunCard:
        """Wait until the newest run of the flow has ended.

        Parameters
        ----------
        timeout : float
            Seconds to wait, at most.

        Returns
        -------
        RunCard
            That run.

        Raises
        ------
        RunFailed
            If it failed or was cancelled.
        AeroError
            If it has not ended by then.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> aero.flow("clean").wait(timeout=60).state in ("done", "unchanged")
        True
        """
        deadline = time.monotonic() + timeout
        while not (runs := latest_runs(self._client, self.flow)):
            if time.monotonic() > deadline:
                raise AeroError(
                    f"{self.name} did not run within {timeout:g} s.", f"Run it now with %aero_run {self.flow.id[:8]}"
                )
            time.sleep(0.05)
        run = self._client.wait_for_run(runs[0].id, max(0.0, deadline - time.monotonic()))
        return RunCard(raise_for_run(run, self.name), self.name)


def flow(which: str | Flow) -> FlowCard:
    """Show the card of a flow.

    Parameters
    ----------
    which : str or Flow
        A flow's id, its function's name, an output's name or its description.

    Returns
    -------
    FlowCard

    Raises
    ------
    UnknownName
        If there is no such flow, or several.
    ClientError
        If the server refuses or does not answer.

    Examples
    --------
    >>> aero.flow("clean").flow.timer
    86400
    """
    from aero_jupyter.session import current

    session = current()
    return FlowCard(session, session.client.resolve_flow(which) if isinstance(which, str) else which)
