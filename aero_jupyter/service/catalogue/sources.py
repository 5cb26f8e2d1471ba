"""Sources, their types, and notifications: exact keys match first, then globs, most specific first."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from aero_jupyter.core.globs import is_pattern, matches_glob
from aero_jupyter.core.name_rules import dataset_name, source_type_name
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.core.safe_parsing import parse_count
from aero_jupyter.jobs.fetch_source import check_address, request_checks
from aero_jupyter.jobs.http_client import send_request
from aero_jupyter.jobs.request_errors import AeroJobError
from aero_jupyter.service.catalogue.commits import add_version
from aero_jupyter.service.catalogue.dataset_rows import NO_COLLECTION, add_data, required
from aero_jupyter.service.catalogue.source_types import (
    dataset_of_type,
    join_type,
    object_key,
    require_type_of_pattern,
    without_signature,
)
from aero_jupyter.service.catalogue.triggers import enqueue, trigger_aligned
from aero_jupyter.service.request_models import NotifyIn, SourceIn
from aero_jupyter.service.storage.connection import DB, RequestError, Row
from aero_jupyter.service.storage.database import Store

#: Seconds that a source may be silent while the service looks up an object.
_LOOKUP_SILENCE_SECONDS = 30.0
_DOWNLOAD_LIMITS = ("bytes", "ratio", "seconds", "total", "lookup")


def add_source(store: Store, source: SourceIn) -> str:
    """Add a source; return the id of its dataset.

    A copied source with the name of an existing type adds its URL to the type, and the type's dataset is its dataset.
    """
    require_type_of_pattern(source.url, source.type)
    name = dataset_name(source.name)
    type_name = source_type_name(source.type) if source.type is not None else None
    collection = str(source.collection_uuid or NO_COLLECTION)
    place = {
        "collection_uuid": collection,
        "collection_url": source.collection_url if collection not in (NO_COLLECTION, store.collection) else None,
    }
    with store.transaction() as db:
        joined = dataset_of_type(db, type_name) if type_name else None
        if joined and (source.no_copy or joined["no_copy"]):
            kept = "keeps no copies" if joined["no_copy"] else "keeps copies"
            cure = f"Add the URL to it with %aero_types {type_name} --add-url {source.url}"
            raise RequestError(409, f"Type {type_name} exists already and {kept}.", cure)
        values = {"url": source.url, "description": source.description, "no_copy": int(source.no_copy)}
        id = str(joined["id"]) if joined else add_data(db, name, place, **values)
        if type_name:
            join_type(db, type_name, id, source.url)
    return id


def find_dataset_of_object(db: DB, identity: str, data_id: str | None = None) -> Row:
    """Return the dataset of an object: by exact key, then by globs, then by the URL of an untyped source.

    Parameters
    ----------
    data_id : str, optional
        A dataset with a source type: only the URLs of this type count.
    """
    key = object_key(identity)
    sql = (
        "SELECT u.object_key, t.data_id FROM source_url u JOIN source_type t ON t.name = u.type "
        "WHERE (:data IS NULL OR t.data_id = :data)"
    )
    if row := db.row(f"{sql} AND u.object_key = :key", {"data": data_id, "key": key}):
        return required(db, "data", row["data_id"], "Data with id {} not found.")
    globs = [row for row in db.rows(sql, {"data": data_id}) if matches_glob(row["object_key"], key)]
    if data_id is not None and not globs:
        raise RequestError(404, f"No source matches file_id '{identity}'.")
    if globs:
        return required(db, "data", _most_specific(globs, key)["data_id"], "Data with id {} not found.")
    typed = "SELECT * FROM data WHERE url IS NOT NULL AND id NOT IN (SELECT data_id FROM source_type)"
    plain = [row for row in db.rows(typed) if object_key(row["url"]) == key]
    exact = [row for row in plain if _host(row["url"]) == _host(identity)] or plain
    if not exact:
        raise RequestError(404, f"No source matches file_id '{identity}'.")
    if len(exact) > 1:
        raise RequestError(409, f"{len(exact)} sources match file_id '{identity}'.")
    return exact[0]


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]


def _most_specific(rows: list[Row], key: str) -> Row:
    def rank(row: Row) -> tuple[int, int]:
        return len(re.split(r"[*?\[]", row["object_key"])[0]), len(row["object_key"])

    best = max(map(rank, rows))
    first = [row for row in rows if rank(row) == best]
    if len({row["data_id"] for row in first}) > 1:
        raise RequestError(409, f"Several patterns match '{key}' equally well.")
    return first[0]


def notify(store: Store, data: Row, identity: str | None, note: NotifyIn) -> dict[str, Any]:
    """Process a notification: run the download of a copied source once, or add a version of a no-copy source."""
    key = object_key(identity) if identity else None
    if not data["no_copy"]:
        return _trigger_download(store, data, identity, key, note)
    named = _object_url_for(store.db, data, identity, note)
    etag, size = _object_facts(note, named)
    named_url = named if identity else None
    object_url, signed_url = without_signature(named_url)
    entry = {
        "checksum": etag,
        "size": size,
        "source_key": key,
        "dedup": note.dedup,
        "object_url": object_url,
        "signed_url": signed_url,
        "file_bn": key or data["name"],
        "file_format": (key or "").rpartition(".")[2] or None,
    }
    with store.transaction() as db:
        fresh = required(db, "data", data["id"], "Data with id {} not found.")
        id, is_new = add_version(db, store, fresh, entry)
        if signed_url and not is_new:
            # The object is unchanged, and an older signature expires.
            signed = (entry["object_url"], entry["signed_url"], id)
            db.run("UPDATE version SET object_url = ?, signed_url = ? WHERE id = ?", signed)
        trigger_aligned(db, [data["id"]], None)
        number = db.value("SELECT newest FROM data WHERE id = ?", (data["id"],))
    record = {"data_id": data["id"], "source_key": key}
    return {"status": "version created", **record, "version": number} if is_new else {"status": "unchanged", **record}


def _object_url_for(db: DB, data: Row, identity: str | None, note: NotifyIn) -> str | None:
    """Return the URL of the object that a notification names, or else the registered URL."""
    if note.url:
        return note.url
    if identity and "://" in identity and identity != data["url"]:
        return identity
    key, registered = object_key(identity or ""), data["url"] or ""
    if not key or key in (object_key(registered), object_key(registered, pattern=True)):
        return None if is_pattern(registered) and "*" in registered else registered or None
    urls = [
        row["url"]
        for row in db.rows(
            "SELECT u.url FROM source_url u JOIN source_type t ON t.name = u.type "
            "WHERE t.data_id = ? ORDER BY u.object_key",
            (data["id"],),
        )
    ]
    fitting = [
        url for url in urls if object_key(url, pattern=True) == key or matches_glob(object_key(url, pattern=True), key)
    ]
    place = next((url for url in [*fitting, registered] if "://" in url), None)
    return None if place is None else f"{place.partition('://')[0]}://{_host(place)}/{quote(key)}"


def _object_facts(note: NotifyIn, url: str | None) -> tuple[str, int | None]:
    """Return the etag and the size in bytes of a no-copy object, from the notification or from its URL."""
    etag, size, why = (note.etag or "").strip().removeprefix("W/").strip('"'), note.size, ""
    if (not etag or size is None) and url:
        try:
            headers = _object_headers(url)
        except AeroJobError as error:
            headers, why = {}, f" {error}"
        etag = etag or headers.get("ETag", "").removeprefix("W/").strip('"')
        size = parse_count(headers.get("Content-Length")) if size is None else size
    if not etag:
        raise RequestError(400, f"A no-copy source needs the etag of its object.{why}")
    return etag, size


def _object_headers(url: str) -> Mapping[str, str]:
    """Return the headers of an object, under the same access rules as a download."""
    rules = download_rules(os.environ)
    check_address(url, url, rules)
    options = {
        "headers": {"Accept-Encoding": "identity"},
        "slow_seconds": _LOOKUP_SILENCE_SECONDS,
        **request_checks(url, rules),
    }
    try:
        response = send_request("HEAD", url, "The source", **options)
    except AeroJobError as error:
        if error.status not in (401, 403, 404, 405, 501):
            raise
        # A URL may be signed for GET alone.
        response = send_request("GET", url, "The source", retry=False, **options)
    with response:
        return response.headers


def download_rules(environ: Mapping[str, str]) -> Row:
    """Return the rules for downloads from the environment.

    ``AERO_LOCAL_ALLOW`` lists exceptions (files, link-local, private-redirects, insecure-redirects).
    ``AERO_LOCAL_PULL_BYTES`` and ``AERO_LOCAL_PULL_RATIO`` limit what a source may send, ``AERO_LOCAL_PULL_SECONDS``
    the seconds that a source may be slow or silent, ``AERO_LOCAL_PULL_TOTAL`` the seconds of a whole download, and
    ``AERO_LOCAL_PULL_LOOKUP`` the seconds of the host lookup.
    """
    allowed = [word.strip() for word in environ.get("AERO_LOCAL_ALLOW", "").split(",") if word.strip()]
    limits = {name: environ.get(f"AERO_LOCAL_PULL_{name.upper()}", "") for name in _DOWNLOAD_LIMITS}
    return {"allow": allowed, **{name: parse_count(text) for name, text in limits.items()}}


def _trigger_download(store: Store, data: Row, identity: str | None, key: str | None, note: NotifyIn) -> dict[str, Any]:
    named = _object_url_for(store.db, data, identity, note)
    if named is None:
        raise RequestError(400, "Name the object that changed: url, or a key at a registered host.")
    source_url = None if named == data["url"] and not note.url else named
    given = {"source_url": source_url, "source_key": key, "dedup": None if note.dedup else False}
    overrides = {name: value for name, value in given.items() if value is not None}
    with store.transaction() as db:
        sql = "SELECT f.id FROM flow f JOIN flow_output o ON o.flow_id = f.id WHERE o.data_id = ? AND f.policy = ?"
        flow_id = db.value(sql, (data["id"], int(PolicyEnum.INGESTION_EVENT)))
        if flow_id is None:
            raise RequestError(404, f"No event-driven ingestion flow produces data {data['id']}.")
        enqueue(db, flow_id, "notify", overrides)
    return {"status": "ingestion triggered", "flow_id": flow_id, "data_id": data["id"]}
