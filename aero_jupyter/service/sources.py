"""Sources, their types, and what a notification means: exact keys first, then globs, most specific first."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.jobs.source import check_address, watching
from aero_jupyter.jobs.web import AeroJobError, ask
from aero_jupyter.service.catalogue import add_data, required
from aero_jupyter.service.flows import add_version, enqueue
from aero_jupyter.service.globs import Glob, fits, is_pattern
from aero_jupyter.service.schemas import NotifyIn, SourceIn
from aero_jupyter.service.store import DB, Refused, Row, Store

#: How long an object that is looked up may be silent, in the service itself.
_LOOK_SECONDS = 30.0
#: Characters that a pattern may have.
_PATTERN = 1_024


def object_key(identity: str, *, pattern: bool = False) -> str:
    """Reduce a url or key to ``bucket/key``; a ``?`` starts a query only behind a scheme, and never in a pattern."""
    if "://" not in identity:
        return identity.strip("/")
    rest = identity.partition("://")[2].partition("/")[2]
    return (rest if pattern else rest.partition("?")[0]).strip("/")


def add_source(store: Store, source: SourceIn) -> str:
    """Add a source; give the id of its Data."""
    if source.type is None and is_pattern(source.url) and "*" in source.url:
        raise Refused(400, "An address with * needs a type.")
    own = source.collection_uuid is None or str(source.collection_uuid) == store.collection
    place = {
        "collection_uuid": str(source.collection_uuid or store.collection),
        "collection_url": None if own else source.collection_url,
    }
    with store.transaction() as db:
        if source.type and db.row("SELECT * FROM source_type WHERE name = ?", (source.type,)):
            raise Refused(409, f"Type {source.type} exists already.")
        id = add_data(
            db, source.name, place, url=source.url, description=source.description, no_copy=int(source.no_copy)
        )
        if source.type:
            db.insert("source_type", name=source.type, data_id=id)
            _add_url(db, source.type, source.url)
    return id


def add_type_url(store: Store, name: str, url: str) -> Row:
    """Let a type stand for one more url."""
    with store.transaction() as db:
        _type(db, name)
        _add_url(db, name, url)
    return type_out(store, name)


def _add_url(db: DB, name: str, url: str) -> None:
    key = object_key(url, pattern=True)
    try:
        Glob(key)
    except ValueError as problem:
        raise Refused(422, f"{problem}.") from None
    if is_pattern(key) and len(key) > _PATTERN:
        raise Refused(422, f"A pattern of more than {_PATTERN:,} characters is not kept.")
    owner = db.value("SELECT type FROM source_url WHERE object_key = ?", (key,))
    if owner is None:
        db.insert("source_url", object_key=key, url=url, type=name)
    elif owner != name:
        raise Refused(409, f"{key} belongs to type {owner}.")


def delete_type_url(store: Store, name: str, url: str) -> Row:
    """Take a url from a type."""
    with store.transaction() as db:
        _type(db, name)
        keys = (object_key(url, pattern=True), object_key(url))
        row = db.row("SELECT * FROM source_url WHERE object_key IN (?, ?)", keys)
        if row is None:
            raise Refused(404, f"{keys[1]} belongs to no type.")
        if row["type"] != name:
            raise Refused(409, f"{keys[1]} belongs to type {row['type']}.")
        db.run("DELETE FROM source_url WHERE object_key = ?", (row["object_key"],))
    return type_out(store, name)


def _type(db: DB, name: str) -> Row:
    row = db.row("SELECT * FROM source_type WHERE name = ?", (name,))
    if row is None:
        raise Refused(404, f"Type {name} not found.")
    return row


def type_out(store: Store, name: str) -> Row:
    """Show one type."""
    row = _type(store.db, name)
    no_copy = store.db.value("SELECT no_copy FROM data WHERE id = ?", (row["data_id"],))
    urls = store.db.rows("SELECT url, object_key FROM source_url WHERE type = ? ORDER BY object_key", (name,))
    return {"name": name, "data_id": row["data_id"], "no_copy": bool(no_copy), "urls": urls}


def types_out(store: Store) -> list[Row]:
    """Show all types."""
    return [type_out(store, row["name"]) for row in store.db.rows("SELECT name FROM source_type ORDER BY name")]


def find(db: DB, identity: str) -> Row:
    """The Data an object belongs to: exact key, then globs, then untyped sources by their url."""
    key = object_key(identity)
    if row := db.row(
        "SELECT t.data_id FROM source_url u JOIN source_type t ON t.name = u.type WHERE object_key = ?", (key,)
    ):
        return required(db, "data", row["data_id"], "Data with id {} not found.")
    sql = "SELECT u.object_key, t.data_id FROM source_url u JOIN source_type t ON t.name = u.type"
    globs = [row for row in db.rows(sql) if fits(row["object_key"], key)]
    if globs:
        return required(db, "data", _most_specific(globs, key)["data_id"], "Data with id {} not found.")
    typed = "SELECT * FROM data WHERE url IS NOT NULL AND id NOT IN (SELECT data_id FROM source_type)"
    plain = [row for row in db.rows(typed) if object_key(row["url"]) == key]
    exact = [row for row in plain if _host(row["url"]) == _host(identity)] or plain
    if not exact:
        raise Refused(404, f"No source matches file_id '{identity}'.")
    if len(exact) > 1:
        raise Refused(409, f"{len(exact)} sources match file_id '{identity}'.")
    return exact[0]


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]


def _most_specific(rows: list[Row], key: str) -> Row:
    def rank(row: Row) -> tuple[int, int]:
        return len(re.split(r"[*?\[]", row["object_key"])[0]), len(row["object_key"])

    best = max(map(rank, rows))
    first = [row for row in rows if rank(row) == best]
    if len({row["data_id"] for row in first}) > 1:
        raise Refused(409, f"Several patterns match '{key}' equally well.")
    return first[0]


def notify(store: Store, data: Row, identity: str | None, note: NotifyIn) -> dict[str, Any]:
    """Act on a notification: pull a copied source once, or add a version of a no-copy one."""
    key = object_key(identity) if identity else None
    if not data["no_copy"]:
        return _pull(store, data, note, key)
    etag, size = _looked_up(note, note.url or data["url"])
    entry = {
        "checksum": etag,
        "size": size,
        "source_key": key,
        "dedup": note.dedup,
        "file_bn": key or data["name"],
        "file_format": (key or "").rpartition(".")[2] or None,
    }
    with store.transaction() as db:
        fresh = required(db, "data", data["id"], "Data with id {} not found.")
        _, is_new = add_version(db, store, fresh, entry)
        number = db.value("SELECT newest FROM data WHERE id = ?", (data["id"],))
    told = {"data_id": data["id"], "source_key": key}
    return {"status": "version created", **told, "version": number} if is_new else {"status": "unchanged", **told}


def _looked_up(note: NotifyIn, url: str | None) -> tuple[str, int | None]:
    """The etag and the size in bytes of a no-copy object: told, or asked of where it lives."""
    etag, size, why = (note.etag or "").strip().strip('"'), note.size, ""
    if (not etag or size is None) and url and not is_pattern(url):
        try:
            headers = _asked(url)
        except AeroJobError as error:
            headers, why = {}, f" {error}"
        etag = etag or headers.get("ETag", "").removeprefix("W/").strip('"')
        length = headers.get("Content-Length", "")
        size = int(length) if size is None and length.isdigit() else size
    if not etag:
        raise Refused(400, f"A no-copy source needs the etag of its object.{why}")
    return etag, size


def _asked(url: str) -> Mapping[str, str]:
    """The headers of an object, from nowhere that would not be pulled from either."""
    rules = pull_rules(os.environ)
    check_address(url, url, rules)
    options = {"headers": {"Accept-Encoding": "identity"}, "seconds": _LOOK_SECONDS, **watching(url, rules)}
    with ask("HEAD", url, "The source", **options) as response:
        return response.headers


def pull_rules(environ: Mapping[str, str]) -> Row:
    """Read what may be pulled.

    ``AERO_LOCAL_ALLOW`` (files, link-local, other-hosts, other-encodings), and of a source ``AERO_LOCAL_PULL_BYTES``
    and ``AERO_LOCAL_PULL_RATIO``, which it may send, and ``AERO_LOCAL_PULL_SECONDS``, which it may be slow or silent.
    """
    allowed = [word.strip() for word in environ.get("AERO_LOCAL_ALLOW", "").split(",") if word.strip()]
    told = {name: environ.get(f"AERO_LOCAL_PULL_{name.upper()}", "") for name in ("bytes", "ratio", "seconds")}
    return {"allow": allowed, **{name: int(text) if text.isdigit() else None for name, text in told.items()}}


def _pull(store: Store, data: Row, note: NotifyIn, key: str | None) -> dict[str, Any]:
    given = {"source_url": note.url, "source_key": key, "dedup": None if note.dedup else False}
    overrides = {name: value for name, value in given.items() if value is not None}
    with store.transaction() as db:
        sql = "SELECT f.id FROM flow f JOIN flow_output o ON o.flow_id = f.id WHERE o.data_id = ? AND f.policy = ?"
        flow_id = db.value(sql, (data["id"], int(PolicyEnum.INGESTION_EVENT)))
        if flow_id is None:
            raise Refused(404, f"No event-driven ingestion flow produces data {data['id']}.")
        enqueue(db, flow_id, "notify", overrides)
    return {"status": "ingestion triggered", "flow_id": flow_id, "data_id": data["id"]}
