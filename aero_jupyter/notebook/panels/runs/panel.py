"""The runs of flows as a live table that follows the server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aero_jupyter.client.name_resolution import is_id
from aero_jupyter.core.errors import InvalidArgument, NotFound
from aero_jupyter.core.models import Data, Flow, Run
from aero_jupyter.core.run_states import RUN_STATES
from aero_jupyter.core.suggestions import suggest
from aero_jupyter.notebook.as_code import called
from aero_jupyter.notebook.panels import table_state
from aero_jupyter.notebook.panels.runs.pager import RunPager
from aero_jupyter.notebook.panels.table_panel import TablePanel
from aero_jupyter.notebook.settings import options
from aero_jupyter.notebook.tables.query import ListQuery

if TYPE_CHECKING:
    from aero_jupyter.notebook.panels.flow_card import FlowCard
    from aero_jupyter.session.session import Session


@dataclass(frozen=True)
class MonitorState:
    """State of a monitor panel.

    Attributes
    ----------
    flow : str or None
        Id of the flow whose runs are shown; None for all flows.
    state : str or None
        Only runs in this state; None for any.
    since : int or None
        Seconds; only newer runs.
    filter : str
        Text that one of the columns contains.
    run : str or None
        Id of the open run.
    paused : bool
        Whether the table is not updated.
    sort : str or None
        The column to sort by, with a "-" before it for descending; None for newest first.
    page, size : int
        The page, counted from 1, and rows per page.
    """

    flow: str | None
    state: str | None = None
    since: int | None = None
    filter: str = ""
    run: str | None = None
    paused: bool = False
    sort: str | None = None
    page: int = 1
    size: int = field(default_factory=lambda: options.page_size)


class Monitor(TablePanel):
    """The runs of one flow or all, followed while the panel is shown; `monitor` makes it.

    Examples
    --------
    >>> aero.monitor(state="failed").value.state
    'failed'
    """

    def __init__(self, session: Session, state: MonitorState, flow: Flow | None = None) -> None:
        query = ListQuery(
            "run",
            state.flow,
            sort=table_state.server_sort("run", state.sort),
            where=(("state", state.state),) if state.state else (),
            since=state.since,
            text=state.filter,
        )
        self._page_state = table_state.parse_page_state(query, state.sort, state.page, state.size)
        super().__init__(session, query)
        self._initial_state = state
        self._flow = flow
        self.pager_type = self._build_pager

    # The arguments are those of `RunPager`.
    def _build_pager(self, *args: Any, **kwargs: Any) -> RunPager:
        state = self._initial_state
        pager = RunPager(*args, **kwargs, flow=self._flow)
        pager.paused, pager.opened, pager.on_run_end = state.paused, state.run, self.resolve_waiters
        pager.place = self._page_state
        if state.flow and self._flow is None:
            pager.forget_flow()
        return pager

    def has_pages(self) -> bool:
        """Return whether the server lists runs."""
        return self._session.client.dialect.runs

    @property
    def polled(self) -> RunPager | None:
        """The pager of the runs."""
        return None if self._live is None else self._runs

    @property
    def _runs(self) -> RunPager:
        assert self._live is not None
        pager = self._live.pager
        assert isinstance(pager, RunPager)
        return pager

    @property
    def value(self) -> MonitorState:
        """The state that the panel shows."""
        if self._live is None:
            return self._initial_state
        pager = self._runs
        query, page_state = pager.listing.question, pager.place
        return MonitorState(
            query.query,
            dict(query.where).get("state"),
            query.since,
            query.text or page_state.text,
            pager.opened,
            pager.paused,
            table_state.format_sort(query, page_state),
            page_state.page,
            page_state.size,
        )

    def expression(self) -> str:
        """Return the call that builds the panel."""
        value = self.value
        named = {"state": value.state, "since": value.since, "text": value.filter, "run": value.run}
        page = {"sort": value.sort, **table_state.page_arguments(value.page, value.size)}
        return called("monitor", *([value.flow] if value.flow else []), **named, paused=value.paused, **page)


def monitor(
    flow: str | Flow | FlowCard | None = None,
    *,
    state: str | None = None,
    since: int | None = None,
    text: str = "",
    run: str | None = None,
    paused: bool = False,
    sort: str | None = None,
    page: int = 1,
    size: int | None = None,
) -> Monitor:
    """Follow the runs of a flow, or of all flows.

    Parameters
    ----------
    flow : str, Flow or FlowCard, optional
        A flow's id, its function's name, an output's name or its description; all flows by default. The id of a deleted
        flow shows its remaining runs.
    state : str, optional
        Only runs in this state, such as "failed".
    since : int, optional
        Seconds; only newer runs.
    text : str
        Text that one of the columns contains.
    run : str, optional
        Id of a run to open.
    paused : bool
        Whether the table is not updated.
    sort : str, optional
        The column to sort by, with a ``-`` before it for descending; newest first by default.
    page : int
        The page to start with, counted from 1.
    size : int, optional
        Rows per page: 15, 30 or 60.

    Returns
    -------
    Monitor
        A panel; ``.value`` is what it shows.

    Raises
    ------
    UnknownName
        If there is no such flow.
    InvalidArgument
        If there is no such state, column, page or size.
    ClientError
        If the server refuses or does not answer.

    Examples
    --------
    >>> runs = aero.monitor("clean", since=86_400)
    >>> runs.value.since
    86400
    """
    from aero_jupyter.session import current

    if state is not None and state not in RUN_STATES:
        raise InvalidArgument(f"There is no state {state!r}.", suggest(state, RUN_STATES))
    session = current()
    id, found = _find_flow(session, flow)
    size = options.page_size if size is None else size
    return Monitor(session, MonitorState(id, state, since, text, run, paused, sort, page, size), found)


def _find_flow(session: Session, flow: str | Flow | FlowCard | None) -> tuple[str | None, Flow | None]:
    """Return the id of a flow, and the flow itself if it still exists."""
    if isinstance(flow, str):
        try:
            found: Flow | None = session.client.resolve_flow(flow)
        except NotFound:
            if not is_id(flow):
                raise
            return flow, None
    else:
        found = flow if flow is None or isinstance(flow, Flow) else flow.flow
    return (found.id if found else None), found


def monitor_of(session: Session, subject: Flow | Data | Run) -> Monitor:
    """Build the monitor of a flow, of the flow that makes or reads a dataset, or of the flow of a run.

    A run is opened. A dataset that no flow makes or reads shows the runs of all flows.
    """
    if isinstance(subject, Run):
        id, flow = _find_flow(session, subject.flow_id)
        return Monitor(session, MonitorState(id, run=subject.id), flow)
    if isinstance(subject, Data):
        flows = session.client.list("flow").all()
        makers = [flow for flow in flows if subject.id in {each.id for each in flow.outputs}]
        readers = [flow for flow in flows if subject.id in {each.id for each in flow.inputs}]
        flow = next(iter([*makers, *readers]), None)
    else:
        flow = subject
    return Monitor(session, MonitorState(flow.id if flow else None), flow)
