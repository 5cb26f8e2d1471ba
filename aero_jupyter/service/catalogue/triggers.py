"""Triggers of flows whose inputs changed: at most one queued run each; aligned flows wait for matching inputs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from aero_jupyter.core import policy as policies
from aero_jupyter.core.policy import InputState, PolicyEnum
from aero_jupyter.service.catalogue.flow_cycles import chain_of, stop_cycle
from aero_jupyter.service.catalogue.input_alignment import mixed, newest_aligned
from aero_jupyter.service.storage.connection import DB, RequestError, Row, new_id, stamp

_ALIGNED = (
    "WITH RECURSIVE down (id) AS (SELECT value FROM json_each(?) UNION SELECT o.data_id FROM down JOIN flow_input i "
    "ON i.data_id = down.id JOIN flow_output o ON o.flow_id = i.flow_id) SELECT DISTINCT f.id FROM flow f "
    "JOIN flow_input i ON i.flow_id = f.id JOIN down ON down.id = i.data_id WHERE f.aligned AND NOT f.paused"
)


def inputs_of(db: DB, flow_id: str) -> list[InputState]:
    """Return every input of a flow: its newest version, the version used last, and whether it is pinned."""
    sql = "SELECT d.newest, i.used, i.pinned FROM flow_input i JOIN data d ON d.id = i.data_id WHERE i.flow_id = ?"
    rows = db.rows(sql, (flow_id,))
    return [InputState(row["newest"], row["used"], is_pinned=row["pinned"] is not None) for row in rows]


def trigger(db: DB, flow_id: str, cause: str, chain: Sequence[str] = (), run_id: str | None = None) -> None:
    """Queue a run of a flow that follows its inputs, if the flow's policy requires one now.

    Parameters
    ----------
    chain : sequence of str
        The flows that led to this trigger; a flow among them is not started again.
    run_id : str, optional
        The run that created the new versions.
    """
    flow = db.row("SELECT policy, paused, aligned FROM flow WHERE id = ?", (flow_id,)) or {}
    if flow["paused"]:
        return
    if flow["aligned"]:
        # The result of a run is considered once its provenance is complete.
        if run_id is None:
            _start_aligned(db, flow_id, cause, chain)
    elif policies.is_due(PolicyEnum(flow["policy"]), inputs_of(db, flow_id)):
        if flow_id in chain:
            stop_cycle(db, run_id, flow_id)
        else:
            enqueue(db, flow_id, cause, chain=chain)


def trigger_aligned(db: DB, data_ids: Sequence[str], run_id: str | None) -> None:
    """Queue the runs of aligned flows that read these datasets or datasets derived from them."""
    chain = chain_of(db, run_id)
    for row in db.rows(_ALIGNED, (json.dumps(list(data_ids)),)):
        if row["id"] in chain:
            stop_cycle(db, run_id, row["id"])
        else:
            _start_aligned(db, row["id"], "input", chain)


def _start_aligned(db: DB, flow_id: str, cause: str, chain: Sequence[str]) -> None:
    versions = newest_aligned(db, flow_id)
    if versions is not None:
        fix_inputs(db, enqueue(db, flow_id, cause, chain=chain), flow_id, versions)


def fix_inputs(db: DB, run_id: str, flow_id: str, versions: Mapping[str, int]) -> None:
    """Fix the versions, by dataset, that a queued run reads, whatever versions are added before it starts."""
    db.run("DELETE FROM run_input WHERE run_id = ?", (run_id,))
    for row in db.rows("SELECT parameter, data_id FROM flow_input WHERE flow_id = ?", (flow_id,)):
        db.insert("run_input", run_id=run_id, **row, version=versions[row["data_id"]])
        used = (versions[row["data_id"]], flow_id, row["parameter"])
        db.run("UPDATE flow_input SET used = ? WHERE flow_id = ? AND parameter = ?", used)


def require_aligned_versions(db: DB, flow_id: str) -> Mapping[str, int]:
    """Return the versions for a manual run of an aligned flow: the newest that are aligned."""
    used = db.rows("SELECT data_id, used FROM flow_input WHERE flow_id = ?", (flow_id,))
    versions = newest_aligned(db, flow_id) or {row["data_id"]: row["used"] for row in used}
    if not all(versions.values()):
        newest = "SELECT d.id AS data_id, d.newest AS version FROM flow_input i JOIN data d ON d.id = i.data_id "
        difference = mixed(db, db.rows(newest + "WHERE i.flow_id = ?", (flow_id,)))
        raise RequestError(
            409,
            f"The inputs of this flow are not aligned yet: {difference}.",
            "Wait until they are aligned: the flow then runs automatically.",
        )
    return versions


def enqueue(db: DB, flow_id: str, cause: str, overrides: Row | None = None, chain: Sequence[str] = ()) -> str:
    """Queue a run, unless one with the same overrides is queued already; return the id of the queued run.

    Parameters
    ----------
    chain : sequence of str
        The flows whose versions led to this run; a flow among them is not triggered again.
    """
    text = json.dumps(overrides or {}, sort_keys=True)
    waiting = db.value("SELECT id FROM run WHERE flow_id = ? AND state = 'queued' AND overrides = ?", (flow_id, text))
    if waiting is not None:
        _extend_chain(db, str(waiting), chain)
        return str(waiting)
    id = new_id()
    name = db.value(
        "SELECT coalesce(f.description, f.name) FROM flow w JOIN function f ON f.id = w.function_id WHERE w.id = ?",
        (flow_id,),
    )
    about = {"id": id, "flow_id": flow_id, "flow_name": name}
    db.insert(
        "run", **about, state="queued", cause=cause, overrides=text, created_at=stamp(), chain=json.dumps(list(chain))
    )
    return id


def _extend_chain(db: DB, run_id: str, chain: Sequence[str]) -> None:
    """Add the flows that also led to a queued run to its chain."""
    known = json.loads(db.value("SELECT chain FROM run WHERE id = ?", (run_id,)) or "[]")
    db.run("UPDATE run SET chain = ? WHERE id = ?", (json.dumps(list(dict.fromkeys([*known, *chain]))), run_id))
