"""The cycle that a new flow would close among the flows that a server lists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Flow


def find_cycle(
    flows: Iterable[Flow], inputs: Collection[str], outputs: Mapping[str, str], without: Collection[str] = ()
) -> str:
    """Return the circle that a flow closes, as ``a -> b -> a``; empty where it closes none.

    Parameters
    ----------
    inputs : collection of str
        Ids of the datasets that it reads.
    outputs : mapping of str to str
        Name to id of the existing datasets that it continues.
    without : collection of str
        Ids of the flows that are about to go.
    """
    remaining = [flow for flow in flows if flow.id not in without]
    names = {id: name for name, id in outputs.items()}
    predecessors: dict[str, str | None] = dict.fromkeys(outputs.values())
    frontier = list(predecessors)
    for id in frontier:
        if id in inputs:
            path, current = [id], predecessors[id]
            while current is not None:
                path.append(current)
                current = predecessors[current]
            return " -> ".join(names[each] for each in [*reversed(path), path[-1]])
        for made in (data for flow in remaining if id in {each.id for each in flow.inputs} for data in flow.outputs):
            if made.id not in predecessors:
                predecessors[made.id], names[made.id] = id, made.name
                frontier.append(made.id)
    return ""


def require_no_cycle(flows: Iterable[Flow], inputs: Collection[str], outputs: Mapping[str, str]) -> None:
    """Refuse a flow that would set itself off.

    Raises
    ------
    InvalidArgument
        If it closes a circle.
    """
    circle = find_cycle(flows, inputs, outputs)
    if circle:
        raise InvalidArgument(
            f"This flow would close a circle: {circle}.", "Choose another output, or leave the input out."
        )
