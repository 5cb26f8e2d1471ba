"""A flow and its latest runs at one moment, in a few lines of text."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from aero_jupyter.core import policy as policies
from aero_jupyter.core.errors import AeroError
from aero_jupyter.core.models import Data, Flow, Run, Version
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.notebook.formatting import ago, elide_middle, format_state
from aero_jupyter.notebook.record_facts import changed_sources, drift_line, seconds_of, shown_url
from aero_jupyter.notebook.widgets.cards import notes_of
from aero_jupyter.notebook.widgets.chart_shapes import sparkline
from aero_jupyter.session.flow_differences import pinned_versions
from aero_jupyter.session.promises import freshness_of

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.session.session import Session

#: Characters of one argument, and of all of them, that a card shows.
_MAX_ARGUMENT_CHARS, _MAX_ARGUMENTS_CHARS = 60, 400


class FlowSnapshot:
    """A flow with its latest runs, as they were at one moment.

    Attributes
    ----------
    flow : Flow
    runs : sequence of Run
        The latest runs, newest first; none if the server does not list runs.
    endpoint : str
        The endpoint on which it runs, with its state.
    fetched_at : datetime
        Time of the request, in UTC.
    failed : Run or None
        The last run that ended, if it failed.
    lines : tuple of str
        The flow described in a few lines.

    Raises
    ------
    ClientError
        If the server refuses or does not answer.
    """

    def __init__(self, session: Session, flow: Flow, endpoint: str) -> None:
        self.flow, self.endpoint = flow, endpoint
        self.fetched_at = datetime.now(timezone.utc)
        self.runs = latest_runs(session.client, flow)
        last = next((run for run in self.runs if run.is_final), None)
        self.failed = last if last is not None and last.state == "failed" else None
        history = _run_history(self.runs) if session.client.dialect.runs else _last_executed(flow)
        mark, outputs = ("✕" if self.failed else "✓"), ", ".join(each.name for each in flow.outputs) or "no output"
        lines = (
            f"{mark} {flow.function_name or 'flow'} → {outputs}    flow {flow.id[:8]} · {endpoint}",
            f"✕ The last run failed: {_reason(self.failed)}" if self.failed else "",
            *_promises(session, flow),
            *(f"{data.name} v{data.newest_version} {note}" for data in flow.outputs if (note := drift_line(data))),
            " ".join(part for part in (_policy(flow), _datasets(session.client, flow), _arguments(flow)) if part),
            *source_lines(flow),
            " · ".join(part for part in (history, _next_run(flow)) if part),
            *(notes_of(self.runs[0]) if self.runs else ()),
        )
        self.lines = tuple(line for line in lines if line)


def latest_runs(client: AeroClient, flow: Flow) -> Sequence[Run]:
    """Return the latest runs of a flow, newest first; none if the server does not list runs."""
    return client.list("run", match=flow.id).page(1) if client.dialect.runs else ()


def endpoint_label(session: Session, flow: Flow) -> str:
    """Return the endpoint on which a flow runs, with its state and its Python if they are known."""
    # Of Globus Compute's answer, only three texts are read.
    row: dict[str, Any] = {}
    with contextlib.suppress(AeroError):
        row = session.compute.endpoint(flow.endpoint) if flow.endpoint else {}
    name = "local endpoint" if session.is_local else f"endpoint {row.get('name') or (flow.endpoint or 'unknown')[:8]}"
    # The endpoint of a local AERO is part of its service: only another state than online is worth a word.
    state = row.get("status") if not session.is_local or row.get("status") != "online" else ""
    python = ".".join(str(row.get("python") or "").split(".")[:2])
    return " · ".join(part for part in (name, state, f"Python {python}" if python else "") if part)


def _reason(run: Run) -> str:
    return elide_middle(" ".join((run.error or "no reason was recorded").split()), 160)


def source_lines(flow: Flow) -> list[str]:
    """Return the changes of a flow's source, and the other sources of its output."""
    source = shown_url(flow.source_url)
    lines = changed_sources(flow)
    for other in flow.other_sources:
        name, url = other.data_name or "its output", shown_url(other.url)
        lines.append(f"Source: {source}; flow {other.flow_id[:8]} downloads {name} from {url}.")
    return lines


