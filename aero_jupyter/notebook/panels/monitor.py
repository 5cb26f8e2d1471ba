"""The runs of flows as they happen: a live table, a run in full, and what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Data, Flow
from aero_jupyter.notebook.code import called
from aero_jupyter.notebook.listing import Question
from aero_jupyter.notebook.panels.gridded import GridPanel
from aero_jupyter.notebook.panels.poller import poller
from aero_jupyter.notebook.panels.runs import STATES, RunPager

if TYPE_CHECKING:
    from aero_jupyter.notebook.card import FlowCard
    from aero_jupyter.session import Session


@dataclass(frozen=True)
class Watched:
    """What a monitor shows.

    Attributes
    ----------
    flow : str or None
        The id of the flow whose runs these are; None for all.
    state : str or None
        The state they are in; None for any.
    since : int or None
        Seconds; only what is newer.
    filter : str
        What one of the columns holds.
    run : str or None
        The id of the run that is open.
    paused : bool
        Whether the table stands still.
    """

    flow: str | None
    state: str | None = None
    since: int | None = None
    filter: str = ""
    run: str | None = None
    paused: bool = False


class Monitor(GridPanel):
    """The runs of one flow or all, followed while they are looked at.

    Its table is updated by a thread of its own, so it goes on while the kernel is busy.
    """

    def __init__(self, session: Session, watched: Watched, flow: Flow | None = None) -> None:
        where = (("state", watched.state),) if watched.state else ()
        asked = {"where": where, "since": watched.since, "text": watched.filter}
        super().__init__(session, Question("run", watched.flow, **asked))  # type: ignore[arg-type]
        self._watched = watched
        self._flow = flow
        self.pager_type = self._pager

    def _pager(self, *args: Any, **kwargs: Any) -> RunPager:
        pager = RunPager(*args, **kwargs, flow=self._flow)
        pager.paused, pager.opened, pager.came = self._watched.paused, self._watched.run, self.came
        return pager

    def turns(self) -> bool:
        """Whether its pages can be turned: the server tells of runs."""
        return self._session.client.dialect.runs

    def looked_at(self) -> None:
        """Follow the runs: somebody looks."""
        poller.watch(self._runs)

    def left(self) -> None:
        """Follow no more: nobody looks."""
        if self._live is not None:
            poller.leave(self._runs)

    @property
    def _runs(self) -> RunPager:
        assert self._live is not None
        pager = self._live.pager
        assert isinstance(pager, RunPager)
        return pager

    @property
    def value(self) -> Watched:
        """What it shows, as a value."""
        if self._live is None:
            return self._watched
        question, pager = self._runs.listing.question, self._runs
        state = dict(question.where).get("state")
        return Watched(question.query, state, question.since, question.text, pager.opened, pager.paused)

    def expression(self) -> str:
        """Write the call that makes it."""
        value = self.value
        named = {"state": value.state, "since": value.since, "text": value.filter, "run": value.run}
        return called("monitor", *([value.flow] if value.flow else []), **named, paused=value.paused)


def monitor(
    flow: str | Flow | FlowCard | None = None,
    *,
    state: str | None = None,
    since: int | None = None,
    text: str = "",
    run: str | None = None,
    paused: bool = False,
) -> Monitor:
    """Follow the runs of a flow, or of all.

    Parameters
    ----------
    flow : str, Flow or what ``%%aero_register`` gave, optional
        A flow's id, its function's name, an output's name or its description; all flows without it.
    state : str, optional
        Only runs in this state, such as "failed".
    since : int, optional
        Seconds; only what is newer.
    text : str
        What one of the columns must hold.
    run : str, optional
        The id of a run to open.
    paused : bool
        Whether the table stands still.

    Raises
    ------
    UnknownName
        If there is no such flow.
    InvalidArgument
        If there is no such state.
    ClientError
        If the server refuses or does not answer.
    """
    from aero_jupyter.session import current

    if state is not None and state not in STATES:
        raise InvalidArgument(f"There is no state {state!r}.", f"Choose one of {', '.join(STATES)}.")
    session = current()
    found = _flow(session, flow)
    watched = Watched(found.id if found else None, state, since, text, run, paused)
    return Monitor(session, watched, found)


def _flow(session: Session, flow: str | Flow | FlowCard | None) -> Flow | None:
    if isinstance(flow, str):
        return session.client.resolve_flow(flow)
    return flow if flow is None or isinstance(flow, Flow) else flow.flow


def monitor_of(session: Session, subject: Flow | Data) -> Monitor:
    """Follow the runs of a flow, or of the flow that makes a data, or of one that reads it; of all, where none does."""
    if isinstance(subject, Data):
        flows = session.client.list("flow").all()
        made = [flow for flow in flows if subject.id in {each.id for each in flow.outputs}]
        read = [flow for flow in flows if subject.id in {each.id for each in flow.inputs}]
        flow = next(iter([*made, *read]), None)
    else:
        flow = subject
    return Monitor(session, Watched(flow.id if flow else None), flow)
