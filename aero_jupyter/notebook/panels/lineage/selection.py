"""Details of the selected box or flow of a lineage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING

from aero_jupyter.core.errors import AeroError, NotFound, UnknownName
from aero_jupyter.core.models import Data, Flow, Run
from aero_jupyter.core.redaction import redact_url
from aero_jupyter.notebook.formatting import ago, format_state, size_of
from aero_jupyter.notebook.panels.flow_code import FlowCode, fetch_flow_code
from aero_jupyter.notebook.panels.flow_sections import code_nodes
from aero_jupyter.notebook.panels.lineage.graph import DATA, Box, Graph
from aero_jupyter.notebook.record_facts import changed_sources
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.tree import Node

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.session.session import Session

#: Flows of one box that are offered.
_MAX_FLOWS = 5


@dataclass(frozen=True)
class SelectedNode:
    """The selected box or flow.

    Attributes
    ----------
    id : str
        Id of the box or of the flow.
    lines : tuple of str
        Its description.
    subject : Data or Flow or None
        The record; None if it was deleted.
    flows : mapping of str to str
        The flows that made the box: id to name.
    code : FlowCode or None
        The code of the flow.
    """

    id: str
    lines: tuple[str, ...]
    subject: Data | Flow | None
    flows: Mapping[str, str] = field(default_factory=dict)
    code: FlowCode | None = None

    @property
    def version(self) -> int | None:
        """The version of the box; None for a dataset or a flow."""
        number = self.id.partition(":")[2]
        return int(number) if number and isinstance(self.subject, Data) else None

    def node(self) -> Node:
        """Return the node that shows the details and the actions."""
        is_data = isinstance(self.subject, Data)
        return trees.group(
            self.lines[0],
            *(trees.text(line) for line in self.lines[1:]),
            *(code_nodes(self.code) if self.code else []),
            trees.row(
                *(trees.button(f"Flow {name}", "open", id=id) for id, name in self.flows.items()),
                trees.button("Lineage from here", "here") if is_data else None,
                trees.button("Use as input", "carry", what="use") if is_data else None,
                trees.button("Runs", "carry", what="runs") if self.subject else None,
                trees.button("Close", "close"),
            ),
        )


def select_node(session: Session, graph: Graph, id: str) -> SelectedNode:
    """Fetch the details of a box or a flow of a graph.

    Raises
    ------
    UnknownName
        If the graph has neither a box nor a flow with that id.
    ClientError
        If the server refuses or does not answer.
    """
    box = graph.boxes.get(id)
    if box is not None and box.kind == DATA:
        makers = {line.flow_id: line.flow for line in graph.lines if line.end == id and line.flow_id}
        return replace(_select_dataset(session.client, box), flows=dict(islice(makers.items(), _MAX_FLOWS)))
    # A box of another kind is one end of its flow.
    flows = (line.flow_id for line in graph.lines if id in (line.flow_id, line.start, line.end))
    flow_id = next(flows, None)
    if flow_id is None:
        raise UnknownName("This box is no longer in the graph.", "Press Refresh.")
    return _select_flow(session, id, flow_id)


def _select_dataset(client: AeroClient, box: Box) -> SelectedNode:
    data_id, _, number = box.id.partition(":")
    data = client.get_data(data_id)
    shown = f"source {redact_url(data.url)}" if data.url else ""
    lines = [data.description or "", shown, *changed_sources(data)]
    if number:
        version = client.version(data_id, int(number))
        size = size_of(version.file.size) if version.file and version.file.size is not None else ""
        when = f"{version.created_at:%Y-%m-%d %H:%M:%S} UTC" if version.created_at else ""
        lines += [" · ".join(part for part in (when, size, f"checksum {(version.checksum or '')[:16]}") if part)]
    read = f", version={number}" if number else ""
    lines = [box.title, *(line for line in lines if line), f"aero.read({data.name or data.id!r}{read})"]
    return SelectedNode(box.id, tuple(lines), data)


def _select_flow(session: Session, id: str, flow_id: str) -> SelectedNode:
    from aero_jupyter.notebook.panels.flow_status import FlowSnapshot, endpoint_label

    try:
        flow = session.client.get_flow(flow_id)
    except NotFound:
        return SelectedNode(id, (f"flow {flow_id[:8]}", "This flow was deleted. Its versions are kept."), None)
    sources = [f"source {redact_url(data.url)}" for data in flow.outputs if data.url and not flow.inputs]
    function = f"function {flow.function_name or ''} {(flow.function_id or '')[:8]}".rstrip()
    snapshot = FlowSnapshot(session, flow, endpoint_label(session, flow))
    lines = [*snapshot.lines, _last_run(snapshot.runs), *sources, function, f"aero.flow({flow.id!r})"]
    try:
        code: FlowCode | None = fetch_flow_code(session, flow)
    except AeroError as error:
        code = None
        lines.append(f"The code is not available: {error.message}")
    return SelectedNode(id, tuple(line for line in lines if line), flow, code=code)


def _last_run(runs: Sequence[Run]) -> str:
    if not runs:
        return ""
    run = runs[0]
    when = ago(run.ended_at or run.started_at or run.created_at)
    return f"newest run: {format_state(run.state)}, {when}{f': {run.error}' if run.error else ''}"
