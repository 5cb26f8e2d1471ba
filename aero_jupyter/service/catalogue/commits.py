"""Commits of runs and notifications: new versions, their provenance and the runs that follow; each is one transaction."""

from __future__ import annotations

import json
import re

from aero_jupyter.jobs.typed_csv import TYPES_SUFFIX
from aero_jupyter.service.catalogue.dataset_rows import required
from aero_jupyter.service.catalogue.flow_cycles import chain_of
from aero_jupyter.service.catalogue.notices import note_version
from aero_jupyter.service.catalogue.source_types import without_signature
from aero_jupyter.service.catalogue.triggers import trigger, trigger_aligned
from aero_jupyter.service.catalogue.version_drift import enter_version
from aero_jupyter.service.storage.connection import DB, RequestError, Row, new_id, stamp
from aero_jupyter.service.storage.database import Store
from aero_jupyter.service.storage.run_state_lists import CLAIMED_STATES
from aero_jupyter.service.storage.stored_content import hash_of_stored

_MD5 = re.compile("[0-9a-f]{32}")


def commit(store: Store, body: Row) -> str:
    """Commit a run in one transaction: new versions, their provenance and the runs that follow.

    A commit that names its run is idempotent: the second one changes nothing.
    """
    run_id, task = body.get("run_id"), int(body.get("task") or 0)
    # Published content never changes, so it may be hashed before the transaction begins.
    outputs = {name: _with_sha256(store, entry) for name, entry in body["output_data"].items()}
    with store.transaction() as db:
        if run_id:
            done = db.value("SELECT id FROM prov WHERE run_id = ? AND task = ?", (run_id, task))
            if done:
                return str(done)
            state = required(db, "run", run_id, "Run {} does not exist.")["state"]
            if state not in CLAIMED_STATES:
                raise RequestError(409, f"The run is {state}; it accepts no more commits.")
        required(db, "flow", body["flow_id"], "Flow with id {} was not found.")
        prov_id = new_id()
        db.insert("prov", id=prov_id, flow_id=body["flow_id"], run_id=run_id, task=task, created_at=stamp())
        for name, entry in outputs.items():
            entry = entry | {"object_url": _object_downloaded(db, body, entry, run_id), "signed_url": None}
            data = require_output(db, body["flow_id"], name, entry)
            version_id, is_new = add_version(db, store, data, entry, run_id)
            db.run("INSERT OR IGNORE INTO prov_made VALUES (?, ?, ?)", (prov_id, version_id, int(is_new)))
            if entry.get("download"):
                keys = ("etag", "last_modified", "source_kind")
                marks = (*(entry.get(key) for key in keys), body["flow_id"], entry["id"])
                sql = "UPDATE flow_output SET etag = ?, modified = ?, source_kind = coalesce(?, source_kind) "
                db.run(sql + "WHERE flow_id = ? AND data_id = ?", marks)
        for name, entry in body["input_data"].items():
            db.run("INSERT OR IGNORE INTO prov_used VALUES (?, ?)", (prov_id, input_version_id(db, name, entry)))
        trigger_aligned(db, [entry["id"] for entry in outputs.values()], run_id)
    return prov_id


def _with_sha256(store: Store, entry: Row) -> Row:
    """Return an output with the sha256 of its content in place of an md5 that other workers send."""
    checksum = str(entry.get("checksum", "")).lower()
    if not _MD5.fullmatch(checksum):
        return entry
    sql = "SELECT checksum FROM file WHERE collection = ? AND name = ?"
    stored = store.db.value(sql, (store.collection, entry.get("file_bn")))
    if stored is None or hash_of_stored(store.content, stored, "md5") != checksum:
        return entry
    return {**entry, "checksum": stored}


def _object_downloaded(db: DB, body: Row, entry: Row, run_id: str | None) -> str | None:
    """Return the URL of the object that a notification named and a run downloaded; None for every other output."""
    if not entry.get("download"):
        return None
    overrides = json.loads(db.value("SELECT overrides FROM run WHERE id = ?", (run_id,)) or "{}")
    return without_signature(body.get("source_url") or overrides.get("source_url"))[0]


def require_output(db: DB, flow_id: str, name: str, entry: Row) -> Row:
    """Return the dataset of an output; raise a 422 error unless the flow makes it and its record is complete."""
    missing = [key for key in ("id", "file_bn", "file_format", "checksum", "size") if key not in entry]
    if missing:
        raise RequestError(422, f"Output {name} lacks {', '.join(missing)}.")
    sql = "SELECT d.* FROM flow_output o JOIN data d ON d.id = o.data_id WHERE o.flow_id = ? AND d.id = ?"
    data = db.row(sql, (flow_id, entry["id"]))
    if data is None:
        raise RequestError(422, f"Output {name} names dataset {entry['id']}, which is not an output of this flow.")
    return data


