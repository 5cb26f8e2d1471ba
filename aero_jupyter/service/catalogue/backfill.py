"""Versions that stand for an earlier time: results of a function for what was known then."""

from __future__ import annotations

from datetime import datetime, timezone

from aero_jupyter.service.catalogue.commits import input_version_id, insert_version, require_output, same_types
from aero_jupyter.service.catalogue.dataset_rows import required
from aero_jupyter.service.storage.connection import DB, RequestError, Row, new_id, stamp
from aero_jupyter.service.storage.database import Store


def commit_as_of(store: Store, body: Row) -> str:
    """Commit versions that stand for an earlier time, and their provenance; return the id of the record.

    They start no runs, and the newest version stays the newest. The same commit a second time changes nothing.

    Raises
    ------
    RequestError
        If a version that was used is later than the time, or if a file is missing.
    """
    if body.get("run_id"):
        raise RequestError(422, "A run stores what is known now.", "Leave out as_of, or leave out run_id.")
    with store.transaction() as db:
        required(db, "flow", body["flow_id"], "Flow with id {} was not found.")
        as_of = _instant(body["as_of"])
        used = {name: input_version_id(db, name, entry) for name, entry in body["input_data"].items()}
        for name, version_id in used.items():
            _require_known(db, name, version_id, as_of)
        outputs = [
            (require_output(db, body["flow_id"], name, entry), entry) for name, entry in body["output_data"].items()
        ]
        if not outputs:
            raise RequestError(422, "The record names no output.", "Name an output of the flow in output_data.")
        known = _committed(db, body["flow_id"], as_of, set(used.values()), outputs)
        if known is not None:
            return known
        prov_id = new_id()
        db.insert("prov", id=prov_id, flow_id=body["flow_id"], run_id=None, task=0, created_at=stamp())
        for data, entry in outputs:
            id, _ = insert_version(db, store, data, entry, as_of)
            db.run("INSERT INTO prov_made VALUES (?, ?, 1)", (prov_id, id))
        for version_id in set(used.values()):
            db.run("INSERT INTO prov_used VALUES (?, ?)", (prov_id, version_id))
    return prov_id


def _instant(text: str) -> str:
    try:
        when = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise RequestError(422, f"as_of {text} is no date.", "Write for example 2026-01-05T12:00:00.000000Z") from None
    if when > datetime.now(timezone.utc):
        raise RequestError(422, f"as_of {text} is in the future.", "Write a time that has passed.")
    return stamp(when)


def _require_known(db: DB, name: str, version_id: str, as_of: str) -> None:
    sql = "SELECT version, coalesce(as_of, created_at) AS since FROM version WHERE id = ?"
    version = db.row(sql, (version_id,))
    if version is not None and version["since"] > as_of:
        number, since = version["version"], version["since"]
        raise RequestError(422, f"Input {name} names version {number}, which was made at {since}, after {as_of}.")


def _committed(db: DB, flow_id: str, as_of: str, used: set[str], outputs: list[tuple[Row, Row]]) -> str | None:
    """Return the record of the flow that has the same time, inputs, contents and column types."""
    data, entry = outputs[0]
    same = (
        "SELECT p.id FROM prov p JOIN prov_made m ON m.prov_id = p.id JOIN version v ON v.id = m.version_id "
        "WHERE p.flow_id = ? AND v.data_id = ? AND v.as_of = ? AND v.checksum = ?"
    )
    for row in db.rows(same, (flow_id, data["id"], as_of, entry["checksum"])):
        before = db.rows("SELECT version_id FROM prov_used WHERE prov_id = ?", (row["id"],))
        if {each["version_id"] for each in before} == used and _has_made(db, row["id"], outputs):
            return str(row["id"])
    return None


def _has_made(db: DB, prov_id: str, outputs: list[tuple[Row, Row]]) -> bool:
    sql = "SELECT v.* FROM prov_made m JOIN version v ON v.id = m.version_id WHERE m.prov_id = ?"
    made = {version["data_id"]: version for version in db.rows(sql, (prov_id,))}
    return made.keys() == {data["id"] for data, _ in outputs} and all(
        made[data["id"]]["checksum"] == entry["checksum"] and same_types(db, data, made[data["id"]], entry)
        for data, entry in outputs
    )
