"""The card of a flow: what it does, what it has, how it ran, in a few lines."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aero_jupyter.core import policy as policies
from aero_jupyter.core.errors import AeroError
from aero_jupyter.core.models import Data, Flow, Run, Version
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.notebook.columns import seconds_of, time_of
from aero_jupyter.notebook.errors import ended_well
from aero_jupyter.notebook.views import Card, RunCard
from aero_jupyter.notebook.words import ago

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.session import Session

_BARS = "▁▂▃▄▅▆▇"


class FlowCard(Card):
    """A registered flow, as it was when the card was made.

    Attributes
    ----------
    flow : Flow
        The flow.
    """

    def __init__(self, session: Session, flow: Flow) -> None:
        self._client = session.client
        self.flow = flow
        self.name = flow.function_name or "flow"
        history = _history(runs_of(session.client, flow)) if session.client.dialect.runs else _last(flow)
        super().__init__(
            f"✓ {self.name} → {_listed(flow.outputs) or 'no output'}    flow {flow.id[:8]} · {_place(session, flow)}",
            " ".join(part for part in (_when(flow), _ends(session.client, flow)) if part),
            " · ".join(part for part in (history, _next(flow)) if part),
        )

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
    if flow.policy in policies.TIMED:
        due = time_of(flow.raw.get("next_due"))
        return f"next: {due:%d %b %H:%M} UTC" if due else ""
    word = {PolicyEnum.ANY: "or", PolicyEnum.ALL: "and"}.get(flow.policy)
    if word:
        return f"next: when {f' {word} '.join(each.name for each in flow.inputs)} changes"
    return "next: when notified" if flow.policy is PolicyEnum.INGESTION_EVENT else "next: with %aero_run"
