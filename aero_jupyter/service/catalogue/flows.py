"""Registering flows, committing versions and triggering the runs that follow; each is one transaction."""

from __future__ import annotations

import json
from typing import Any

from aero_jupyter.core import policy as policies
from aero_jupyter.core import registration_body
from aero_jupyter.core.source_credentials import require_names_of
from aero_jupyter.service.catalogue.dataset_rows import NO_COLLECTION, add_data, required
from aero_jupyter.service.catalogue.flow_checks import normalize_names, require_runnable
from aero_jupyter.service.catalogue.source_changes import (
    follow,
    kind_to_expect,
    kinds_of,
    require_same_collection,
    sources_of,
    update_descriptions,
)
from aero_jupyter.service.catalogue.triggers import trigger
from aero_jupyter.service.catalogue.typed_outputs import flow_that_was_joined, join_types
from aero_jupyter.service.storage.connection import DB, RequestError, Row, new_id, stamp
from aero_jupyter.service.storage.database import Store
from aero_jupyter.service.storage.run_state_lists import CLAIMED_SQL

REPLACED_REASON = "The flow of this run was replaced."


def _validated(body: Row) -> tuple[Row, policies.PolicyEnum, int | None]:
    """Return a registration with normal names, its policy and its timer; raise if one of them is invalid."""
    policy = policies.policy_from(body["rule"])
    timer = policies.timer_for(policy, body["timer"]) if policy in policies.TIMED else None
    registration_body.require_bounded_kwargs(body["flow_kwargs"])
    require_names_of(body["output_data"])
    return normalize_names(body), policy, timer


def register(store: Store, body: Row) -> tuple[str, list[str]]:
    """Add a flow with its outputs and its first trigger; return its id and the replaced flow's unfinished runs."""
    body, policy, timer = _validated(body)
    with store.transaction() as db:
        digest = registration_body.arg_hash(body["flow_kwargs"], body["input_data"], body["output_data"])
        require_runnable(db, store, body, policy, digest)
        if joined := flow_that_was_joined(db, body, policy):
            return joined, []
        flow_id = new_id()
        db.insert(
            "flow",
            id=flow_id,
            function_id=body["function_uuid"],
            endpoint=body["gc_endpoint"],
            policy=int(policy),
            timer=timer,
            timer_job_id=new_id() if timer else None,
            next_due=stamp() if timer else None,
            description=body["description"],
            email=body["email"],
            flow_kwargs=json.dumps(body["flow_kwargs"]),
            arg_hash=digest,
            pull_function_id=body["pull_function_uuid"],
            commit_function_id=body["commit_function_uuid"],
            created_at=stamp(),
            aligned=int(bool(body.get("aligned"))),
            endpoint_config=json.dumps(body["endpoint_config"]) if body.get("endpoint_config") else None,
        )
        replaced = body.get("replaces")
        sources, kinds = sources_of(db, replaced), kinds_of(db, replaced)
        ended = _replace(db, body, flow_id) if replaced else []
        _add_inputs(db, flow_id, body["input_data"])
        join_types(db, body["output_data"], _add_outputs(db, store, flow_id, body, sources, kinds))
        if not _reads_no_copy(db, flow_id):
            trigger(db, flow_id, "registered")
    return flow_id, ended


def _reads_no_copy(db: DB, flow_id: str) -> bool:
    """Return whether an input of a flow stays at its source; the first notification then starts the flow."""
    sql = "SELECT 1 FROM flow_input i JOIN data d ON d.id = i.data_id WHERE i.flow_id = ? AND d.no_copy LIMIT 1"
    return db.value(sql, (flow_id,)) is not None


def _add_inputs(db: DB, flow_id: str, inputs: dict[str, Any]) -> None:
    for parameter, entry in inputs.items():
        id = str((entry or {}).get("id"))
        if db.row("SELECT id FROM data WHERE id = ?", (id,)) is None:
            raise RequestError(422, f"Input {parameter} names dataset {id}, which does not exist.")
        number = entry.get("version")
        pinned = db.row("SELECT removed_at FROM version WHERE data_id = ? AND version = ?", (id, number))
        if number is not None and (pinned is None or pinned["removed_at"] is not None):
            what = "does not exist" if pinned is None else "retention has removed"
            text = f"Input {parameter} names version {number} of dataset {id}, which {what}."
            raise RequestError(422, text, "Name one of its versions, or leave the version out to read the newest.")
        db.insert(
            "flow_input",
            flow_id=flow_id,
            parameter=parameter,
            data_id=id,
            pinned=entry.get("version"),
            fetch=int(entry.get("fetch", True)),
        )