def input_version_id(db: DB, name: str, entry: Row) -> str:
    """Return the id of a version that was used; raise a 422 error if it does not exist."""
    sql = "SELECT id FROM version WHERE data_id = ? AND version = ?"
    found = db.value(sql, (entry.get("id"), entry.get("version")))
    if found is None:
        raise RequestError(422, f"Input {name} names version {entry.get('version')}, which does not exist.")
    return str(found)


def add_version(db: DB, store: Store, data: Row, entry: Row, run_id: str | None = None) -> tuple[str, bool]:
    """Add a version unless the newest one has the same bytes and column types; return its id and whether it is new.

    `run_id` is the run that created the version. If the entry names an object, only versions of that object count.
    """
    key = entry.get("source_key")
    newest = "SELECT * FROM version WHERE data_id = ? AND (? IS NULL OR source_key = ?) AND as_of IS NULL "
    last = db.row(f"{newest} ORDER BY version DESC LIMIT 1", (data["id"], key, key))
    same = (
        last
        and (last["checksum"], last["removed_at"]) == (entry["checksum"], None)
        and same_types(db, data, last, entry)
    )
    if last and same and entry.get("dedup", True):
        return str(last["id"]), False
    id, number = insert_version(db, store, data, entry)
    db.run("UPDATE data SET newest = ? WHERE id = ?", (number, data["id"]))
    if data["newest"] and not data["no_copy"]:
        db.run("INSERT OR IGNORE INTO compact_due VALUES (?, ?)", (data["id"], data["newest"]))
    note_version(db, data, number, id)
    # The versions of a type's dataset are different objects.
    if key is None:
        enter_version(db, data["id"], number)
    chain = chain_of(db, run_id)
    for row in db.rows("SELECT DISTINCT flow_id FROM flow_input WHERE data_id = ?", (data["id"],)):
        trigger(db, row["flow_id"], "input", chain, run_id)
    return id, True


def insert_version(db: DB, store: Store, data: Row, entry: Row, as_of: str | None = None) -> tuple[str, int]:
    """Insert the row of a version; return its id and its number.

    `as_of` is the time for which it stands, if it is not the newest.
    """
    if data["collection_uuid"] == store.collection and not data["no_copy"]:
        _require_stored_file(db, store, entry)
    id, suffix = new_id(), entry["file_format"]
    number = db.value("SELECT coalesce(max(version), 0) + 1 FROM version WHERE data_id = ?", (data["id"],))
    db.insert(
        "version",
        id=id,
        data_id=data["id"],
        version=number,
        checksum=entry["checksum"],
        created_at=stamp(),
        source_key=entry.get("source_key"),
        as_of=as_of,
        source_time=entry.get("source_time"),
        file_name=entry["file_bn"],
        size=int(entry["size"] or 0),
        encoding=entry.get("encoding"),
        object_url=entry.get("object_url"),
        signed_url=entry.get("signed_url"),
        file_type=suffix if isinstance(suffix, str) else next((part for part in suffix or () if part), None),
    )
    if as_of is not None and not data["no_copy"]:
        db.run("INSERT INTO compact_due VALUES (?, ?)", (data["id"], number))
    return id, int(number)


def same_types(db: DB, data: Row, last: Row, entry: Row) -> bool:
    """Return whether the column types stored beside two files are the same, or absent for both."""
    sql = "SELECT checksum FROM file WHERE collection = ? AND name = ?"
    names = (last["file_name"], entry["file_bn"])
    found = [db.value(sql, (data["collection_uuid"], f"{name}{TYPES_SUFFIX}")) for name in names]
    return bool(found[0] == found[1])


def _require_stored_file(db: DB, store: Store, entry: Row) -> None:
    sql, name, size = (
        "SELECT checksum, size FROM file WHERE collection = ? AND name = ?",
        entry["file_bn"],
        entry["size"],
    )
    kept = db.row(sql, (store.collection, name))
    if kept is None:
        raise RequestError(422, f"There is no file {name} in the collection.")
    if kept["checksum"] != entry["checksum"]:
        raise RequestError(422, f"The file {name} does not have the checksum {entry['checksum']}.")
    if size is not None and size != kept["size"]:
        raise RequestError(422, f"The file {name} has {kept['size']} bytes, not {size:g}.")
