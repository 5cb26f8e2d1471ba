"""Rows of datasets and flows: found by id, added, and read."""

from __future__ import annotations

import json
from typing import Any

from aero_jupyter.core.redaction import redact_url
from aero_jupyter.core.search_fts5 import EVERYTHING_TOKEN
from aero_jupyter.service.storage.connection import DB, RequestError, Row, new_id, stamp

#: Stored in place of a collection for a dataset without one.
NO_COLLECTION = ""


def kwargs_list(flow: Row) -> list[Row]:
    """Return the keyword arguments of every task of a flow; one task unless the flow was registered with a list."""
    stored = json.loads(flow["flow_kwargs"])
    return stored if isinstance(stored, list) else [stored]


def required(db: DB, table: str, id: str, sentence: str) -> Row:
    """Return one row by id; raise a 404 error with the sentence if there is none."""
    row = db.row(f"SELECT * FROM {table} WHERE id = ?", (id,))
    if row is None:
        raise RequestError(404, sentence.format(id))
    return row


def add_data(db: DB, name: str, place: Row, **values: Any) -> str:
    """Add one dataset and its search entry; return its id."""
    id = values.pop("id", None) or new_id()
    tags = " ".join(values.pop("tags", ()))
    db.insert("data", id=id, name=name, created_at=stamp(), tags=tags, **place, **values)
    seq = db.value("SELECT seq FROM data WHERE id = ?", (id,))
    db.insert(
        "data_fts",
        rowid=seq,
        name=name,
        description=values.get("description"),
        url=redact_url(values.get("url") or ""),
        tags=tags,
        everything=EVERYTHING_TOKEN,
    )
    return str(id)