def _add_outputs(
    db: DB, store: Store, flow_id: str, body: Row, sources: dict[str, str | None], kinds: dict[str, str]
) -> dict[str, str]:
    ids: dict[str, str] = {}
    for name, entry in body["output_data"].items():
        id, url = (entry or {}).get("id"), entry.get("url")
        if id is None:
            place = {
                "collection_uuid": entry.get("collection_uuid") or store.collection,
                "collection_url": entry.get("collection_url"),
            }
            if place["collection_uuid"] == store.collection:
                place["collection_url"] = None
            about = entry.get("description") or body["description"]
            id = add_data(db, name, place, url=url, description=about, tags=body["tags"])
        else:
            data = required(db, "data", id, "Output " + name + " continues dataset {}, which does not exist.")
            require_same_collection(name, entry, data)
            _give_collection(db, store, entry, data)
            url = follow(db, flow_id, data, url, sources)
        more = {
            "source_check": entry.get("check"),
            "source_kind": kind_to_expect(str(id), url, sources, kinds),
            "source_headers": json.dumps(entry["headers"]) if entry.get("headers") else None,
            "source_auth": entry.get("auth"),
            "optional": int(bool(entry.get("optional"))),
        }
        db.insert("flow_output", flow_id=flow_id, name=name, data_id=id, url=url, **more)
        ids[name] = str(id)
    return ids


def _give_collection(db: DB, store: Store, entry: Row, data: Row) -> None:
    """Store the collection of a dataset that had none before a flow made it."""
    if data["collection_uuid"] == NO_COLLECTION:
        collection = entry.get("collection_uuid") or store.collection
        url = None if collection == store.collection else entry.get("collection_url")
        db.run("UPDATE data SET collection_uuid = ?, collection_url = ? WHERE id = ?", (collection, url, data["id"]))


def earlier_functions(db: DB, flow_id: str) -> list[Row]:
    """Return the functions of the flows that a flow replaced, oldest first."""
    keys = "function_id, registered_at, replaced_at"
    return db.rows(f"SELECT {keys} FROM earlier_function WHERE flow_id = ? ORDER BY number", (flow_id,))


def _replace(db: DB, body: Row, flow_id: str) -> list[str]:
    """Retire the flow that a registration replaces; return the ids of its unfinished runs."""
    old = required(db, "flow", body["replaces"], "Flow {}, which the new flow would replace, was not found.")
    update_descriptions(db, body)
    earlier = earlier_functions(db, old["id"])
    if old["function_id"] != body["function_uuid"]:
        last = {"registered_at": old["created_at"], "replaced_at": stamp()}
        earlier.append({"function_id": old["function_id"], **last})
    for number, row in enumerate(earlier, 1):
        db.insert("earlier_function", flow_id=flow_id, number=number, **row)
    return _retire(db, body["replaces"], REPLACED_REASON)


def _retire(db: DB, flow_id: str, why: str = "The flow of this run was deleted.") -> list[str]:
    """Delete a flow and cancel its queued runs; return the ids of the unfinished runs to be ended."""
    under_way = db.rows(f"SELECT id FROM run WHERE flow_id = ? AND state IN {CLAIMED_SQL}", (flow_id,))
    ids = [row["id"] for row in under_way]
    db.run("DELETE FROM flow WHERE id = ?", (flow_id,))
    db.run(
        "UPDATE run SET state = 'cancelled', error = ?, ended_at = ? WHERE flow_id = ? AND state = 'queued'",
        (why, stamp(), flow_id),
    )
    return ids


def pause(store: Store, flow_id: str) -> None:
    """Pause a flow."""
    with store.transaction() as db:
        required(db, "flow", flow_id, "Flow with id {} was not found.")
        db.run("UPDATE flow SET paused = 1 WHERE id = ?", (flow_id,))


def resume(store: Store, flow_id: str) -> None:
    """Resume a flow; a schedule that is past due fires once, and inputs that changed meanwhile start one run."""
    with store.transaction() as db:
        required(db, "flow", flow_id, "Flow with id {} was not found.")
        if db.run("UPDATE flow SET paused = 0 WHERE id = ? AND paused", (flow_id,)):
            trigger(db, flow_id, "resumed")


def delete(store: Store, flow_id: str) -> list[str]:
    """Delete a flow and return the ids of its unfinished runs; its versions and provenance stay."""
    with store.transaction() as db:
        required(db, "flow", flow_id, "Flow with id {} was not found.")
        return _retire(db, flow_id)


def delete_flows_of(store: Store, data_id: str) -> list[str]:
    """Delete every flow that reads or writes a dataset, with its provenance; return the ids of unfinished runs."""
    with store.transaction() as db:
        required(db, "data", data_id, "Data with id {} not found.")
        sql = "SELECT flow_id FROM flow_input WHERE data_id = :id UNION SELECT flow_id FROM flow_output WHERE data_id = :id"
        ids = [row["flow_id"] for row in db.rows(sql, {"id": data_id})]
        ended: list[str] = []
        for id in ids:
            for table in ("prov_used", "prov_made"):
                db.run(f"DELETE FROM {table} WHERE prov_id IN (SELECT id FROM prov WHERE flow_id = ?)", (id,))
            db.run("DELETE FROM prov WHERE flow_id = ?", (id,))
            ended += _retire(db, id)
    return ended
