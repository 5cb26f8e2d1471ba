"""Source types: several URLs and patterns that share one dataset."""

from __future__ import annotations

import re

from aero_jupyter.core.globs import Glob, is_pattern, is_source_pattern
from aero_jupyter.core.name_rules import normal_name
from aero_jupyter.core.redaction import redact_url
from aero_jupyter.service.storage.connection import DB, RequestError, Row
from aero_jupyter.service.storage.database import Store

#: Maximum characters of a pattern.
_PATTERN_CHARACTERS = 1_024
_CURE = "List the types and their URLs with %aero_types"
#: Query parameters of a signed URL: the object is read with them, and shown without them.
_SIGNED_PARAMETER = re.compile(
    r"[?&](x-(amz|goog|oss|cos)-\w+|sig|signature|awsaccesskeyid|googleaccessid|expires|key-pair-id|token|se)=", re.I
)


def object_key(identity: str, *, pattern: bool = False) -> str:
    """Reduce a URL or key to ``bucket/key``; a ``?`` starts a query only in a URL with a scheme, never in a pattern."""
    if "://" not in identity:
        return identity.strip("/")
    rest = identity.partition("://")[2].partition("/")[2]
    return (rest if pattern else rest.partition("?")[0]).strip("/")


def without_signature(url: str | None) -> tuple[str | None, str | None]:
    """Split the URL of an object into the URL to show and the signed URL, if it is signed."""
    return (url.partition("?")[0], url) if url and _SIGNED_PARAMETER.search(url) else (url, None)


def require_type_of_pattern(url: str, type_name: str | None) -> None:
    """Raise if the URL of a source without a type is a pattern: several objects share a dataset through a type."""
    if type_name is None and is_source_pattern(url):
        cure = "Choose a type for the source, or write %3F, %2A and %5B where the characters belong to one file name."
        raise RequestError(400, f"{redact_url(url)} is a pattern, and a pattern needs a type.", cure)


def dataset_of_type(db: DB, type_name: str) -> Row | None:
    """Return the dataset of a source type; None if there is no such type."""
    return db.row("SELECT d.* FROM source_type t JOIN data d ON d.id = t.data_id WHERE t.name = ?", (type_name,))


def join_type(db: DB, type_name: str, data_id: str, url: str) -> None:
    """Add a URL to a source type; create the type for the dataset if there is none."""
    if not db.row("SELECT 1 FROM source_type WHERE name = ?", (type_name,)):
        db.insert("source_type", name=type_name, data_id=data_id)
    _add_url(db, type_name, url)


def add_type_url(store: Store, name: str, url: str) -> Row:
    """Add a URL to a source type."""
    name = normal_name(name)
    with store.transaction() as db:
        _require_type(db, name)
        _add_url(db, name, url)
    return type_out(store, name)


def _add_url(db: DB, name: str, url: str) -> None:
    key = object_key(url, pattern=True)
    if not key:
        raise RequestError(
            422, f"The URL {redact_url(url)!r} names no object.", "Write the URL of a file or a pattern."
        )
    try:
        Glob(key)
    except ValueError as problem:
        raise RequestError(422, f"{problem}.") from None
    if is_pattern(key) and len(key) > _PATTERN_CHARACTERS:
        raise RequestError(422, f"A pattern has at most {_PATTERN_CHARACTERS:,} characters.")
    owner = db.value("SELECT type FROM source_url WHERE object_key = ?", (key,))
    if owner is None:
        db.insert("source_url", object_key=key, url=url, type=name)
    elif owner != name:
        raise RequestError(409, f"{key} belongs to type {owner}.")


def delete_type_url(store: Store, name: str, url: str) -> Row:
    """Remove a URL from a source type."""
    name = normal_name(name)
    with store.transaction() as db:
        _require_type(db, name)
        keys = (object_key(url, pattern=True), object_key(url))
        row = db.row("SELECT * FROM source_url WHERE object_key IN (?, ?)", keys)
        if row is None:
            raise RequestError(404, f"{keys[1]} belongs to no type.", _CURE)
        if row["type"] != name:
            raise RequestError(409, f"{keys[1]} belongs to type {row['type']}.")
        db.run("DELETE FROM source_url WHERE object_key = ?", (row["object_key"],))
    return type_out(store, name)


def _require_type(db: DB, name: str) -> Row:
    row = db.row("SELECT * FROM source_type WHERE name = ?", (name,))
    if row is None:
        raise RequestError(404, f"Type {name} not found.", _CURE)
    return row


def type_out(store: Store, name: str) -> Row:
    """Return one source type."""
    name = normal_name(name)
    row = _require_type(store.db, name)
    no_copy = store.db.value("SELECT no_copy FROM data WHERE id = ?", (row["data_id"],))
    urls = store.db.rows("SELECT url, object_key FROM source_url WHERE type = ? ORDER BY object_key", (name,))
    return {"name": name, "data_id": row["data_id"], "no_copy": bool(no_copy), "urls": urls}


def types_out(store: Store) -> list[Row]:
    """Return all source types."""
    return [type_out(store, row["name"]) for row in store.db.rows("SELECT name FROM source_type ORDER BY name")]
