"""Columns of tables: readers of their values, and pandas Series of their types."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timezone
from math import isfinite
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple  # records of any kind

from aero_jupyter.core import policy as policies
from aero_jupyter.core.columns import COLUMNS as CORE_COLUMNS
from aero_jupyter.core.columns import Column, ColumnType
from aero_jupyter.core.decode_values import text_from, time_from, whole_from
from aero_jupyter.core.models import Data, Flow, Run, Version
from aero_jupyter.core.redaction import redact_url
from aero_jupyter.notebook.record_facts import freshness_words, mixed_of, names_of, seconds_of

if TYPE_CHECKING:
    import pandas as pd

#: A record of any kind, or a mapping; only the readers of its kind look inside.
Row = Any
#: A reader of one column.
Reader = Callable[[Row], Any]


class ColumnReader(NamedTuple):
    """A column, and the function that reads its value from a record."""

    name: str
    type: ColumnType
    read: Reader
    is_optional: bool = False


#: The years that a column of nanoseconds can hold.
_EARLIEST, _LATEST = (datetime(year, 1, 1, tzinfo=timezone.utc) for year in (1678, 2262))
_DTYPES: dict[ColumnType, str] = {
    "text": "object",
    "word": "category",
    "count": "Int64",
    "time": "datetime64[ns, UTC]",
    "seconds": "float64",
}


class Named(str):
    """A list of names as text; ``objects`` holds the named objects.

    Attributes
    ----------
    objects : tuple of Data or Version
    """

    objects: tuple[Data, ...] | tuple[Version, ...]

    def __new__(cls, text: str, objects: Iterable[Row]) -> Named:
        """Build the text with the objects that it names."""
        named = super().__new__(cls, text)
        named.objects = tuple(objects)
        return named


def column_series(kind: str, rows: Sequence[Row]) -> dict[str, pd.Series[Any]]:
    """Return the columns of records; the id is the last one.

    Parameters
    ----------
    kind : str
        "data", "flow", "prov", "run", "version", "endpoint" or "search".
    """
    import pandas as pd

    return {
        column.name: pd.Series([column.read(row) for row in rows], dtype=_DTYPES[column.type])
        for column in columns_of(kind, rows)
    }


def readers_of(kind: str) -> dict[str, Reader]:
    """Return the reader of each column of a kind, by its name."""
    return {column.name: column.read for column in COLUMNS[kind]}


def columns_of(kind: str, rows: Sequence[Row]) -> list[ColumnReader]:
    """Return the columns of records: all, without the optional ones for which no record has a value."""
    return [
        column
        for column in COLUMNS[kind]
        if not column.is_optional or any(column.read(row) is not None for row in rows)
    ]


def common_columns_of(kind: str, rows: Sequence[tuple[str, Row]]) -> dict[str, pd.Series[Any]]:
    """Return the columns of one kind from rows of several kinds; a value that a row lacks is None."""
    import pandas as pd

    readers = {row_kind: readers_of(row_kind) for row_kind, _ in rows}
    return {
        name: pd.Series(
            [readers[row_kind][name](row) if name in readers[row_kind] else None for row_kind, row in rows],
            dtype=_DTYPES[dtype],
        )
        for name, dtype, *_ in columns_of(kind, [row for row_kind, row in rows if row_kind == kind])
    }


def id_of(kind: str, row: Row) -> str:
    """Return the id of a record."""
    return str(COLUMNS[kind][-1][2](row))


def _text(value: object) -> str | None:
    return value if isinstance(value, Named) else text_from(value)


def _time(value: object) -> datetime | None:
    """Return the time if a column can hold it, else None."""
    if not isinstance(value, datetime):
        return None
    return value if _EARLIEST <= value.replace(tzinfo=timezone.utc) <= _LATEST else None


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and isfinite(value) else None


#: Converters of values to the type of a column; a value that does not fit becomes None.
_CONVERTERS: dict[ColumnType, Reader] = {
    "text": _text,
    "word": _text,
    "count": whole_from,
    "time": _time,
    "seconds": _seconds,
}


def _data_names(several: Sequence[Data]) -> Named:
    return Named(", ".join(each.name for each in several), several)


def _version_names(versions: Sequence[Version] | None) -> Named | None:
    names = names_of(versions)
    return None if versions is None or names is None else Named(names, versions)


def _used_names(run: Run) -> Named | None:
    """Return the versions that a run used, with a note if they do not belong together."""
    names, mixed = _version_names(run.used), mixed_of(run)
    return Named(f"{names} ({mixed})", names.objects) if names is not None and mixed else names


def _flow_name(flow: Flow) -> str | None:
    return flow.function_name or ", ".join(each.name for each in flow.outputs) or None


def _redacted(url: object) -> object:
    return redact_url(url) if isinstance(url, str) else url


def _drift_words(row: Data | Version) -> str | None:
    return "; ".join(row.drift_notes) or None


#: Readers of the columns whose value is not a field of the record.
_COMPUTED: dict[tuple[str, str], Reader] = {
    ("data", "url"): lambda row: _redacted(row.url),
    ("data", "copies"): lambda row: "none" if row.no_copy else None,
    ("data", "freshness"): freshness_words,
    ("data", "drift"): _drift_words,
    ("search", "updated"): lambda row: time_from(row.get("created") or row.get("created_at")),
    ("search", "url"): lambda row: _redacted(row.get("url") or row.get("source")),
    ("search", "id"): lambda row: row.get("data_id") or row.get("id"),
    ("version", "size"): lambda row: row.file.size if row.file else None,
    ("version", "type"): lambda row: row.file.file_type if row.file else None,
    ("version", "checks"): lambda row: "warned" if row.has_warnings else None,
    ("version", "drift"): _drift_words,
    ("version", "content"): lambda row: f"removed by retention {row.removed_at:%Y-%m-%d}" if row.removed_at else None,
    ("version", "object"): lambda row: _redacted(row.source_key),
    ("flow", "name"): _flow_name,
    ("flow", "runs"): lambda row: policies.in_words(row.policy, row.timer),
    ("flow", "policy"): lambda row: row.policy.name.lower(),
    ("flow", "inputs"): lambda row: _data_names(row.inputs),
    ("flow", "outputs"): lambda row: _data_names(row.outputs),
    ("prov", "used"): lambda row: _version_names(row.used),
    ("prov", "made"): lambda row: _version_names(row.made),
    ("run", "seconds"): seconds_of,
    ("run", "used"): _used_names,
    ("run", "made"): lambda row: _version_names(row.made),
}


def _field_reader(kind: str, field: str) -> Reader:
    # Search results and endpoints are mappings; all other records have attributes.
    return (lambda row: row.get(field)) if kind in ("search", "endpoint") else attrgetter(field)


def _reader(kind: str, column: Column) -> Reader:
    convert = _CONVERTERS[column.type]
    read = _COMPUTED.get((kind, column.name)) or _field_reader(kind, column.field)
    return lambda row: convert(read(row))


COLUMNS = {
    kind: tuple(ColumnReader(column.name, column.type, _reader(kind, column), column.is_optional) for column in columns)
    for kind, columns in CORE_COLUMNS.items()
}
