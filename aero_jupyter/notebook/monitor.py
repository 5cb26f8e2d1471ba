"""The runs of flows as they happen: a live table, a run in full, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from aero_jupyter.core.errors import AeroError, Unreachable
from aero_jupyter.core.models import FINAL_STATES, Flow, Run
from aero_jupyter.notebook.callbacks import callback
from aero_jupyter.notebook.columns import names_of, time_of
from aero_jupyter.notebook.frames import AeroFrame, frame_from
from aero_jupyter.notebook.grid import Live
from aero_jupyter.notebook.listing import Listing, Question
from aero_jupyter.notebook.options import clock, options
from aero_jupyter.notebook.paging import Pager, View
from aero_jupyter.notebook.poller import Poller, poller
from aero_jupyter.notebook.words import state_of

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
    filter : str
        What one of the columns holds.
    run : str or None
        The id of the run that is open.
    paused : bool
        Whether the table stands still.
    """

    flow: str | None
    filter: str = ""
    run: str | None = None
    paused: bool = False


class RunPager(Pager):
    """Pages of runs that follow the server while somebody looks."""

    def __init__(
        self,
        listing: Listing,
        shown: Callable[[View], None],
        code: Callable[[Listing], str],
        *,
        begin: Callable[[Callable[[], None]], None] | None = None,
        by: Poller = poller,
    ) -> None:
        self.paused = False
        self.opened: str | None = None
        self._by = by
        self._looked: datetime | None = None
        self._trouble = ""
        self._known: dict[str, str] = {}
        super().__init__(listing, shown, code, begin=begin)

    def view(self) -> View:
        """Describe what is to be seen, with what can be done and when it was looked."""
        client = self.listing.session.client
        chosen = [run for run in self._rows if self.listing.id_of(run) in self._chosen]
        ended = [run for run in chosen if run.state in FINAL_STATES]
        one_flow = self.listing.question.query or chosen
        actions = [
            ("run", "Run now", bool(one_flow)),
            ("cancel", "Cancel", len(ended) < len(chosen)),
            ("retry", "Retry", any(run.state in ("failed", "cancelled") for run in chosen)),
        ]
        told = [{"do": what, "text": text, "can": can} for what, text, can in actions] if client.dialect.runs else []
        what, text = ("resume", "Follow") if self.paused else ("stand", "Stand still")
        return {**super().view(), "asked": self._when(), "actions": [*told, {"do": what, "text": text, "can": True}]}

    @callback
    def act(self, message: Mapping[str, Any]) -> None:
        """Do what somebody did in the table, or to its runs."""
        action = _RUN_ACTIONS.get(str(message.get("do")))
        if action is not None:
            self._begin(lambda: self._do(action))
        elif message.get("do") == "open":
            self.opened = str(message.get("id"))
            self._begin(self._open_run)
        else:
            if message.get("do") == "close":
                self.opened = None
            super().act(message)

    @callback
    def _do(self, action: Callable[[RunPager], None]) -> None:
        action(self)
        self.show()
        self._by.now()

    @callback
    def _open_run(self) -> None:
        if self.opened is not None:
            run = self.listing.session.client.get_run(self.opened)
            with self._lock:
                self._detail = _told(run)
        self.show()

    def look(self) -> bool:
        """Look at the server: the page, and the run that is open; say whether it answered."""
        if self.paused or self._busy:
            return True
        try:
            self._follow()
        except Unreachable:
            self._trouble = "the server does not answer; trying again"
            self.show()
            return False
        except AeroError as error:
            self._trouble = error.message
            self.show()
            return False
        return True

    def _follow(self) -> None:
        generation, place = self._generation, self.place
        listing = self.listing.again()
        rows = [row for number in self._span(place) for row in listing.pages.page(number)]
        opened = listing.session.client.get_run(self.opened) if self.opened else None
        with self._lock:
            if generation != self._generation or self.paused:
                return
            self._notice(rows, first=self._looked is None)
            self.listing, self._rows, self._trouble = listing, rows, ""
            self._looked = datetime.now(timezone.utc)
            if opened is not None:
                self._detail = _told(opened)
        self.show()

    def _notice(self, runs: list[Run], *, first: bool) -> None:
        """Say what ended since the last look."""
        news = [run for run in runs if run.is_final and self._known.get(run.id) not in (None, *FINAL_STATES)]
        news += [run for run in runs if run.is_final and run.id not in self._known and not first]
        self._known = {run.id: run.state for run in runs}
        if news:
            run = news[0]
            made = names_of(run.made) or ""
            self._note = f"{state_of(run.state)}: run {run.id[:8]}{f' made {made}' if made else ''}"

    def _when(self) -> str:
        if self.paused:
            return f"standing still since {clock(self._looked or self.listing.asked)}"
        when = f"as of {clock(self._looked or self.listing.asked)}"
        return f"{when}; {self._trouble}" if self._trouble else when

    def _picked(self, states: Callable[[str], bool]) -> list[Run]:
        with self._lock:
            ids = list(self._chosen)
        runs = [self.listing.session.client.get_run(id) for id in ids]
        return [run for run in runs if states(run.state)]

    def _run_now(self) -> None:
        client = self.listing.session.client
        flow = self.listing.question.query
        flows = [flow] if flow else list(dict.fromkeys(run.flow_id for run in self._picked(lambda _: True)))
        for each in flows:
            client.run_flow(each)
        self._note = f"{len(flows)} asked for." if flows else "Select a run of the flow to run."

    def _cancel(self) -> None:
        runs = self._picked(lambda state: state not in FINAL_STATES)
        for run in runs:
            self.listing.session.client.cancel_run(run.id)
        self._note = f"{len(runs)} cancelled."

    def _retry(self) -> None:
        runs = self._picked(lambda state: state in ("failed", "cancelled"))
        for flow in dict.fromkeys(run.flow_id for run in runs):
            self.listing.session.client.run_flow(flow)
        self._note = f"{len(runs)} asked for again."

    def _stand(self) -> None:
        self.paused = True

    def _resume(self) -> None:
        self.paused = False


