"""Cycles of flows: refused at registration, and stopped after one round if a store already has one."""

from __future__ import annotations

import json
from collections.abc import Collection

from aero_jupyter.service.storage.connection import DB, RequestError

_READERS = (
    "SELECT i.flow_id, o.data_id FROM flow_input i JOIN flow_output o ON o.flow_id = i.flow_id "
    "WHERE i.data_id = ? AND i.flow_id IS NOT ?"
)
CURE = "Choose another output, or leave the input out."


def find_cycle(db: DB, inputs: Collection[str], outputs: Collection[str], without: str | None = None) -> list[str]:
    """Return the names of the datasets in the cycle that a flow closes, from its output on; empty if there is none.

    Parameters
    ----------
    inputs, outputs : collection of str
        Ids of the datasets that the flow reads and writes.
    without : str, optional
        The id of a flow that is about to be deleted.
    """
    predecessors: dict[str, str | None] = dict.fromkeys(outputs)
    edge = list(predecessors)
    while edge:
        data_id = edge.pop(0)
        if data_id in inputs:
            return _names(db, predecessors, data_id)
        for row in db.rows(_READERS, (data_id, without)):
            if row["data_id"] not in predecessors:
                predecessors[row["data_id"]] = data_id
                edge.append(row["data_id"])
    return []


def _names(db: DB, predecessors: dict[str, str | None], last: str) -> list[str]:
    path, at = [last], predecessors[last]
    while at is not None:
        path.append(at)
        at = predecessors[at]
    path.reverse()
    return [str(db.value("SELECT name FROM data WHERE id = ?", (id,))) for id in [*path, path[0]]]


def require_no_cycle(db: DB, inputs: Collection[str], outputs: Collection[str], without: str | None = None) -> None:
    """Raise if a flow would trigger itself, directly or through other flows."""
    cycle = find_cycle(db, inputs, outputs, without)
    if cycle:
        raise RequestError(422, f"This flow would close a circle: {' -> '.join(cycle)}.", CURE)


def chain_of(db: DB, run_id: str | None) -> list[str]:
    """Return the ids of the flows that led to the result of a run, the first one first."""
    row = db.row("SELECT flow_id, chain FROM run WHERE id = ?", (run_id,)) if run_id else None
    return [*json.loads(row["chain"] or "[]"), row["flow_id"]] if row else []


def stop_cycle(db: DB, run_id: str | None, reader: str) -> None:
    """Record on a run that the flow reading its result is not started again, because it began the cycle."""
    ends = "SELECT data_id FROM flow_{} WHERE flow_id = ?"
    inputs, outputs = (
        [row["data_id"] for row in db.rows(ends.format(side), (reader,))] for side in ("input", "output")
    )
    cycle = " -> ".join(find_cycle(db, inputs, outputs))
    text = f"Stopped after one round, because these flows form a circle: {cycle}."
    db.run("UPDATE run SET circle = ? WHERE id = ?", (text, run_id))
