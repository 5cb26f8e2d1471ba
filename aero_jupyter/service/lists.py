"""What lists are narrowed and sorted by, as SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from aero_jupyter.core import wire
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.service.store import DB, Refused, Row, stamp

#: Where more rows than these match a search, no word tells them apart: they are not ranked, but listed newest first.
RANKED = 5_000

# The data are looked up for the page only: a common word matches many of them.
_FOUND = "SELECT d.* FROM ({}) best JOIN data d ON d.seq = best.seq ORDER BY best.place, best.seq DESC"
_BEST = """
SELECT rowid AS seq, rank AS place FROM data_fts
WHERE data_fts MATCH :expression AND rank MATCH 'bm25(10.0, 3.0, 1.0, 5.0, 0.0)'
ORDER BY rank, rowid DESC LIMIT :limit OFFSET :offset
"""
_NEWEST_FOUND = """
SELECT rowid AS seq, 0 AS place FROM data_fts
WHERE data_fts MATCH :expression ORDER BY rowid DESC LIMIT :limit OFFSET :offset
"""
_COUNT = "SELECT count(*) FROM data_fts WHERE data_fts MATCH :expression"
# Two lookups: asked for both at once, SQLite reads the whole table.
_ENDS = "SELECT (SELECT min(seq) FROM {0}) AS first, (SELECT max(seq) FROM {0}) AS last"

_NEWEST = "(SELECT v.{} FROM version v WHERE v.data_id = t.id AND v.version = t.newest)"
_VERSIONS = (
    "(SELECT group_concat(d.name || ' v' || v.version, ', ') FROM {0} p JOIN version v ON v.id = p.version_id"
    " JOIN data d ON d.id = v.data_id WHERE p.prov_id {1})"
)
_OF_RUN = "IN (SELECT id FROM prov WHERE run_id = t.id)"
_NAMES = "(SELECT group_concat(d.name, ', ') FROM {0} o JOIN data d ON d.id = o.data_id WHERE o.flow_id = t.id)"
_POLICIES = " ".join(f"WHEN {policy.value} THEN '{policy.name.lower()}'" for policy in PolicyEnum)

#: How a column of a list is written in SQL, where not by its own name.
_COLUMNS: dict[str, dict[str, str]] = {
    "data": {
        "name": "t.name",
        "description": "t.description",
        "newest version": "t.newest",
        "updated": _NEWEST.format("created_at"),
        "size": _NEWEST.format("size"),
        "created": "t.created_at",
        "url": "t.url",
        "id": "t.id",
    },
    "flow": {
        "name": f"coalesce((SELECT coalesce(f.description, f.name) FROM function f WHERE f.id = t.function_id), "
        f"{_NAMES.format('flow_output')})",
        "description": "t.description",
        "policy": f"(CASE t.policy {_POLICIES} END)",
        "inputs": _NAMES.format("flow_input"),
        "outputs": _NAMES.format("flow_output"),
        "last run": "t.last_executed",
        "endpoint": "t.endpoint",
        "id": "t.id",
    },
    "prov": {
        "created": "t.created_at",
        "used": _VERSIONS.format("prov_used", "= t.id"),
        "made": _VERSIONS.format("prov_made", "= t.id"),
        "flow": "t.flow_id",
        "run": "t.run_id",
        "id": "t.id",
    },
    "run": {
        "state": "t.state",
        "name": "t.flow_name",
        "trigger": "t.cause",
        "created": "t.created_at",
        "used": _VERSIONS.format("prov_used", _OF_RUN),
        "made": _VERSIONS.format("prov_made", _OF_RUN),
        "error": "t.error",
        "flow": "t.flow_id",
        "id": "t.id",
    },
}
_AGES = {
    "data": f"coalesce({_NEWEST.format('created_at')}, t.created_at)",
    "flow": "t.last_executed",
    "prov": "t.created_at",
    "run": "t.created_at",
}
_BY_AGE = ("data", "prov", "run")


@dataclass(frozen=True)
class Asked:
    """What is wanted of a list.

    Attributes
    ----------
    offset, limit : int
        Where the page begins, and its most rows.
    match : str or None
        A name, a flow, or the beginning of an id.
    text : str or None
        What one of the columns must hold.
    where : tuple of str
        ``column=value``; ``*`` stands for anything.
    since : int or None
        Seconds; only what is newer.
    sort : str or None
        A column; downwards with a ``-`` before it.
    made, used : str or None
        Of provenance: the id of a Data, or its id, a colon and the number of a version.
    """

    offset: int = 0
    limit: int = wire.PAGE_SIZE
    match: str | None = None
    text: str | None = None
    where: tuple[str, ...] = ()
    since: int | None = None
    sort: str | None = None
    made: str | None = None
    used: str | None = None


def page_of(db: DB, table: str, asked: Asked) -> tuple[list[Row], int]:
    """Give one page of a table, the newest first or sorted, and how many rows there are."""
    where, values = _conditions(table, asked)
    total = int(db.value(f"SELECT count(*) FROM {table} t {where}", values))
    if not where and not asked.sort:
        return newest(db, table, asked.offset, asked.limit, total), total
    values |= {"limit": asked.limit, "offset": asked.offset}
    sql = f"SELECT * FROM {table} t {where} ORDER BY {_order(table, asked.sort)} LIMIT :limit OFFSET :offset"
    return db.rows(sql, values), total


def newest(db: DB, table: str, offset: int, limit: int, total: int) -> list[Row]:
    """Give a page of everything: by its place where no number is missing, so that each page costs the same."""
    ends = db.row(_ENDS.format(table)) or {}
    if total and ends["last"] - ends["first"] + 1 == total:
        return db.rows(
            f"SELECT * FROM {table} WHERE seq <= ? ORDER BY seq DESC LIMIT ?", (ends["last"] - offset, limit)
        )
    return db.rows(f"SELECT * FROM {table} ORDER BY seq DESC LIMIT ? OFFSET ?", (limit, offset))


def found(db: DB, expression: str | None, offset: int, limit: int) -> tuple[list[Row], int]:
    """Give a page of the data that a full-text expression finds, and how many it finds.

    The best come first. Where very many match, those that match by their name come first, then the others, each the
    newest first.
    """
    if expression is None:
        total = int(db.value("SELECT count(*) FROM data"))
        return newest(db, "data", offset, limit, total), total
    values: dict[str, Any] = {"limit": limit, "offset": offset, "expression": expression}
    total = int(db.value(_COUNT, values))
    if total <= RANKED:
        return db.rows(_FOUND.format(_BEST), values), total
    by_name = f"name : ({expression})"
    named = int(db.value(_COUNT, {"expression": by_name}))
    rows = _found_newest(db, {**values, "expression": by_name}) if offset < named else []
    rest = {
        "expression": f"({expression}) NOT ({by_name})",
        "offset": max(0, offset - named),
        "limit": limit - len(rows),
    }
    return rows + (_found_newest(db, rest) if len(rows) < limit else []), total


def _found_newest(db: DB, values: Mapping[str, Any]) -> list[Row]:
    return db.rows(_FOUND.format(_NEWEST_FOUND), values)


def _conditions(table: str, asked: Asked) -> tuple[str, dict[str, Any]]:
    parts: list[str] = []
    values: dict[str, Any] = {}
    if asked.match:
        parts.append(f"({_MATCHES.get(table, 't.flow_id = :match')} OR substr(t.id, 1, length(:match)) = :match)")
        values["match"] = asked.match
    if asked.text:
        parts.append(" OR ".join(f"holds({column}, :text)" for column in _COLUMNS[table].values()))
        values["text"] = asked.text.casefold()
    for number, condition in enumerate(asked.where):
        name, _, value = condition.partition("=")
        parts.append(f"fits({_column(table, name)}, :where{number})")
        values[f"where{number}"] = value.casefold()
    if asked.since is not None:
        parts.append(f"{_AGES[table]} >= :since")
        values["since"] = stamp(datetime.now(timezone.utc) - timedelta(seconds=asked.since))
    for relation, wanted in (("made", asked.made), ("used", asked.used)):
        if wanted and table == "prov":
            id, _, version = wanted.partition(":")
            values |= {f"{relation}_id": id, f"{relation}_number": version or None}
            parts.append(_RELATED.format(relation))
    return (f"WHERE {' AND '.join(f'({part})' for part in parts)}" if parts else ""), values


_RELATED = (
    "t.id IN (SELECT p.prov_id FROM version v CROSS JOIN prov_{0} p ON p.version_id = v.id WHERE v.data_id = :{0}_id"
    " AND (:{0}_number IS NULL OR v.version = CAST(:{0}_number AS INTEGER)))"
)
_MATCHES = {
    "data": "t.name = :match",
    "flow": "t.description = :match OR EXISTS (SELECT 1 FROM function f WHERE f.id = t.function_id AND coalesce(f.description, f.name) = "
    ":match) OR EXISTS (SELECT 1 FROM flow_output o WHERE o.flow_id = t.id AND o.name = :match)",
}


def _column(table: str, name: str) -> str:
    if name not in wire.FILTERS[table]:
        raise Refused(422, f"There is no filter by {name!r}.", f"Choose one of {', '.join(wire.FILTERS[table])}.")
    return _COLUMNS[table][name]


def _order(table: str, sort: str | None) -> str:
    """Spell an order; among equals the newest comes first, and what is missing last."""
    if not sort:
        return "t.seq DESC"
    name, direction = sort.removeprefix("-"), "DESC" if sort.startswith("-") else "ASC"
    if name not in wire.SORTS.get(table, ()):
        raise Refused(422, f"There is no order by {name!r}.", f"Choose one of {', '.join(wire.SORTS[table])}.")
    if name == "created" and table in _BY_AGE:
        return f"t.seq {direction}"
    caseless = " COLLATE NOCASE" if name in ("name", "description") else ""
    return f"{_COLUMNS[table][name]}{caseless} {direction} NULLS LAST, t.seq DESC"
