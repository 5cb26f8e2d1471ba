"""The card of a flow: what it does, what it has, how it ran, in a few lines."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from aero_jupyter.core import policy as policies
from aero_jupyter.core.errors import AeroError, NotFound
from aero_jupyter.core.models import Data, Flow, Run, Version
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.notebook.code import called
from aero_jupyter.notebook.columns import seconds_of, time_of
from aero_jupyter.notebook.errors import ended_well
from aero_jupyter.notebook.panels import tree as trees
from aero_jupyter.notebook.panels.base import Message, TreePanel
from aero_jupyter.notebook.panels.news import News
from aero_jupyter.notebook.panels.poller import poller
from aero_jupyter.notebook.panels.tree import Node
from aero_jupyter.notebook.views import Card, RunCard
from aero_jupyter.notebook.words import ago, shortened, state_of

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.session import Session

_BARS = "▁▂▃▄▅▆▇"
#: Seconds for which it is believed how an endpoint was.
_STEADY = 30.0


class FlowCard(Card):
    """A registered flow, as it was when the card was made; in a notebook it lives.

    Attributes
    ----------
    flow : Flow
        The flow.
    panel : CardPanel
        What lives, and has buttons. ``await card.panel.wait()`` gives the next run that ends, and holds nothing up.
    """

    def __init__(self, session: Session, flow: Flow) -> None:
        self._client = session.client
        self.flow = flow
        self.name = flow.function_name or "flow"
        seen = Seen(session, flow, place_of(session, flow))
        super().__init__(*seen.lines)
        self.panel = CardPanel(session, seen)

    @property
    def value(self) -> Flow:
        """The flow, as it was looked at last."""
        return self.panel.value

    def as_code(self) -> str:
        """Write the Python that shows it again."""
        return self.panel.as_code()

    def _ipython_display_(self) -> None:
        self.panel._ipython_display_()

    def wait(self, timeout: float = 300.0) -> RunCard:
        """Wait until the newest run has ended, at most `timeout` seconds; give that run.

        Raises
        ------
        RunFailed
            If it failed or was cancelled.
        AeroError
            If it has not ended by then.
        """
        deadline = time.monotonic() + timeout
        while not (runs := runs_of(self._client, self.flow)):
            if time.monotonic() > deadline:
                raise AeroError(f"{self.name} did not run within {timeout:g} s.", "Run it now with %aero_run.")
            time.sleep(0.05)
        run = self._client.wait_for_run(runs[0].id, max(0.0, deadline - time.monotonic()))
        return RunCard(ended_well(run, self.name), self.name)


class Seen:
    """A flow with its latest runs, as they were at one moment.

    Attributes
    ----------
    flow : Flow
    runs : sequence of Run
        The latest, the newest first; none where the server does not tell.
    place : str
        Where it runs.
    asked : datetime
    failed : Run or None
        The last run that ended, if it failed.
    lines : tuple of str
        The flow, told in a few lines.

    Raises
    ------
    ClientError
        If the server refuses or does not answer.
    """

    def __init__(self, session: Session, flow: Flow, place: str) -> None:
        self.flow, self.place = flow, place
        self.asked = datetime.now(timezone.utc)
        self.runs = runs_of(session.client, flow)
        last = next((run for run in self.runs if run.is_final), None)
        self.failed = last if last is not None and last.state == "failed" else None
        history = _history(self.runs) if session.client.dialect.runs else _last(flow)
        mark, made = ("✕" if self.failed else "✓"), _listed(flow.outputs) or "no output"
        lines = (
            f"{mark} {flow.function_name or 'flow'} → {made}    flow {flow.id[:8]} · {place}",
            f"✕ The last run failed: {_reason(self.failed)}" if self.failed else "",
            " ".join(part for part in (_when(flow), _ends(session.client, flow)) if part),
            " · ".join(part for part in (history, _next(flow)) if part),
        )
        self.lines = tuple(line for line in lines if line)


class CardPanel(TreePanel):
    """The card of a flow that lives: it follows its runs while somebody looks."""

    label = "Flow"

    def __init__(self, session: Session, seen: Seen, **options: Any) -> None:
        super().__init__(session, **options)
        self._now = seen
        self._note = ""
        self._news = News(seen.asked)
        self._news.of(seen.runs, seen.asked)
        self._ended: Run | None = None
        self._place_asked = time.monotonic()

    @property
    def value(self) -> Flow:
        """The flow, as it was looked at last."""
        return self._now.flow

    def expression(self) -> str:
        """Write the call that makes it."""
        return called("flow", self.value.id)

    async def wait(self) -> Run:
        """Wait until a run has ended that nobody was given yet, and give it; nothing is held up meanwhile."""
        poller.watch(self)
        try:
            run: Run = self._ended or await super().wait()
        finally:
            if not self._seen:
                poller.leave(self)
        self._ended = None
        return run

    def nodes(self) -> Sequence[Node | None]:
        """Describe what is to be seen."""
        heading, *lines = self._now.lines
        can, failed = self._session.client.dialect.runs, self._now.failed
        turn = ("Resume", "resume") if self.value.raw.get("paused") else ("Pause", "pause")
        return [
            trees.text(heading, "strong"),
            *(trees.text(line) for line in lines),
            trees.row(
                trees.button("Run now", "run", primary=True) if can else None,
                trees.button(*turn) if can else None,
                trees.button("Failed run", "failed") if failed else None,
                trees.button("Runs", "carry", what="runs"),
                trees.button("Lineage", "carry", what="lineage"),
                trees.copy("Copy as code", self.as_code(), "the code"),
            ),
            trees.text(self._note, "meta") if self._note else None,
        ]

    def said(self) -> str:
        """Say how it went last."""
        return self._note or self._now.lines[-1]

    def actions(self) -> Mapping[str, Callable[[Message], None]]:
        """Give what can be done."""
        client = self._session.client
        return {
            "run": lambda _: self.work(lambda: self._do(client.run_flow, "Asked for.")),
            "pause": lambda _: self.work(lambda: self._do(client.pause_flow, "It runs only when you say so.")),
            "resume": lambda _: self.work(lambda: self._do(client.resume_flow, "It goes on.")),
            "failed": lambda _: self.carry("runs", self._now.failed or self.value),
            "carry": lambda message: self.carry(str(message.get("what")), self.value),
        }

    def looked_at(self) -> None:
        """Follow it: somebody looks."""
        poller.watch(self)

    def left(self) -> None:
        """Follow it no more."""
        poller.leave(self)

    def look(self) -> bool:
        """Look at the flow and its runs; say whether the server answered."""
        before, ended = (self._now.lines, self._note), []
        try:
            flow = self._session.client.get_flow(self.value.id)
            self._now = Seen(self._session, flow, self._where())
            ended = self._news.of(self._now.runs, self._now.asked)
        except NotFound:
            self._note = "This flow was deleted; what it made stays."
        except AeroError as error:
            self._note = f"{error.message} Trying again."
            self.show()
            return False
        if before != (self._now.lines, self._note):
            self.show()
        if ended:
            self._ended = ended[0]
            self.came(ended[0])
        return True

    def _where(self) -> str:
        """Say where it runs; an endpoint is asked now and then how it is."""
        if time.monotonic() - self._place_asked < _STEADY:
            return self._now.place
        self._place_asked = time.monotonic()
        return place_of(self._session, self.value)

    def _do(self, what: Callable[[str], object], note: str) -> None:
        what(self.value.id)
        self._note = note
        poller.now()
        self.look()


def flow(which: str | Flow) -> FlowCard:
    """Show the card of a flow.

    Parameters
    ----------
    which : str or Flow
        A flow's id, its function's name, an output's name or its description.

    Raises
    ------
    UnknownName
        If there is no such flow.
    ClientError
        If the server refuses or does not answer.
    """
    from aero_jupyter.session import current

    session = current()
    return FlowCard(session, session.client.resolve_flow(which) if isinstance(which, str) else which)


def runs_of(client: AeroClient, flow: Flow) -> Sequence[Run]:
    """Give the latest runs of a flow, newest first; none where the server does not tell."""
    return client.list("run", match=flow.id).page(1) if client.dialect.runs else ()


def place_of(session: Session, flow: Flow) -> str:
    """Say where a flow runs: its endpoint, with its state and its Python where they are told."""
    row: dict[str, Any] = {}
    with contextlib.suppress(AeroError):
        row = session.compute.endpoint(flow.endpoint) if flow.endpoint else {}
    name = "local endpoint" if session.is_local else f"endpoint {row.get('name') or (flow.endpoint or 'unknown')[:8]}"
    # Where the local AERO answers, its endpoint does.
    state = row.get("status") if not session.is_local or row.get("status") != "online" else ""
    python = ".".join(str(row.get("python") or "").split(".")[:2])
    return " · ".join(part for part in (name, state, f"Python {python}" if python else "") if part)


def _reason(run: Run) -> str:
    return shortened(" ".join((run.error or "it does not say why").split()), 160)


def _listed(several: Sequence[Data]) -> str:
    return ", ".join(each.name for each in several)


def _when(flow: Flow) -> str:
    words = policies.in_words(flow.policy, flow.timer)
    return f"{words[:1].upper()}{words[1:]}."


def _ends(client: AeroClient, flow: Flow) -> str:
    parts = []
    for word, several in (("Input", flow.inputs), ("Output", flow.outputs)):
        if several:
            shown = ", ".join(f"{each.name} ({_newest(client, each)})" for each in several)
            parts.append(f"{word}{'s' if len(several) > 1 else ''}: {shown}.")
    return " ".join(parts)


def _newest(client: AeroClient, data: Data) -> str:
    version: Version | None = None
    with contextlib.suppress(AeroError):
        version = client.latest(data.id)
    return f"v{version.version}, {ago(version.created_at)}" if version else "no version yet"


def _history(runs: Sequence[Run]) -> str:
    if not runs:
        return "runs: none yet"
    took = [seconds for run in reversed(runs) if (seconds := seconds_of(run)) is not None]
    shown = f"runs {_spark(took)} median {statistics.median(took):.1f} s · " if took else ""
    return f"{shown}last: {state_of(runs[0].state)}"


def _last(flow: Flow) -> str:
    """Tell the last run where the server tells no runs."""
    return f"last run {ago(flow.last_executed)}" if flow.last_executed else ""


def _spark(values: Sequence[float]) -> str:
    top = max(values, default=0.0) or 1.0
    return "".join(_BARS[min(len(_BARS) - 1, int(value / top * (len(_BARS) - 1)))] for value in values)


def _next(flow: Flow) -> str:
    if flow.raw.get("paused"):
        return "next: paused, until it is resumed"
    if flow.policy in policies.TIMED:
        due = time_of(flow.raw.get("next_due"))
        return f"next: {due:%d %b %H:%M} UTC" if due else ""
    word = {PolicyEnum.ANY: "or", PolicyEnum.ALL: "and"}.get(flow.policy)
    if word:
        return f"next: when {f' {word} '.join(each.name for each in flow.inputs)} changes"
    return "next: when notified" if flow.policy is PolicyEnum.INGESTION_EVENT else "next: with %aero_run"
