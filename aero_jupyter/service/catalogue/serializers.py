"""Serializers of datasets, versions, flows, provenance and runs for the wire."""

from __future__ import annotations

import json
from typing import Any  # JSON values

from aero_jupyter.core import search_query as queries
from aero_jupyter.core.redaction import redact_url
from aero_jupyter.service.catalogue import list_queries, promises, source_changes
from aero_jupyter.service.catalogue.dataset_rows import NO_COLLECTION, kwargs_list, required
from aero_jupyter.service.catalogue.object_urls import object_url
from aero_jupyter.service.storage.connection import RequestError, Row
from aero_jupyter.service.storage.database import Store

_DRIFT = "LEFT JOIN drift n ON n.data_id = v.data_id AND n.version = v.version"
_VERSION = f"SELECT v.*, d.no_copy, d.url AS data_url, n.notes FROM version v JOIN data d ON d.id = v.data_id {_DRIFT} "

#: Maximum bytes of a flow's kwargs that a list shows.
_LISTED_KWARGS_BYTES = 4096
_NEWEST = f"SELECT v.created_at, v.size, n.notes FROM version v {_DRIFT} WHERE v.data_id = ? AND v.version = ?"


class CatalogueRecords:
    """Records of the store in the shapes of the newest AERO server.

    Parameters
    ----------
    store : Store
    base : str
        The URL of the service, ending with a slash; local collections are below this URL.
    """

    def __init__(self, store: Store, base: str) -> None:
        self.store = store
        self.base = base

    def collection_url(self, row: Row) -> str | None:
        """Return the collection URL of a dataset; the URL of the local collection changes with the service's port."""
        if row["collection_uuid"] == NO_COLLECTION:
            return None
        return str(row["collection_url"] or f"{self.base}collections/{row['collection_uuid']}/")

    def data_out(self, row: Row) -> Row:
        """Return one dataset as a record."""
        shown = {key: row[key] or None for key in ("id", "name", "url", "collection_uuid")}
        shown["description"] = row["description"]
        newest = self.store.db.row(_NEWEST, (row["id"], row["newest"])) if row["newest"] else None
        extras = {
            "tags": row["tags"].split(),
            "created_at": row["created_at"],
            "newest_version": row["newest"] or None,
            "updated_at": newest["created_at"] if newest else None,
            "size": newest["size"] if newest else None,
            "drift": json.loads((newest and newest["notes"]) or "[]"),
        }
        if changes := source_changes.all_changes(self.store.db, row["id"]):
            extras["source_changes"] = changes
        if row["read_options"]:
            extras["read_options"] = json.loads(row["read_options"])
        if row["keep"]:
            extras["keep"] = row["keep"]
        if row["promise"]:
            extras["freshness"] = promises.promise_out(self.store.db, row)
        return {**shown, "collection_url": self.collection_url(row), "no_copy": bool(row["no_copy"]), **extras}

    def version_out(self, row: Row, owner: Row | None = None) -> Row:
        """Return one version as a record; with its dataset if `owner` is given."""
        keys = ("id", "created_at", "data_id", "version", "checksum", "source_key", "source_time", "as_of")
        shown = {key: row[key] for key in (*keys, "removed_at")}
        shown["drift"] = json.loads(row["notes"] or "[]")
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
            url = source_changes.source_of_version(self.store.db, row, owner)
            shown |= {
                "data": self.data_out(owner),
                "no_copy": bool(owner["no_copy"]),
                "trigger_url": object_url(row, owner, url),
            }
        return shown

    def data(self, id: str) -> Row:
        """Return the row of one dataset by id; raise a 404 error if there is none."""
        return required(self.store.db, "data", id, "Data with id {} not found.")

    def page(self, table: str, params: list_queries.ListParams) -> tuple[list[Row], int]:
        """Return one page and the total; newest first, or sorted by a column in `core.columns`."""
        return list_queries.fetch_page(self.store.db, table, params)

    def search(self, query: str, offset: int, limit: int) -> Row:
        """Return the results of a full-text search, best first, in the shape of Globus Search."""
        try:
            expression = queries.to_fts5(query)
        except queries.QueryProblem as problem:
            raise RequestError(400, problem.message, problem.cure) from None
        rows, total = list_queries.found(self.store.db, expression, offset, limit)
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
            "url": redact_url(row["url"] or "") or None,
            "source": redact_url(row["url"] or "") or None,
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
        """Return all versions of a dataset, oldest first, or only the version with the given number."""
        owner = self.data(id)
        sql = _VERSION + "WHERE v.data_id = ? AND (? IS NULL OR v.version = ?) ORDER BY v.version"
        rows = self.store.db.rows(sql, (id, number, number))
        if not owner["no_copy"]:
            return [self.version_out(row) | {"no_copy": False} for row in rows]
        return [
            self.version_out(row) | {"no_copy": True, "trigger_url": object_url(row, owner, owner["url"])}
            for row in rows
        ]

    def latest(self, id: str) -> Row:
        """Return the newest version with its dataset."""
        owner = self.data(id)
        row = self.store.db.row(_VERSION + "WHERE v.data_id = ? AND v.version = ?", (id, owner["newest"]))
        if row is None:
            raise RequestError(404, "No versions exist for this data ID.")
        return self.version_out(row, owner)

    def listed_flow(self, row: Row) -> Row:
        """Return one flow as a row of a list; large kwargs are replaced by their size."""
        size = len(row["flow_kwargs"].encode())
        if size <= _LISTED_KWARGS_BYTES:
            return self.flow_out(row)
        many = row["flow_kwargs"].startswith("[")
        return self.flow_out({**row, "flow_kwargs": "[{}]" if many else "{}"}) | {"kwargs_left_out": size}

    def flow_out(self, row: Row) -> Row:
        """Return one flow as a record."""
        db, id = self.store.db, row["id"]
        inputs = db.rows("SELECT i.*, d.* FROM flow_input i JOIN data d ON d.id = i.data_id WHERE flow_id = ?", (id,))
        outputs = db.rows(
            "SELECT o.name AS output, o.url AS source, o.source_check, o.source_headers, o.source_auth, o.optional, d.* FROM flow_output o JOIN data d ON d.id = o.data_id "
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
            "aligned": bool(row["aligned"]),
            "endpoint_config": json.loads(row["endpoint_config"] or "{}"),
            "derived_from": [self.data_out(each) for each in inputs],
            "contributed_to": [self.data_out(each) for each in outputs],
            **source_changes.described(db, row),
        }

    def aero(self, flow_id: str, inputs: list[Row], outputs: list[Row]) -> Row:
        """Return the ``aero`` argument that every function of a flow receives."""
        return {
            "flow_id": flow_id,
            "input_data": {each["parameter"]: self._input(each) for each in inputs},
            "output_data": {
                each["output"]: self._place(each)
                | ({"url": each["source"]} if each["source"] else {})
                | ({"check": each["source_check"]} if each["source_check"] else {})
                | ({"headers": json.loads(each["source_headers"])} if each["source_headers"] else {})
                | ({"auth": each["source_auth"]} if each["source_auth"] else {})
                | ({"optional": True} if each["optional"] else {})
                for each in outputs
            },
        }

    def _place(self, row: Row) -> Row:
        collection = row["collection_uuid"] or None
        return {"id": row["id"], "collection_uuid": collection, "collection_url": self.collection_url(row)}

    def _input(self, row: Row) -> Row:
        shown = self._place(row) | {"id": row["data_id"], "version": row.get("version", row["pinned"])}
        if row["read_options"]:
            shown["read_options"] = json.loads(row["read_options"])
        return shown if row["fetch"] else {**shown, "fetch": False}

    def _arguments(self, row: Row, inputs: list[Row], outputs: list[Row]) -> Any:
        common = {"function": row["function_id"], "endpoint": row["endpoint"]}
        aero = self.aero(row["id"], inputs, outputs)
        shown = [{"kwargs": {**kwargs, "aero": aero}, **common} for kwargs in kwargs_list(row)]
        return shown if isinstance(json.loads(row["flow_kwargs"]), list) else shown[0]

    def prov_out(self, row: Row) -> Row:
        """Return one provenance record with its relations."""
        return {key: row[key] for key in ("id", "flow_id", "run_id", "created_at")} | {
            "mixed": self.store.db.value("SELECT mixed FROM run WHERE id = ?", (row["run_id"],)),
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
