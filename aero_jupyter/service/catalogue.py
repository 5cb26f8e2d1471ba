"""Data, versions, flows, provenance and runs as the wire shows them."""

from __future__ import annotations

import json
from typing import Any

from aero_jupyter.core import query as queries
from aero_jupyter.core import wire
from aero_jupyter.core.fts5 import EVERYTHING_TOKEN
from aero_jupyter.service.store import DB, Refused, Row, Store, new_id, stamp

_VERSION = "SELECT v.*, d.no_copy, d.url AS data_url FROM version v JOIN data d ON d.id = v.data_id "


# The data are looked up for the page only: a common word matches many of them.
_BEST = """
SELECT d.* FROM (
    SELECT rowid AS seq, rank AS place FROM data_fts
    WHERE data_fts MATCH :expression AND rank MATCH 'bm25(10.0, 3.0, 1.0, 5.0, 0.0)'
    ORDER BY rank, rowid DESC LIMIT :limit OFFSET :offset
) best JOIN data d ON d.seq = best.seq ORDER BY best.place, best.seq DESC
"""
# Two lookups: asked for both at once, SQLite reads the whole table.
_ENDS = "SELECT (SELECT min(seq) FROM {0}) AS first, (SELECT max(seq) FROM {0}) AS last"
_NEWEST = "SELECT created_at, size FROM version WHERE data_id = ? AND version = ?"
#: How a column is spelled in SQL, where not by its name.
_ORDERS = {
    ("data", "name"): "t.name COLLATE NOCASE",
    ("data", "description"): "t.description COLLATE NOCASE",
    ("data", "newest version"): "t.newest",
    ("data", "updated"): "(SELECT v.created_at FROM version v WHERE v.data_id = t.id AND v.version = t.newest)",
    ("data", "size"): "(SELECT v.size FROM version v WHERE v.data_id = t.id AND v.version = t.newest)",
    ("flow", "name"): "(SELECT coalesce(f.description, f.name) FROM function f WHERE f.id = t.function_id)",
    ("flow", "description"): "t.description COLLATE NOCASE",
    ("flow", "last run"): "t.last_executed",
    ("run", "trigger"): "t.cause",
    **{(table, "created"): "t.seq" for table in ("data", "prov", "run")},
}


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

    def page(
        self, table: str, offset: int, limit: int, match: str | None = None, sort: str | None = None
    ) -> tuple[list[Row], int]:
        """One page and the total; the newest first, or sorted by a column that has a name in `wire.SORTS`."""
        where, values = self._matching(table, match)
        total = self.store.db.value(f"SELECT count(*) FROM {table} t {where}", values)
        if not where and not sort:
            return self._newest(table, offset, limit, int(total)), int(total)
        sql = f"SELECT * FROM {table} t {where} ORDER BY {_order(table, sort)} LIMIT :limit OFFSET :offset"
        return self.store.db.rows(sql, {**values, "limit": limit, "offset": offset}), int(total)

    def _newest(self, table: str, offset: int, limit: int, total: int) -> list[Row]:
        """Give a page of everything: by its place where no number is missing, so that each page costs the same."""
        ends = self.store.db.row(_ENDS.format(table)) or {}
        if total and ends["last"] - ends["first"] + 1 == total:
            sql = f"SELECT * FROM {table} WHERE seq <= ? ORDER BY seq DESC LIMIT ?"
            return self.store.db.rows(sql, (ends["last"] - offset, limit))
        return self.store.db.rows(f"SELECT * FROM {table} ORDER BY seq DESC LIMIT ? OFFSET ?", (limit, offset))

    def _matching(self, table: str, match: str | None) -> tuple[str, dict[str, Any]]:
        if not match:
            return "", {}
        exact = {
            "data": "t.name = :match",
            "flow": "t.description = :match OR EXISTS (SELECT 1 FROM function f WHERE f.id = t.function_id AND coalesce(f.description, f.name) = "
            ":match) OR EXISTS (SELECT 1 FROM flow_output o WHERE o.flow_id = t.id AND o.name = :match)",
        }.get(table, "t.flow_id = :match")
        return f"WHERE ({exact} OR substr(t.id, 1, length(:match)) = :match)", {"match": match}

    def search(self, query: str, offset: int, limit: int) -> Row:
        """Full-text search, best first, in the shape of Globus Search."""
        try:
            expression = queries.to_fts5(query)
        except queries.QueryProblem as problem:
            raise Refused(400, problem.message, problem.cure) from None
        values: dict[str, Any] = {"limit": limit, "offset": offset, "expression": expression}
        if expression is None:
            total = self.store.db.value("SELECT count(*) FROM data")
            rows = self._newest("data", offset, limit, int(total))
        else:
            total = self.store.db.value("SELECT count(*) FROM data_fts WHERE data_fts MATCH :expression", values)
            rows = self.store.db.rows(_BEST, values)
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


def _order(table: str, sort: str | None) -> str:
    """Spell an order; among equals the newest comes first, and what is missing last."""
    if not sort:
        return "t.seq DESC"
    name, down = sort.removeprefix("-"), sort.startswith("-")
    if name not in wire.SORTS.get(table, ()):
        raise Refused(422, f"There is no order by {name!r}.", f"Choose one of {', '.join(wire.SORTS[table])}.")
    column = _ORDERS.get((table, name), f"t.{name}")
    return f"{column} {'DESC' if down else 'ASC'} NULLS LAST, t.seq DESC"


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
