"""Registering flows, committing versions and triggering what follows: each one transaction."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

from aero_jupyter.core import policy as policies
from aero_jupyter.core import wire
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.policy import InputState, PolicyEnum
from aero_jupyter.service.catalogue import add_data, required
from aero_jupyter.service.clocks import pull_in
from aero_jupyter.service.store import DB, Refused, Row, Store, new_id, stamp

NIL = "00000000-0000-0000-0000-000000000000"
OPEN = "('pulling', 'running', 'committing')"


def register(store: Store, body: Row) -> str:
    """Add a flow with its outputs and its first trigger; give its id."""
    try:
        policy = policies.policy_from(-1 if body["rule"] is None else body["rule"])
        timed = policy in policies.TIMED
        timer = policies.timer_for(policy, body["timer"]) if timed else None
    except InvalidArgument as problem:
        raise Refused(422, problem.message, problem.cure) from None
    with store.transaction() as db:
        digest = wire.arg_hash(body["flow_kwargs"], body["input_data"], body["output_data"])
        _refuse_what_cannot_run(db, store, body, policy, digest)
        flow_id = new_id()
        due = stamp() if timed else None
        db.insert(
            "flow",
            id=flow_id,
            function_id=body["function_uuid"],
            endpoint=body["gc_endpoint"],
            policy=int(policy),
            timer=timer,
            timer_job_id=new_id() if timed else None,
            next_due=due,
            description=body["description"],
            email=body["email"],
            flow_kwargs=json.dumps(body["flow_kwargs"]),
            arg_hash=digest,
            pull_function_id=body["pull_function_uuid"],
            commit_function_id=body["commit_function_uuid"],
            created_at=stamp(),
        )
        if body.get("replaces"):
            _retire(db, body["replaces"])
        _add_inputs(db, flow_id, body["input_data"])
        _add_outputs(db, store, flow_id, body)
        trigger(db, flow_id, "registered")
    return flow_id


def _refuse_what_cannot_run(db: DB, store: Store, body: Row, policy: PolicyEnum, digest: str) -> None:
    known = "SELECT id FROM flow WHERE function_id = ? AND arg_hash = ?"
    if db.row(known, (body["function_uuid"], digest)):
        raise Refused(409, "Flow already exists")
    if body["gc_endpoint"] != store.endpoint:
        raise Refused(422, f"There is no endpoint {body['gc_endpoint']} here; the local one is {store.endpoint}.")
    function = db.row("SELECT id FROM function WHERE id = ?", (body["function_uuid"],))
    pulled = policy in (PolicyEnum.INGESTION, PolicyEnum.INGESTION_EVENT)
    if function is None and not (pulled and body["function_uuid"] == NIL):
        raise Refused(422, f"Function {body['function_uuid']} is not registered here.")
    if pulled and body["input_data"]:
        raise Refused(422, "An ingestion has a source, not inputs.")
    if pulled and not any(entry.get("url") for entry in body["output_data"].values()):
        raise Refused(422, "An ingestion needs an output with the url of its source.")


def _add_inputs(db: DB, flow_id: str, inputs: dict[str, Any]) -> None:
    for parameter, entry in inputs.items():
        id = str((entry or {}).get("id"))
        if db.row("SELECT id FROM data WHERE id = ?", (id,)) is None:
            raise Refused(422, f"Input {parameter} names data {id}, which does not exist.")
        db.insert(
            "flow_input",
            flow_id=flow_id,
            parameter=parameter,
            data_id=id,
            pinned=entry.get("version"),
            fetch=int(entry.get("fetch", True)),
        )


def _add_outputs(db: DB, store: Store, flow_id: str, body: Row) -> None:
    for name, entry in body["output_data"].items():
        id = (entry or {}).get("id")
        if id is None:
            place = {
                "collection_uuid": entry.get("collection_uuid") or store.collection,
                "collection_url": entry.get("collection_url"),
            }
            if place["collection_uuid"] == store.collection:
                place["collection_url"] = None
            about = entry.get("description") or body["description"]
            id = add_data(db, name, place, url=entry.get("url"), description=about, tags=body["tags"])
        else:
            required(db, "data", id, "Output " + name + " continues data {}, which does not exist.")
        db.insert("flow_output", flow_id=flow_id, name=name, data_id=id)


def _retire(db: DB, flow_id: str) -> None:
    db.run("DELETE FROM flow WHERE id = ?", (flow_id,))
    db.run(
        "UPDATE run SET state = 'cancelled', ended_at = ? WHERE flow_id = ? AND state = 'queued'", (stamp(), flow_id)
    )


def pause(store: Store, flow_id: str) -> None:
    """Let a flow rest."""
    with store.transaction() as db:
        required(db, "flow", flow_id, "Flow with id {} was not found.")
        db.run("UPDATE flow SET paused = 1 WHERE id = ?", (flow_id,))


def resume(store: Store, flow_id: str) -> None:
    """Let a flow go on: a timer that is past fires once, and inputs that changed meanwhile are one run."""
    with store.transaction() as db:
        required(db, "flow", flow_id, "Flow with id {} was not found.")
        if db.run("UPDATE flow SET paused = 0 WHERE id = ? AND paused", (flow_id,)):
            trigger(db, flow_id, "resumed")


def delete(store: Store, flow_id: str) -> list[str]:
    """Delete a flow; give the ids of its runs that are under way. What it made and what is known of it stay."""
    with store.transaction() as db:
        required(db, "flow", flow_id, "Flow with id {} was not found.")
        under_way = db.rows(f"SELECT id FROM run WHERE flow_id = ? AND state IN {OPEN}", (flow_id,))
        _retire(db, flow_id)
    return [row["id"] for row in under_way]


def inputs_of(db: DB, flow_id: str) -> list[InputState]:
    """Every input of a flow: its newest version and the one used last."""
    sql = "SELECT d.newest, i.used FROM flow_input i JOIN data d ON d.id = i.data_id WHERE i.flow_id = ?"
    return [InputState(row["newest"], row["used"]) for row in db.rows(sql, (flow_id,))]


def trigger(db: DB, flow_id: str, cause: str) -> None:
    """Queue a run of a flow that follows its inputs, if its policy says so now."""
    flow = db.row("SELECT policy, paused FROM flow WHERE id = ?", (flow_id,)) or {}
    policy = PolicyEnum(flow["policy"])
    if not flow["paused"] and policies.is_due(policy, inputs_of(db, flow_id)):
        enqueue(db, flow_id, cause)


def enqueue(db: DB, flow_id: str, cause: str, overrides: Row | None = None) -> str:
    """Queue a run; while one waits already, that one will do. Gives the id of the waiting run."""
    text = json.dumps(overrides or {}, sort_keys=True)
    waiting = db.value("SELECT id FROM run WHERE flow_id = ? AND state = 'queued' AND overrides = ?", (flow_id, text))
    if waiting is not None:
        return str(waiting)
    id = new_id()
    name = db.value(
        "SELECT coalesce(f.description, f.name) FROM flow w JOIN function f ON f.id = w.function_id WHERE w.id = ?",
        (flow_id,),
    )
    about = {"id": id, "flow_id": flow_id, "flow_name": name}
    db.insert("run", **about, state="queued", cause=cause, overrides=text, created_at=stamp())
    return id


def fire_timers(store: Store, now: datetime) -> datetime | None:
    """Queue a run of each flow whose time has come; give when the next one comes."""
    ready = (
        "NOT EXISTS (SELECT 1 FROM flow_input i JOIN data d ON d.id = i.data_id "
        "WHERE i.flow_id = flow.id AND d.newest = 0)"
    )
    with store.transaction() as db:
        due = f"SELECT * FROM flow WHERE next_due <= ? AND NOT paused AND {ready}"
        for flow in db.rows(due, (stamp(now),)):
            enqueue(db, flow["id"], "timer")
            then = policies.next_due(_moment(flow["next_due"]), flow["timer"], now)
            db.run("UPDATE flow SET next_due = ? WHERE id = ?", (stamp(then), flow["id"]))
        pull_in(store, db, now)
        upcoming = db.value(f"SELECT min(next_due) FROM flow WHERE next_due IS NOT NULL AND NOT paused AND {ready}")
    return None if upcoming is None else _moment(upcoming)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def commit(store: Store, body: Row) -> str:
    """Keep what a run made: new versions, their provenance and the runs that follow, all or nothing.

    A commit that names its run can be repeated: the second one changes nothing.
    """
    run_id, task = body.get("run_id"), int(body.get("task") or 0)
    with store.transaction() as db:
        if run_id:
            done = db.value("SELECT id FROM prov WHERE run_id = ? AND task = ?", (run_id, task))
            if done:
                return str(done)
            state = required(db, "run", run_id, "Run {} does not exist.")["state"]
            if state not in OPEN:
                raise Refused(409, f"The run is {state}; nothing more can be committed for it.")
        required(db, "flow", body["flow_id"], "Flow with id {} was not found.")
        prov_id = new_id()
        db.insert("prov", id=prov_id, flow_id=body["flow_id"], run_id=run_id, task=task, created_at=stamp())
        for name, entry in body["output_data"].items():
            version_id, is_new = add_version(db, store, _output_of(db, body["flow_id"], name, entry), entry)
            db.run("INSERT OR IGNORE INTO prov_made VALUES (?, ?, ?)", (prov_id, version_id, int(is_new)))
            if entry.get("etag") or entry.get("last_modified"):
                marks = (entry.get("etag"), entry.get("last_modified"), body["flow_id"], entry["id"])
                db.run("UPDATE flow_output SET etag = ?, modified = ? WHERE flow_id = ? AND data_id = ?", marks)
        for name, entry in body["input_data"].items():
            db.run("INSERT OR IGNORE INTO prov_used VALUES (?, ?)", (prov_id, _used(db, name, entry)))
    return prov_id


def _output_of(db: DB, flow_id: str, name: str, entry: Row) -> Row:
    missing = [key for key in ("id", "file_bn", "file_format", "checksum", "size") if key not in entry]
    if missing:
        raise Refused(422, f"Output {name} lacks {', '.join(missing)}.")
    sql = "SELECT d.* FROM flow_output o JOIN data d ON d.id = o.data_id WHERE o.flow_id = ? AND d.id = ?"
    data = db.row(sql, (flow_id, entry["id"]))
    if data is None:
        raise Refused(422, f"Output {name} is data {entry['id']}, which this flow does not make.")
    return data


def _used(db: DB, name: str, entry: Row) -> str:
    sql = "SELECT id FROM version WHERE data_id = ? AND version = ?"
    found = db.value(sql, (entry.get("id"), entry.get("version")))
    if found is None:
        raise Refused(422, f"Input {name} names version {entry.get('version')}, which does not exist.")
    return str(found)


def add_version(db: DB, store: Store, data: Row, entry: Row) -> tuple[str, bool]:
    """Add a version unless the newest one (of its object, where it names one) has the same checksum."""
    key = entry.get("source_key")
    newest = "SELECT * FROM version WHERE data_id = ? AND (? IS NULL OR source_key = ?) ORDER BY version DESC LIMIT 1"
    last = db.row(newest, (data["id"], key, key))
    if last and last["checksum"] == entry["checksum"] and entry.get("dedup", True):
        return str(last["id"]), False
    if data["collection_uuid"] == store.collection and not data["no_copy"]:
        _require_bytes(db, store, entry)
    id, suffix = new_id(), entry["file_format"]
    number = data["newest"] + 1
    db.insert(
        "version",
        id=id,
        data_id=data["id"],
        version=number,
        checksum=entry["checksum"],
        created_at=stamp(),
        source_key=key,
        file_name=entry["file_bn"],
        size=int(entry["size"] or 0),
        encoding=entry.get("encoding"),
        file_type=suffix if isinstance(suffix, str) else next((part for part in suffix or () if part), None),
    )
    db.run("UPDATE data SET newest = ? WHERE id = ?", (number, data["id"]))
    for row in db.rows("SELECT DISTINCT flow_id FROM flow_input WHERE data_id = ?", (data["id"],)):
        trigger(db, row["flow_id"], "input")
    return id, True


def _require_bytes(db: DB, store: Store, entry: Row) -> None:
    sql, name, size = (
        "SELECT checksum, size FROM file WHERE collection = ? AND name = ?",
        entry["file_bn"],
        entry["size"],
    )
    kept = db.row(sql, (store.collection, name))
    if kept is None:
        raise Refused(422, f"There is no file {name} in the collection.")
    if kept["checksum"] != entry["checksum"]:
        raise Refused(422, f"The file {name} does not have the checksum {entry['checksum']}.")
    if size is not None and size != kept["size"]:
        raise Refused(422, f"The file {name} has {kept['size']} bytes, not {size:g}.")


def delete_flows_of(store: Store, data_id: str) -> list[str]:
    """Delete every flow that reads or makes a Data, with its provenance; give their ids."""
    with store.transaction() as db:
        required(db, "data", data_id, "Data with id {} not found.")
        sql = "SELECT flow_id FROM flow_input WHERE data_id = :id UNION SELECT flow_id FROM flow_output WHERE data_id = :id"
        ids = [row["flow_id"] for row in db.rows(sql, {"id": data_id})]
        for id in ids:
            for table in ("prov_used", "prov_made"):
                db.run(f"DELETE FROM {table} WHERE prov_id IN (SELECT id FROM prov WHERE flow_id = ?)", (id,))
            db.run("DELETE FROM prov WHERE flow_id = ?", (id,))
            _retire(db, id)
    return ids


def seconds_until(moment: datetime | None) -> float | None:
    """How long until a moment; None means for ever."""
    if moment is None:
        return None
    return max(0.0, (moment - datetime.now(timezone.utc)) / timedelta(seconds=1))
