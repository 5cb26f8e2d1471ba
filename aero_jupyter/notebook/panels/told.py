"""What is told of a box or a flow of a lineage that somebody opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aero_jupyter.core.errors import NotFound, UnknownName
from aero_jupyter.core.models import Data, Flow, Run
from aero_jupyter.notebook.panels import tree as trees
from aero_jupyter.notebook.panels.graph import DATA, Box, Graph
from aero_jupyter.notebook.panels.tree import Node
from aero_jupyter.notebook.words import ago, size_of, state_of

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.session import Session


@dataclass(frozen=True)
class Opened:
    """A box or a flow that is open.

    Attributes
    ----------
    id : str
        The box's id, or the flow's.
    lines : tuple of str
        What is told of it.
    subject : Data or Flow or None
        What it is; None where that was deleted.
    """

    id: str
    lines: tuple[str, ...]
    subject: Data | Flow | None

    @property
    def version(self) -> int | None:
        """The number of the version that the box stands for."""
        number = self.id.partition(":")[2]
        return int(number) if number and isinstance(self.subject, Data) else None

    def node(self) -> Node:
        """Describe what is to be seen of it."""
        is_data = isinstance(self.subject, Data)
        return trees.group(
            self.lines[0],
            *(trees.text(line) for line in self.lines[1:]),
            trees.row(
                trees.button("Lineage from here", "here") if is_data else None,
                trees.button("Use as input", "carry", what="use") if is_data else None,
                trees.button("Runs", "carry", what="runs") if self.subject else None,
                trees.button("Close", "close"),
            ),
        )


def opened_in(session: Session, graph: Graph, id: str) -> Opened:
    """Open a box or a flow of a graph.

    Raises
    ------
    UnknownName
        If the graph has neither of that id.
    ClientError
        If the server refuses or does not answer.
    """
    box = graph.boxes.get(id)
    if box is not None and box.kind == DATA:
        return _data(session.client, box)
    # A box that is no data stands for one end of its flow.
    flows = (line.flow_id for line in graph.lines if id in (line.flow_id, line.start, line.end))
    flow_id = next(flows, None)
    if flow_id is None:
        raise UnknownName("This box is not here any more.", "Press Refresh.")
    return _flow(session, id, flow_id)


def _data(client: AeroClient, box: Box) -> Opened:
    data_id, _, number = box.id.partition(":")
    data = client.get_data(data_id)
    told = [data.description or "", f"source {data.url}" if data.url else ""]
    if number:
        version = client.version(data_id, int(number))
        size = size_of(version.file.size) if version.file and version.file.size is not None else ""
        when = f"{version.created_at:%Y-%m-%d %H:%M:%S} UTC" if version.created_at else ""
        told += [" · ".join(part for part in (when, size, f"checksum {(version.checksum or '')[:16]}") if part)]
    read = f", version={number}" if number else ""
    lines = [box.title, *(line for line in told if line), f"aero.read({data.name or data.id!r}{read})"]
    return Opened(box.id, tuple(lines), data)


def _flow(session: Session, id: str, flow_id: str) -> Opened:
    from aero_jupyter.notebook.card import told

    try:
        flow = session.client.get_flow(flow_id)
    except NotFound:
        return Opened(id, (f"flow {flow_id[:8]}", "This flow was deleted; what it made stays."), None)
    sources = [f"source {data.url}" for data in flow.outputs if data.url and not flow.inputs]
    function = f"function {flow.function_name or ''} {(flow.function_id or '')[:8]}".rstrip()
    lines = [*told(session, flow), _newest_run(session.client, flow), *sources, function, f"aero.flow({flow.id!r})"]
    return Opened(id, tuple(line for line in lines if line), flow)


def _newest_run(client: AeroClient, flow: Flow) -> str:
    runs = client.list("run", match=flow.id).page(1) if client.dialect.runs else ()
    if not runs:
        return ""
    run: Run = runs[0]
    when = ago(run.ended_at or run.started_at or run.created_at)
    return f"newest run: {state_of(run.state)}, {when}{f': {run.error}' if run.error else ''}"