def _policy(flow: Flow) -> str:
    words = policies.in_words(flow.policy, flow.timer)
    words += ", from the same version" if flow.is_aligned else ""
    return f"{words[:1].upper()}{words[1:]}."


def _datasets(client: AeroClient, flow: Flow) -> str:
    inputs = [(data, _version_read(client, data, flow)) for data in {each.id: each for each in flow.inputs}.values()]
    outputs = [(data, _newest_version(client, data)) for data in flow.outputs]
    sentences = []
    for word, datasets in (("Input", inputs), ("Output", outputs)):
        if datasets:
            shown = ", ".join(f"{data.name} ({version})" for data, version in datasets)
            sentences.append(f"{word}{'s' if len(datasets) > 1 else ''}: {shown}.")
    return " ".join(sentences)


def _arguments(flow: Flow) -> str:
    """Return each argument with its value, as Python writes it: text has quotes."""
    tasks = [
        ", ".join(f"{name}={elide_middle(repr(value), _MAX_ARGUMENT_CHARS)}" for name, value in each.items())
        for each in flow.arguments
    ]
    shown = " | ".join(each for each in tasks if each)
    return f"With {elide_middle(shown, _MAX_ARGUMENTS_CHARS)}." if shown else ""


def _version_read(client: AeroClient, data: Data, flow: Flow) -> str:
    """Return the version that a flow reads: the newest, or the pinned one."""
    pinned = pinned_versions(flow)
    readers = [parameter for parameter, id in flow.parameters.items() if id == data.id]
    fixed = [f"always v{pinned[parameter]}" for parameter in readers if parameter in pinned]
    newest = [] if readers and len(fixed) == len(readers) else [_newest_version(client, data)]
    return "; ".join([*newest, *fixed])


def _promises(session: Session, flow: Flow) -> list[str]:
    """Return a line for each output with a freshness promise."""
    now, client, lines = datetime.now(timezone.utc), session.client, []
    for data in flow.outputs:
        with contextlib.suppress(AeroError):
            # Most outputs have no promise, and need no list of versions.
            if freshness_of(session, data, [], now) is not None:
                state = freshness_of(session, data, client.versions(data.id), now)
                lines.append(f"{data.name}: {state}")
    return lines


def _newest_version(client: AeroClient, data: Data) -> str:
    version: Version | None = None
    with contextlib.suppress(AeroError):
        version = client.latest(data.id)
    if version is None:
        return "no version yet"
    return f"v{version.version}, {ago(version.created_at)}{', ▲ checks warned' if version.has_warnings else ''}"


def _run_history(runs: Sequence[Run]) -> str:
    if not runs:
        return "runs: none yet"
    durations = [seconds for run in reversed(runs) if (seconds := seconds_of(run)) is not None]
    shown = f"runs {sparkline(durations)} median {statistics.median(durations):.1f} s · " if durations else ""
    return f"{shown}last: {format_state(runs[0].state)}"


def _last_executed(flow: Flow) -> str:
    """Return the last run as text, if the server lists no runs."""
    return f"last run {ago(flow.last_executed)}" if flow.last_executed else ""


def _next_run(flow: Flow) -> str:
    if flow.is_paused:
        return "next: paused, until it is resumed"
    if flow.policy in policies.TIMED:
        due = flow.next_due
        return f"next: {due:%d %b %H:%M} UTC" if due else ""
    word = {PolicyEnum.ANY: "or", PolicyEnum.ALL: "and"}.get(flow.policy)
    if word:
        return f"next: when {f' {word} '.join(each.name for each in flow.inputs)} changes"
    return "next: when notified" if flow.policy is PolicyEnum.INGESTION_EVENT else f"next: with %aero_run {flow.id[:8]}"
