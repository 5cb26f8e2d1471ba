"""Filters and sort orders of lists, as SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from unicodedata import normalize

from aero_jupyter.core import wire
from aero_jupyter.core.columns import filterable_columns, sortable_columns
from aero_jupyter.core.name_rules import folded
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.service.storage.connection import DB, RequestError, Row, stamp

#: Number of matches above which a search is not ranked but sorted newest first, because ranking tells nothing then.
RANKED = 5_000

# Datasets are looked up for the page only, because a common word matches many of them.
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
# Two lookups, because SQLite reads the whole table if one query asks for both.
_ENDS = "SELECT (SELECT min(seq) FROM {0}) AS first, (SELECT max(seq) FROM {0}) AS last"

_NEWEST = "(SELECT v.{} FROM version v WHERE v.data_id = t.id AND v.version = t.newest)"
_VERSIONS = (
    "(SELECT group_concat(d.name || ' v' || v.version, ', ') FROM {0} p JOIN version v ON v.id = p.version_id"
    " JOIN data d ON d.id = v.data_id WHERE p.prov_id {1})"
)
_OF_RUN = "IN (SELECT id FROM prov WHERE run_id = t.id)"
_NAMES = "(SELECT group_concat(d.name, ', ') FROM {0} o JOIN data d ON d.id = o.data_id WHERE o.flow_id = t.id)"
_POLICIES = " ".join(f"WHEN {policy.value} THEN '{policy.name.lower()}'" for policy in PolicyEnum)

#: The SQL expression of each column of `core.columns` that is sorted or filtered by.
COLUMN_SQL: dict[str, dict[str, str]] = {
    "data": {
        "name": "t.name",
        "description": "t.description",
        "newest version": "t.newest",
        "updated": _NEWEST.format("created_at"),
        "size": _NEWEST.format("size"),
        "created": "t.created_at",
        "url": "redacted(t.url)",
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
class ListParams:
    """The parameters of a list request.

    Attributes
    ----------
    offset, limit : int
        Start of the page, and maximum number of its rows.
    match : str or None
        A name, a flow, or the beginning of an id.
    text : str or None
        Text that one of the columns must contain.
    where : tuple of str
        ``column=value``; ``*`` matches anything.
    since : int or None
        Seconds; only newer rows are returned.
    sort : str or None
        A column; descending with a ``-`` before it.
    made, used : str or None
        For provenance: the id of a dataset, optionally followed by a colon and a version number.
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


def fetch_page(db: DB, table: str, params: ListParams) -> tuple[list[Row], int]:
    """Return one page of a table, newest first or sorted, and the total number of rows."""
    where, values = _conditions(table, params)
    total = int(db.value(f"SELECT count(*) FROM {table} t {where}", values))
    if not where and not params.sort:
        return newest(db, table, params.offset, params.limit, total), total
    values |= {"limit": params.limit, "offset": params.offset}
    sql = f"SELECT * FROM {table} t {where} ORDER BY {_order(table, params.sort)} LIMIT :limit OFFSET :offset"
    return db.rows(sql, values), total


def newest(db: DB, table: str, offset: int, limit: int, total: int) -> list[Row]:
    """Return a page of a whole table; by sequence number if there are no gaps, so that every page costs the same."""
    ends = db.row(_ENDS.format(table)) or {}
    if total and ends["last"] - ends["first"] + 1 == total:
        return db.rows(
            f"SELECT * FROM {table} WHERE seq <= ? ORDER BY seq DESC LIMIT ?", (ends["last"] - offset, limit)
        )
    return db.rows(f"SELECT * FROM {table} ORDER BY seq DESC LIMIT ? OFFSET ?", (limit, offset))


def found(db: DB, expression: str | None, offset: int, limit: int) -> tuple[list[Row], int]:
    """Return a page of the datasets that match a full-text expression, and the total number of matches.

    The best matches come first. If very many match, the matches by name come first, then the others, each newest
    first.
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
    rows = _search_newest(db, {**values, "expression": by_name}) if offset < named else []
    rest = {
        "expression": f"({expression}) NOT ({by_name})",
        "offset": max(0, offset - named),
        "limit": limit - len(rows),
    }
    return rows + (_search_newest(db, rest) if len(rows) < limit else []), total


def _search_newest(db: DB, values: Mapping[str, Any]) -> list[Row]:
    return db.rows(_FOUND.format(_NEWEST_FOUND), values)


def _conditions(table: str, params: ListParams) -> tuple[str, dict[str, Any]]:
    parts: list[str] = []
    values: dict[str, Any] = {}
    if params.match:
        parts.append(f"({_MATCHES.get(table, 't.flow_id = :match')} OR substr(t.id, 1, length(:match)) = :match)")
        values["match"] = params.match
        values |= {"composed": normalize("NFC", params.match), "decomposed": normalize("NFD", params.match)}
    if params.text:
        parts.append(" OR ".join(f"holds({column}, :text)" for column in COLUMN_SQL[table].values()))
        values["text"] = folded(params.text)
    for number, condition in enumerate(params.where):
        name, _, value = condition.partition("=")
        parts.append(f"matches_wildcard({_column(table, name)}, :where{number})")
        values[f"where{number}"] = normalize("NFC", value).casefold()
    if params.since is not None:
        parts.append(f"{_AGES[table]} >= :since")
        values["since"] = stamp(datetime.now(timezone.utc) - timedelta(seconds=params.since))
    for relation, wanted in (("made", params.made), ("used", params.used)):
        if wanted and table == "prov":
            id, _, version = wanted.partition(":")
            values |= {f"{relation}_id": id, f"{relation}_number": version or None}
            parts.append(_RELATED.format(relation))
    return (f"WHERE {' AND '.join(f'({part})' for part in parts)}" if parts else ""), values


_RELATED = (
    "t.id IN (SELECT p.prov_id FROM version v CROSS JOIN prov_{0} p ON p.version_id = v.id WHERE v.data_id = :{0}_id"
    " AND (:{0}_number IS NULL OR v.version = CAST(:{0}_number AS INTEGER)))"
)
#: A name in any Unicode form, because names were once stored without normalisation.
_SPELLED = "IN (:match, :composed, :decomposed)"
_MATCHES = {
    "data": f"t.name {_SPELLED}",
    "flow": f"t.description {_SPELLED} OR EXISTS (SELECT 1 FROM function f WHERE f.id = t.function_id AND "
    f"coalesce(f.description, f.name) {_SPELLED}) OR EXISTS (SELECT 1 FROM flow_output o WHERE o.flow_id = t.id AND o.name {_SPELLED})",
}


def _column(table: str, name: str) -> str:
    if name not in (known := filterable_columns(table)):
        raise RequestError(422, f"There is no filter by {name!r}.", f"Choose one of {', '.join(known)}.")
    return COLUMN_SQL[table][name]


def _order(table: str, sort: str | None) -> str:
    """Return an ORDER BY expression; equal rows are sorted newest first, missing values last."""
    if not sort:
        return "t.seq DESC"
    name, direction = sort.removeprefix("-"), "DESC" if sort.startswith("-") else "ASC"
    if name not in (known := sortable_columns(table)):
        raise RequestError(422, f"There is no order by {name!r}.", f"Choose one of {', '.join(known)}.")
    if name == "created" and table in _BY_AGE:
        return f"t.seq {direction}"
    caseless = " COLLATE NOCASE" if name in ("name", "description") else ""
    return f"{COLUMN_SQL[table][name]}{caseless} {direction} NULLS LAST, t.seq DESC"
