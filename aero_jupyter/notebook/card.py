"""The card of a flow: what it does, what it has, how it ran, in a few lines."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
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
from aero_jupyter.notebook.panels.poller import poller
from aero_jupyter.notebook.panels.tree import Node
from aero_jupyter.notebook.views import Card, RunCard
from aero_jupyter.notebook.words import ago

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.session import Session

_BARS = "▁▂▃▄▅▆▇"


class FlowCard(Card):
    """A registered flow, as it was when the card was made; in a notebook it lives.

    Attributes
    ----------
    flow : Flow
        The flow.
    panel : CardPanel
        What lives, and has buttons.
    """

    def __init__(self, session: Session, flow: Flow) -> None:
        self._client = session.client
        self.flow = flow
        self.name = flow.function_name or "flow"
        heading, *lines = told(session, flow)
        super().__init__(heading, *lines)
        self.panel = CardPanel(session, flow, (heading, *lines))

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


def told(session: Session, flow: Flow) -> tuple[str, ...]:
    """Tell a flow in three lines.

    Raises
    ------
    ClientError
        If the server refuses or does not answer.
    """
    history = _history(runs_of(session.client, flow)) if session.client.dialect.runs else _last(flow)
    made = _listed(flow.outputs) or "no output"
    return (
        f"✓ {flow.function_name or 'flow'} → {made}    flow {flow.id[:8]} · {_place(session, flow)}",
        " ".join(part for part in (_when(flow), _ends(session.client, flow)) if part),
        " · ".join(part for part in (history, _next(flow)) if part),
    )


class CardPanel(TreePanel):
    """The card of a flow that lives: it follows its runs while somebody looks."""

    label = "Flow"

    def __init__(self, session: Session, flow: Flow, lines: Sequence[str], **options: Any) -> None:
        super().__init__(session, **options)
        self._flow = flow
        self._lines = tuple(lines)
        self._note = ""

    @property
    def value(self) -> Flow:
        """The flow, as it was looked at last."""
        return self._flow

    def expression(self) -> str:
        """Write the call that makes it."""
        return called("flow", self._flow.id)

    def nodes(self) -> Sequence[Node | None]:
        """Describe what is to be seen."""
        heading, *lines = self._lines
        can = self._session.client.dialect.runs
        turn = ("Resume", "resume") if self._flow.raw.get("paused") else ("Pause", "pause")
        return [
            trees.text(heading, "strong"),
            *(trees.text(line) for line in lines if line),
            trees.row(
                trees.button("Run now", "run", primary=True) if can else None,
                trees.button(*turn) if can else None,
                trees.button("Runs", "carry", what="runs"),
                trees.button("Lineage", "carry", what="lineage"),
                trees.copy("Copy as code", self.as_code(), "the code"),
            ),
            trees.text(self._note, "meta") if self._note else None,
        ]

    def said(self) -> str:
        """Say how it went last."""
        return self._note or self._lines[-1]

    def actions(self) -> Mapping[str, Callable[[Message], None]]:
        """Give what can be done."""
        client = self._session.client
        return {
            "run": lambda _: self.work(lambda: self._do(client.run_flow, "Asked for.")),
            "pause": lambda _: self.work(lambda: self._do(client.pause_flow, "It runs only when you say so.")),
            "resume": lambda _: self.work(lambda: self._do(client.resume_flow, "It goes on.")),
            "carry": lambda message: self.carry(str(message.get("what")), self._flow),
        }

    def looked_at(self) -> None:
        """Follow it: somebody looks."""
        poller.watch(self)

    def left(self) -> None:
        """Follow it no more."""
        poller.leave(self)

    def look(self) -> bool:
        """Look at the flow and its runs; say whether the server answered."""
        before = (self._lines, self._note)
        try:
            flow = self._session.client.get_flow(self._flow.id)
            self._lines, self._flow = told(self._session, flow), flow
        except NotFound:
            self._note = "This flow was deleted; what it made stays."
        except AeroError as error:
            self._note = f"{error.message} Trying again."
            self.show()
            return False
        if before != (self._lines, self._note):
            self.show()
        return True

    def _do(self, what: Callable[[str], object], note: str) -> None:
        what(self._flow.id)
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


def _place(session: Session, flow: Flow) -> str:
    if session.is_local:
        return "local endpoint"
    return f"endpoint {(flow.endpoint or 'unknown')[:8]}"


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
    return f"{shown}last: {runs[0].state}"


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