_RUN_ACTIONS: dict[str, Callable[[RunPager], None]] = {
    "run": RunPager._run_now,
    "cancel": RunPager._cancel,
    "retry": RunPager._retry,
    "stand": RunPager._stand,
    "resume": RunPager._resume,
}


def _told(run: Run) -> View:
    """Tell a run in full: its steps on a time line, its log, its traceback."""
    lines = [run.error or ""]
    for word, versions in (("used", run.used), ("made", run.made)):
        lines.append(f"{word} {names_of(versions)}" if versions else "")
    story = "\n\n".join(part for part in (_steps(run), run.log or "", run.traceback or "") if part)
    heading = f"{state_of(run.state)} · run {run.id[:8]} · {run.trigger or ''}".rstrip(" ·")
    return {"heading": heading, "lines": [line for line in lines if line], "pre": story, "code": ""}


def _steps(run: Run) -> str:
    parts = []
    for step in run.raw.get("steps") or ():
        began, ended = time_of(step.get("started_at")), time_of(step.get("ended_at"))
        took = f"{(ended - began).total_seconds():7.2f} s" if began and ended else "   … now"
        parts.append(f"{took}  {state_of(step['state'])}: {step['name']}")
    return "\n".join(parts)


class Monitor:
    """The runs of one flow or all, followed while they are looked at.

    Its table is updated by a thread of its own, so it goes on while the kernel is busy.
    """

    def __init__(self, session: Session, flow: Flow | None = None) -> None:
        self._session = session
        self._flow = flow
        self._live: Live | None = None
        self._frame = self._first()

    def __repr__(self) -> str:
        return repr(self._frame)

    def _repr_html_(self) -> str:
        return self._frame._repr_html_()

    def _ipython_display_(self) -> None:
        from aero_jupyter.notebook.frontend import front_end

        if options.plain or front_end() != "widgets" or not self._session.client.dialect.runs:
            raise NotImplementedError
        listing = self._frame._listing
        assert listing is not None
        self._live = Live(self._frame, listing, make=RunPager)
        pager = self._live.pager
        assert isinstance(pager, RunPager)
        self._live.display()
        self._live.grid.observe(lambda change: None if change["new"] else poller.leave(pager), "comm")
        poller.watch(pager)

    @property
    def value(self) -> Watched:
        """What it shows, as a value."""
        watched = Watched(self._flow.id if self._flow else None)
        pager = self._live.pager if self._live else None
        if not isinstance(pager, RunPager):
            return watched
        return replace(watched, filter=pager.listing.question.text, run=pager.opened, paused=pager.paused)

    def as_code(self) -> str:
        """Write the Python that shows the same."""
        where = "aero.local()" if self._session.is_local else f"aero.connect({self._session.client.base_url!r})"
        flow = repr(self._flow.id) if self._flow else ""
        return f"import aero_jupyter as aero\n\n{where}\naero.monitor({flow})\n"

    def close(self) -> None:
        """Follow no more."""
        if self._live is not None:
            poller.leave(self._live.pager)  # type: ignore[arg-type]

    def _first(self) -> AeroFrame:
        question = Question("run", self._flow.id if self._flow else None)
        return frame_from(Listing(self._session, question), options.page_size)


def monitor(flow: str | Flow | FlowCard | None = None) -> Monitor:
    """Follow the runs of a flow, or of all.

    Parameters
    ----------
    flow : str, Flow or what ``%%aero_register`` gave, optional
        A flow's id, its function's name, an output's name or its description; all flows without it.

    Raises
    ------
    UnknownName
        If there is no such flow.
    ClientError
        If the server refuses or does not answer.
    """
    from aero_jupyter.session import current

    session = current()
    if isinstance(flow, str):
        return Monitor(session, session.client.resolve_flow(flow))
    return Monitor(session, flow if flow is None or isinstance(flow, Flow) else flow.flow)
