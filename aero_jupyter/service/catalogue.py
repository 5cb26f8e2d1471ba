"""Data, versions, flows, provenance and runs as the wire shows them."""

from __future__ import annotations

import json
from typing import Any

from aero_jupyter.core import query as queries
from aero_jupyter.core.fts5 import EVERYTHING_TOKEN
from aero_jupyter.service import lists
from aero_jupyter.service.store import DB, Refused, Row, Store, new_id, stamp

_VERSION = "SELECT v.*, d.no_copy, d.url AS data_url FROM version v JOIN data d ON d.id = v.data_id "

_NEWEST = "SELECT created_at, size FROM version WHERE data_id = ? AND version = ?"


class Catalogue:
    """What there is, in the newest server's shapes.

    Parameters
    ----------
    store : Store
    base : str
        The url the service answers at, ending with a slash; local collections live below it.
    """

    def __init__(self, store: Store, base: str) -> None:
        self.store = store
        self.base = base

    def collection_url(self, row: Row) -> str:
        """Where a Data's bytes live; the local collection moves with the service's port."""
        return str(row["collection_url"] or f"{self.base}collections/{row['collection_uuid']}/")

    def data_out(self, row: Row) -> Row:
        """Show one Data."""
        shown = {key: row[key] for key in ("id", "name", "url", "collection_uuid", "description")}
        newest = self.store.db.row(_NEWEST, (row["id"], row["newest"])) if row["newest"] else None
        extras = {
            "tags": row["tags"].split(),
            "created_at": row["created_at"],
            "newest_version": row["newest"] or None,
            "updated_at": newest["created_at"] if newest else None,
            "size": newest["size"] if newest else None,
        }
        return {**shown, "collection_url": self.collection_url(row), "no_copy": bool(row["no_copy"]), **extras}

    def version_out(self, row: Row, owner: Row | None = None) -> Row:
        """Show one version; with its Data where `owner` is given."""
        keys = ("id", "created_at", "data_id", "version", "checksum", "source_key")
        shown = {key: row[key] for key in keys}
        shown["data_file"] = (
            None
            if row["file_name"] is None
            else {
                "id": row["id"],
                "file_name": row["file_name"],
                "file_type": row["file_type"],
                "encoding": row["encoding"] or "utf-8",
                "size": float(row["size"] or 0),
                "version_id": row["id"],
            }
        )
        if owner is not None:
            trigger = row["source_key"] and _concrete(owner["url"], row["source_key"])
            shown |= {
                "data": self.data_out(owner),
                "no_copy": bool(owner["no_copy"]),
                "trigger_url": trigger or owner["url"],
            }
        return shown

    def data(self, id: str) -> Row:
        """One Data by id; 404 otherwise."""
        return required(self.store.db, "data", id, "Data with id {} not found.")

    def page(self, table: str, asked: lists.Asked) -> tuple[list[Row], int]:
        """One page and the total; the newest first, or sorted by a column that has a name in `wire.SORTS`."""
        return lists.page_of(self.store.db, table, asked)

    def search(self, query: str, offset: int, limit: int) -> Row:
        """Full-text search, best first, in the shape of Globus Search."""
        try:
            expression = queries.to_fts5(query)
        except queries.QueryProblem as problem:
            raise Refused(400, problem.message, problem.cure) from None
        rows, total = lists.found(self.store.db, expression, offset, limit)
        found = [self._entry(row) for row in rows]
        more = offset + len(found) < total
        return {"gmeta": found, "count": len(found), "total": total, "offset": offset, "has_next_page": more}

    def _entry(self, row: Row) -> Row:
        version = (
            self.store.db.row(_VERSION + "WHERE v.data_id = ? AND v.version = ?", (row["id"], row["newest"])) or {}
        )
        content = {
            "id": row["id"],
            "name": row["name"],
            "description": row["description"],
            "tags": row["tags"].split(),
            "url": row["url"],
            "source": row["url"],
            "data_id": row["id"],
            "version": row["newest"] or None,
            "version_id": version.get("id"),
            "checksum": version.get("checksum"),
            "file_size": version.get("size"),
            "created": version.get("created_at", row["created_at"]),
        }
        subject = f"{row['name']}-{row['id']}.{row['newest']}"
        return {"subject": subject, "entries": [{"content": content, "entry_id": None}]}

    def versions(self, id: str, number: int | None = None) -> list[Row]:
        """All versions of a Data, oldest first; or only the one of this number."""
        owner = self.data(id)
        sql = _VERSION + "WHERE v.data_id = ? AND (? IS NULL OR v.version = ?) ORDER BY v.version"
        return [
            self.version_out(row) | {"no_copy": bool(owner["no_copy"])}
            for row in self.store.db.rows(sql, (id, number, number))
        ]

    def latest(self, id: str) -> Row:
        """The newest version with its Data."""
        owner = self.data(id)
        row = self.store.db.row(_VERSION + "WHERE v.data_id = ? AND v.version = ?", (id, owner["newest"]))
        if row is None:
            raise Refused(404, "No versions exist for this data ID.")
        return self.version_out(row, owner)

    def flow_out(self, row: Row) -> Row:
        """Show one flow."""
        db, id = self.store.db, row["id"]
        inputs = db.rows("SELECT i.*, d.* FROM flow_input i JOIN data d ON d.id = i.data_id WHERE flow_id = ?", (id,))
        outputs = db.rows(
            "SELECT o.name AS output, d.* FROM flow_output o JOIN data d ON d.id = o.data_id "
            "WHERE flow_id = ? ORDER BY d.seq",
            (id,),
        )
        function = (
            db.row("SELECT coalesce(description, name) AS name FROM function WHERE id = ?", (row["function_id"],)) or {}
        )
        keys = (
            "id",
            "function_id",
            "pull_function_id",
            "commit_function_id",
            "email",
            "description",
            "timer",
            "timer_job_id",
            "policy",
            "last_executed",
            "arg_hash",
            "created_at",
            "next_due",
        )
        return {key: row[key] for key in keys} | {
            "function_args": self._arguments(row, inputs, outputs),
            "user_endpoint": row["endpoint"],
            "paused": bool(row["paused"]),
            "last_state": db.value("SELECT state FROM run WHERE flow_id = ? ORDER BY seq DESC LIMIT 1", (id,)),
            "function_name": function.get("name"),
            "derived_from": [self.data_out(each) for each in inputs],
            "contributed_to": [self.data_out(each) for each in outputs],
        }

    def aero(self, flow_id: str, inputs: list[Row], outputs: list[Row]) -> Row:
        """What every function of a flow is told under ``aero``."""
        return {
            "flow_id": flow_id,
            "input_data": {each["parameter"]: self._input(each) for each in inputs},
            "output_data": {
                each["output"]: self._place(each) | ({"url": each["url"]} if each["url"] else {}) for each in outputs
            },
        }

    def _place(self, row: Row) -> Row:
        return {"id": row["id"], "collection_uuid": row["collection_uuid"], "collection_url": self.collection_url(row)}

    def _input(self, row: Row) -> Row:
        shown = self._place(row) | {"id": row["data_id"], "version": row.get("version", row["pinned"])}
        return shown if row["fetch"] else {**shown, "fetch": False}

    def _arguments(self, row: Row, inputs: list[Row], outputs: list[Row]) -> Any:
        common = {"function": row["function_id"], "endpoint": row["endpoint"]}
        aero = self.aero(row["id"], inputs, outputs)
        shown = [{"kwargs": {**kwargs, "aero": aero}, **common} for kwargs in kwargs_list(row)]
        return shown if isinstance(json.loads(row["flow_kwargs"]), list) else shown[0]

    def prov_out(self, row: Row) -> Row:
        """Show one provenance record, with its relations."""
        return {key: row[key] for key in ("id", "flow_id", "run_id", "created_at")} | {
            "derived_from": self._related("prov_used", row["id"]),
            "contributed_to": self._related("prov_made", row["id"]),
        }

    def _related(self, table: str, prov_id: str) -> list[Row]:
        sql = f"{_VERSION} JOIN {table} p ON p.version_id = v.id WHERE p.prov_id = ? ORDER BY d.name"
        shown = []
        for row in self.store.db.rows(sql.replace("SELECT v.*,", "SELECT v.*, p.*,"), (prov_id,)):
            version = self.version_out(row, self.data(row["data_id"]))
            shown.append(version if "is_new" not in row else {**version, "is_new": bool(row["is_new"])})
        return shown


