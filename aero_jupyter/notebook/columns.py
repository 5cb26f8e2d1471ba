"""What of a record is shown, in which column, as which type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timezone
from math import isfinite
from typing import TYPE_CHECKING, Any

from aero_jupyter.core import policy as policies
from aero_jupyter.core.decode import text_from, time_from, whole_from
from aero_jupyter.core.models import Data, Flow, Run, Version

if TYPE_CHECKING:
    import pandas as pd

Column = tuple[str, str, Callable[[Any], Any]]

#: What counts nanoseconds reaches from here to there.
_EARLIEST, _LATEST = (datetime(year, 1, 1, tzinfo=timezone.utc) for year in (1678, 2262))
_DTYPES = {
    "text": "object",
    "word": "category",
    "count": "Int64",
    "time": "datetime64[ns, UTC]",
    "seconds": "float64",
}


class Named(str):
    """Names as a sentence lists them; ``objects`` holds what they name.

    Attributes
    ----------
    objects : tuple of Data or Version
    """

    objects: tuple[Data, ...] | tuple[Version, ...]

    def __new__(cls, text: str, objects: Iterable[Any]) -> Named:
        """Make the text, and keep what it names."""
        made = super().__new__(cls, text)
        made.objects = tuple(objects)
        return made


def columns_of(kind: str, rows: Sequence[Any]) -> dict[str, pd.Series[Any]]:
    """Give the columns of records, the human ones first and the id last.

    Parameters
    ----------
    kind : str
        "data", "flow", "prov", "run", "version", "endpoint" or "search".
    """
    import pandas as pd

    return {name: pd.Series([read(row) for row in rows], dtype=_DTYPES[dtype]) for name, dtype, read in COLUMNS[kind]}


def common_columns_of(kind: str, rows: Sequence[tuple[str, Any]]) -> dict[str, pd.Series[Any]]:
    """Give the columns of one kind, of rows each given with its own kind; blank where that has none."""
    import pandas as pd

    readers = {of: {name: read for name, _, read in COLUMNS[of]} for of, _ in rows}
    return {
        name: pd.Series(
            [readers[of][name](row) if name in readers[of] else None for of, row in rows], dtype=_DTYPES[dtype]
        )
        for name, dtype, _ in COLUMNS[kind]
    }


def id_of(kind: str, row: Any) -> str:
    """Give the id of a record."""
    return str(COLUMNS[kind][-1][2](row))


def time_of(value: object) -> datetime | None:
    """Read a time of a raw record."""
    return time_from(value)


def seconds_of(run: Run) -> float | None:
    """Give how long a run took, in seconds; None while it has not ended."""
    return (run.ended_at - run.started_at).total_seconds() if run.ended_at and run.started_at else None


def names_of(versions: Sequence[Version] | None) -> str | None:
    """List versions as "sewage v41, clean v12"; None where the server does not tell."""
    if versions is None:
        return None
    return ", ".join(f"{each.data.name if each.data else each.data_id[:8]} v{each.version}" for each in versions)


def _text(value: object) -> str | None:
    return value if isinstance(value, Named) else text_from(value)


def _time(value: object) -> datetime | None:
    """Keep a time that a column can hold."""
    if not isinstance(value, datetime):
        return None
    return value if _EARLIEST <= value.replace(tzinfo=timezone.utc) <= _LATEST else None


def _seconds(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and isfinite(value) else None


#: What becomes of any value in a column of a type; what does not belong there is left out.
_KEPT: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "word": _text,
    "count": whole_from,
    "time": _time,
    "seconds": _seconds,
}


def _kept(name: str, dtype: str, read: Callable[[Any], Any]) -> Column:
    keep = _KEPT[dtype]
    return name, dtype, lambda row: keep(read(row))


def _search_id(row: dict[str, Any]) -> object:
    return row.get("data_id") or row.get("id")


def _data_names(several: Sequence[Data]) -> Named:
    return Named(", ".join(each.name for each in several), several)


def _version_names(versions: Sequence[Version] | None) -> Named | None:
    names = names_of(versions)
    return None if versions is None or names is None else Named(names, versions)


def _flow_name(flow: Flow) -> str | None:
    return flow.function_name or ", ".join(each.name for each in flow.outputs) or None


_READ: dict[str, tuple[Column, ...]] = {
    "data": (
        ("name", "text", lambda row: row.name),
        ("description", "text", lambda row: row.description),
        ("updated", "time", lambda row: time_of(row.raw.get("updated_at"))),
        ("newest version", "count", lambda row: row.raw.get("newest_version")),
        ("size", "count", lambda row: row.raw.get("size")),
        ("created", "time", lambda row: time_of(row.raw.get("created_at"))),
        ("url", "text", lambda row: row.url),
        ("id", "text", lambda row: row.id),
    ),
    "search": (
        ("name", "text", lambda row: row.get("name")),
        ("description", "text", lambda row: row.get("description")),
        ("updated", "time", lambda row: time_of(row.get("created") or row.get("created_at"))),
        ("newest version", "count", lambda row: row.get("version")),
        ("size", "count", lambda row: row.get("file_size")),
        ("url", "text", lambda row: row.get("url") or row.get("source")),
        ("id", "text", _search_id),
    ),
    "endpoint": (
        ("name", "text", lambda row: row["name"]),
        ("status", "word", lambda row: row["status"]),
        ("python", "text", lambda row: row["python"]),
        ("owner", "text", lambda row: row["owner"]),
        ("id", "text", lambda row: row["id"]),
    ),
    "version": (
        ("version", "count", lambda row: row.version),
        ("created", "time", lambda row: row.created_at),
        ("size", "count", lambda row: row.file.size if row.file else None),
        ("type", "text", lambda row: row.file.file_type if row.file else None),
        ("checksum", "text", lambda row: row.checksum),
        ("id", "text", lambda row: row.id),
    ),
    "flow": (
        ("name", "text", _flow_name),
        ("description", "text", lambda row: row.description),
        ("runs", "text", lambda row: policies.in_words(row.policy, row.timer)),
        ("policy", "word", lambda row: row.policy.name.lower()),
        ("inputs", "text", lambda row: _data_names(row.inputs)),
        ("outputs", "text", lambda row: _data_names(row.outputs)),
        ("last run", "time", lambda row: row.last_executed),
        ("endpoint", "text", lambda row: row.endpoint),
        ("id", "text", lambda row: row.id),
    ),
    "prov": (
        ("created", "time", lambda row: row.created_at),
        ("used", "text", lambda row: _version_names(row.used)),
        ("made", "text", lambda row: _version_names(row.made)),
        ("flow", "text", lambda row: row.flow_id),
        ("run", "text", lambda row: row.run_id),
        ("id", "text", lambda row: row.id),
    ),
    "run": (
        ("state", "word", lambda row: row.state),
        ("name", "text", lambda row: row.raw.get("flow_name")),
        ("trigger", "text", lambda row: row.trigger),
        ("created", "time", lambda row: row.created_at),
        ("seconds", "seconds", seconds_of),
        ("used", "text", lambda row: _version_names(row.used)),
        ("made", "text", lambda row: _version_names(row.made)),
        ("error", "text", lambda row: row.error),
        ("flow", "text", lambda row: row.flow_id),
        ("id", "text", lambda row: row.id),
    ),
}

COLUMNS = {kind: tuple(_kept(*column) for column in columns) for kind, columns in _READ.items()}
