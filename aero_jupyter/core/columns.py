"""Columns of lists, the only table of them: name, type, field of the record, and what the local AERO does with each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["text", "word", "count", "time", "seconds"]


@dataclass(frozen=True)
class Column:
    """A column of a list.

    Attributes
    ----------
    name : str
        As shown, sorted by and filtered by.
    type : {"text", "word", "count", "time", "seconds"}
        A word has few different values.
    field : str
        The attribute of the record; for search results and endpoints, the key. Empty if the value is computed.
    is_sortable, is_filterable : bool
        Whether the local AERO sorts and filters its lists by the column.
    is_code : bool
        Whether it holds ids or checksums, which tables shorten.
    is_optional : bool
        Whether it is left out where no record has a value.
    """

    name: str
    type: ColumnType
    field: str = ""
    is_sortable: bool = False
    is_filterable: bool = False
    is_code: bool = False
    is_optional: bool = False


_ID = Column("id", "text", "id", is_filterable=True, is_code=True)

#: The columns of each kind of list, in the order in which tables show them. The last one is the id.
COLUMNS: dict[str, tuple[Column, ...]] = {
    "data": (
        Column("name", "text", "name", is_sortable=True, is_filterable=True),
        Column("description", "text", "description", is_sortable=True, is_filterable=True),
        Column("updated", "time", "updated_at", is_sortable=True),
        Column("newest version", "count", "newest_version", is_sortable=True),
        Column("size", "count", "size", is_sortable=True),
        Column("created", "time", "created_at", is_sortable=True),
        Column("url", "text", is_filterable=True),
        Column("copies", "word"),
        Column("freshness", "text"),
        Column("drift", "text"),
        _ID,
    ),
    "search": (
        Column("name", "text", "name"),
        Column("description", "text", "description"),
        Column("updated", "time"),
        Column("newest version", "count", "version"),
        Column("size", "count", "file_size"),
        Column("url", "text"),
        Column("id", "text", is_code=True),
    ),
    "endpoint": (
        Column("name", "text", "name"),
        Column("status", "word", "status"),
        Column("python", "text", "python"),
        Column("owner", "text", "owner"),
        Column("id", "text", "id", is_code=True),
    ),
    "version": (
        Column("version", "count", "version"),
        Column("created", "time", "created_at"),
        Column("size", "count"),
        Column("type", "text"),
        Column("checks", "word"),
        Column("drift", "text"),
        Column("content", "text", is_optional=True),
        Column("object", "text"),
        Column("checksum", "text", "checksum", is_code=True),
        Column("id", "text", "id", is_code=True),
    ),
    "flow": (
        Column("name", "text", is_sortable=True, is_filterable=True),
        Column("description", "text", "description", is_sortable=True, is_filterable=True),
        Column("runs", "text"),
        Column("policy", "word", is_filterable=True),
        Column("inputs", "text", is_filterable=True),
        Column("outputs", "text", is_filterable=True),
        Column("last run", "time", "last_executed", is_sortable=True),
        Column("endpoint", "text", "endpoint", is_filterable=True, is_code=True),
        _ID,
    ),
    "prov": (
        Column("created", "time", "created_at", is_sortable=True),
        Column("used", "text", is_filterable=True),
        Column("made", "text", is_filterable=True),
        Column("flow", "text", "flow_id", is_filterable=True, is_code=True),
        Column("run", "text", "run_id", is_filterable=True, is_code=True),
        _ID,
    ),
    "run": (
        Column("state", "word", "state", is_sortable=True, is_filterable=True),
        Column("name", "text", "flow_name", is_sortable=True, is_filterable=True),
        Column("trigger", "text", "trigger", is_sortable=True, is_filterable=True),
        Column("created", "time", "created_at", is_sortable=True),
        Column("seconds", "seconds"),
        Column("used", "text", is_filterable=True),
        Column("made", "text", is_filterable=True),
        Column("error", "text", "error", is_filterable=True),
        Column("flow", "text", "flow_id", is_filterable=True, is_code=True),
        _ID,
    ),
}


def column_names(kind: str) -> list[str]:
    """Return the names of the columns of a kind; none for an unknown kind."""
    return [column.name for column in COLUMNS.get(kind, ())]


def sortable_columns(kind: str) -> list[str]:
    """Return the names of the columns by which the local AERO sorts a list."""
    return [column.name for column in COLUMNS.get(kind, ()) if column.is_sortable]


def filterable_columns(kind: str) -> list[str]:
    """Return the names of the columns by which the local AERO filters a list."""
    return [column.name for column in COLUMNS.get(kind, ()) if column.is_filterable]