def kwargs_list(flow: Row) -> list[Row]:
    """The keyword arguments of every task of a flow; one task unless it was registered with a list."""
    stored = json.loads(flow["flow_kwargs"])
    return stored if isinstance(stored, list) else [stored]


def required(db: DB, table: str, id: str, sentence: str) -> Row:
    """One row by id, or 404 with the sentence."""
    row = db.row(f"SELECT * FROM {table} WHERE id = ?", (id,))
    if row is None:
        raise Refused(404, sentence.format(id))
    return row


def _concrete(url: str | None, key: str) -> str | None:
    """The url of the object that made a version: the pattern's scheme and host with the object's key."""
    if not url or "://" not in url:
        return url
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/{key}"


def add_data(db: DB, name: str, place: Row, **values: Any) -> str:
    """Add one Data and what is searched for of it; give its id."""
    id = values.pop("id", None) or new_id()
    tags = " ".join(values.pop("tags", ()))
    db.insert("data", id=id, name=name, created_at=stamp(), tags=tags, **place, **values)
    seq = db.value("SELECT seq FROM data WHERE id = ?", (id,))
    db.insert(
        "data_fts",
        rowid=seq,
        name=name,
        description=values.get("description"),
        url=values.get("url"),
        tags=tags,
        everything=EVERYTHING_TOKEN,
    )
    return str(id)
