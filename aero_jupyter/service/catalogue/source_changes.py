"""Continuity between a flow and its replacement: datasets with their descriptions, and the sources they follow."""

from __future__ import annotations

from typing import Any

from aero_jupyter.core.policy import DOWNLOADING
from aero_jupyter.core.redaction import redact_url
from aero_jupyter.jobs.content_kinds import MOVED
from aero_jupyter.service.storage.connection import DB, RequestError, Row, stamp

INGESTIONS = tuple(sorted(int(policy) for policy in DOWNLOADING))
_OTHERS = (
    "SELECT f.id, o.url FROM flow_output o JOIN flow f ON f.id = o.flow_id WHERE o.data_id = ? AND f.id != ? "
    f"AND f.policy IN {INGESTIONS}"
)


def sources_of(db: DB, flow_id: str | None) -> dict[str, str | None]:
    """Return the source URL of each dataset of an ingestion; empty for every other flow."""
    sql = (
        "SELECT o.data_id, o.url FROM flow_output o JOIN flow f ON f.id = o.flow_id "
        f"WHERE f.id = ? AND f.policy IN {INGESTIONS} AND o.url IS NOT NULL"
    )
    return {row["data_id"]: row["url"] for row in db.rows(sql, (flow_id,))}


def kinds_of(db: DB, flow_id: str | None) -> dict[str, str]:
    """Return the kind of content that an ingestion downloaded last, by dataset."""
    sql = "SELECT data_id, source_kind FROM flow_output WHERE flow_id = ? AND source_kind IS NOT NULL"
    return {row["data_id"]: row["source_kind"] for row in db.rows(sql, (flow_id,))}


def kind_to_expect(data_id: str, url: str | None, sources: dict[str, str | None], kinds: dict[str, str]) -> str | None:
    """Return the content kind that a replacing flow expects; `MOVED` if the source URL has changed."""
    if url is None or data_id not in kinds:
        return None
    return kinds[data_id] if sources.get(data_id) == url else MOVED


def follow(db: DB, flow_id: str, data: Row, url: str | None, replaced: dict[str, str | None]) -> str | None:
    """Move a dataset that a new flow continues to the flow's source; return the source URL of the flow.

    A dataset that another ingestion also writes keeps its source, and the new flow uses its own.

    Parameters
    ----------
    url : str, optional
        The source that the registration names.
    replaced : dict
        The sources of the replaced flow, by dataset.

    Raises
    ------
    RequestError
        If the source would change although the source type of the dataset names its objects.
    """
    id, before = data["id"], replaced.get(data["id"], data["url"])
    if url is None and id not in replaced:
        return before
    source_type = db.value("SELECT name FROM source_type WHERE data_id = ?", (id,))
    if source_type is not None and id in replaced and url != before:
        text = f"{data['name']} has the source type {source_type}, which names its objects, so its source cannot be changed."
        raise RequestError(422, text, "Register with the previous source, or choose another output.")
    if source_type is not None or db.rows(_OTHERS, (id, flow_id)):
        return url
    if url != data["url"]:
        db.run("UPDATE data SET url = ? WHERE id = ?", (url, id))
        db.run("UPDATE data_fts SET url = ? WHERE rowid = ?", (redact_url(url or ""), data["seq"]))
    if before is not None and url != before:
        db.insert("source_change", data_id=id, flow_id=flow_id, previous=before, url=url, created_at=stamp())
    return url


def require_same_collection(name: str, entry: Row, data: Row) -> None:
    """Raise if an output would continue a dataset in another collection."""
    collection = entry.get("collection_uuid")
    if collection and data["collection_uuid"] not in ("", collection):
        raise RequestError(
            422,
            f"Output {name} continues a dataset in collection {data['collection_uuid']}, not in {collection}.",
            "Leave collection_uuid out, or choose another output.",
        )


def update_descriptions(db: DB, body: Row) -> None:
    """Update the descriptions and tags of a replaced flow's datasets; keep descriptions that are not the flow's."""
    sql = (
        "SELECT d.id, d.seq, d.tags, d.description, d.description IS NULL OR d.description IS f.description AS own "
        "FROM flow_output o JOIN data d ON d.id = o.data_id JOIN flow f ON f.id = o.flow_id WHERE f.id = ?"
    )
    for row in db.rows(sql, (body["replaces"],)):
        tags = " ".join(body["tags"]) or row["tags"]
        description = (row["own"] and body["description"]) or row["description"]
        db.run("UPDATE data SET description = ?, tags = ? WHERE id = ?", (description, tags, row["id"]))
        db.run("UPDATE data_fts SET description = ?, tags = ? WHERE rowid = ?", (description, tags, row["seq"]))


def described(db: DB, flow: Row) -> dict[str, Any]:
    """Return the sources in the record of a flow: its own, those of other ingestions, and the changes."""
    if flow["policy"] not in INGESTIONS:
        changes = _changes(db, flow["id"])
        return {"source_changes": changes} if changes else {}
    own = db.rows(
        "SELECT d.id, d.name, o.url FROM flow_output o JOIN data d ON d.id = o.data_id WHERE o.flow_id = ? "
        "AND o.url IS NOT NULL",
        (flow["id"],),
    )
    others = [
        {"data": {"id": each["id"], "name": each["name"]}, "flow_id": other["id"], "url": other["url"]}
        for each in own
        for other in db.rows(_OTHERS, (each["id"], flow["id"]))
    ]
    found = {"source_url": own[0]["url"] if own else None, "source_changes": _changes(db, flow["id"])}
    return {**found, "other_sources": others}


def all_changes(db: DB, data_id: str) -> list[Row]:
    """Return every change of a dataset's source, oldest first."""
    return db.rows("SELECT previous, url, created_at FROM source_change WHERE data_id = ? ORDER BY seq", (data_id,))


def _changes(db: DB, flow_id: str) -> list[Row]:
    sql = (
        "SELECT d.id AS data_id, d.name, c.previous, c.url, c.created_at FROM source_change c JOIN data d "
        "ON d.id = c.data_id WHERE c.data_id IN (SELECT data_id FROM flow_output WHERE flow_id = :flow) "
        "AND c.flow_id = :flow ORDER BY c.seq"
    )
    return db.rows(sql, {"flow": flow_id})


def source_of_version(db: DB, version: Row, data: Row) -> str | None:
    """Return the URL that a version was downloaded from, even if the source of its dataset has changed since."""
    own = (
        "SELECT o.url FROM prov_made m JOIN prov p ON p.id = m.prov_id JOIN flow_output o ON o.flow_id = p.flow_id "
        "AND o.data_id = ? WHERE m.version_id = ? AND m.is_new AND o.url IS NOT NULL"
    )
    later = "SELECT previous FROM source_change WHERE data_id = ? AND created_at > ? ORDER BY seq LIMIT 1"
    found = db.value(own, (data["id"], version["id"])) or db.value(later, (data["id"], version["created_at"]))
    url = found or data["url"]
    return None if url is None else str(url)
