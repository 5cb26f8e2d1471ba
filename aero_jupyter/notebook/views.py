"""How records look: DataFrames with human columns first, and small cards with an HTML and a text form."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aero_jupyter.core import policy as policies
from aero_jupyter.core.models import Flow, Run, Version
from aero_jupyter.notebook.words import state_of

if TYPE_CHECKING:
    import pandas as pd

Column = tuple[str, str, Callable[[Any], Any]]

_DTYPES = {"text": "object", "count": "Int64", "time": "datetime64[ns, UTC]", "seconds": "float64"}
_STYLE = (
    "font-family:var(--jp-ui-font-family,sans-serif);font-size:var(--jp-ui-font-size1,13px);line-height:20px;"
    "color:var(--jp-ui-font-color1,#212121);background:var(--jp-layout-color1,#fff);"
    "border:1px solid var(--jp-border-color2,#e0e0e0);border-radius:2px;padding:8px 12px;display:inline-block;"
)
_META = "font-size:var(--jp-ui-font-size0,11px);color:var(--jp-ui-font-color2,#616161)"
_PRE = "font-family:var(--jp-code-font-family,monospace);font-size:var(--jp-code-font-size,13px);margin:4px 0 0"


def frame_of(kind: str, rows: Iterable[Any]) -> pd.DataFrame:
    """Show records as a DataFrame; times in UTC, the id last.

    Parameters
    ----------
    kind : str
        "data", "flow", "prov", "run", "version", "endpoint" or "search".
    rows : iterable
        The records; dicts for "search" and "endpoint".
    """
    import pandas as pd

    from aero_jupyter.notebook.frames import framed

    rows = list(rows)
    columns = {
        name: pd.Series([read(row) for row in rows], dtype=_DTYPES[dtype]) for name, dtype, read in _COLUMNS[kind]
    }
    return framed(columns)


def time_of(value: object) -> datetime | None:
    """Read a time of a raw record."""
    from aero_jupyter.core.decode import time_from

    return time_from(value)


def seconds_of(run: Run) -> float | None:
    """Give how long a run took, in seconds; None while it has not ended."""
    return (run.ended_at - run.started_at).total_seconds() if run.ended_at and run.started_at else None


def names_of(versions: Sequence[Version] | None) -> str | None:
    """List versions as "sewage v41, clean v12"; None where the server does not tell."""
    if versions is None:
        return None
    return ", ".join(f"{each.data.name if each.data else each.data_id[:8]} v{each.version}" for each in versions)


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, (int, float)) or (isinstance(value, str) and value.isdigit()) else None


def _search_id(row: dict[str, Any]) -> object:
    return row.get("data_id") or row.get("id")


def _flow_name(flow: Flow) -> str | None:
    return flow.function_name or ", ".join(each.name for each in flow.outputs) or None


_COLUMNS: dict[str, tuple[Column, ...]] = {
    "data": (
        ("name", "text", lambda row: row.name),
        ("description", "text", lambda row: row.description),
        ("newest version", "count", lambda row: _whole(row.raw.get("newest_version"))),
        ("created", "time", lambda row: time_of(row.raw.get("created_at"))),
        ("url", "text", lambda row: row.url),
        ("id", "text", lambda row: row.id),
    ),
    "search": (
        ("name", "text", lambda row: row.get("name")),
        ("description", "text", lambda row: row.get("description")),
        ("updated", "time", lambda row: time_of(row.get("created") or row.get("created_at"))),
        ("version", "count", lambda row: _whole(row.get("version"))),
        ("size", "count", lambda row: _whole(row.get("file_size"))),
        ("url", "text", lambda row: row.get("url") or row.get("source")),
        ("id", "text", _search_id),
    ),
    "endpoint": (
        ("name", "text", lambda row: row["name"]),
        ("status", "text", lambda row: row["status"]),
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
        ("inputs", "text", lambda row: ", ".join(each.name for each in row.inputs)),
        ("outputs", "text", lambda row: ", ".join(each.name for each in row.outputs)),
        ("last run", "time", lambda row: row.last_executed),
        ("endpoint", "text", lambda row: row.endpoint),
        ("id", "text", lambda row: row.id),
    ),
    "prov": (
        ("created", "time", lambda row: row.created_at),
        ("used", "text", lambda row: names_of(row.used)),
        ("made", "text", lambda row: names_of(row.made)),
        ("flow", "text", lambda row: row.flow_id),
        ("run", "text", lambda row: row.run_id),
        ("id", "text", lambda row: row.id),
    ),
    "run": (
        ("state", "text", lambda row: row.state),
        ("trigger", "text", lambda row: row.trigger),
        ("created", "time", lambda row: row.created_at),
        ("seconds", "seconds", seconds_of),
        ("used", "text", lambda row: names_of(row.used)),
        ("made", "text", lambda row: names_of(row.made)),
        ("error", "text", lambda row: row.error),
        ("flow", "text", lambda row: row.flow_id),
        ("id", "text", lambda row: row.id),
    ),
}


class Card:
    """A few lines of text with a heading; the same words as HTML and as text.

    Parameters
    ----------
    heading : str
        The first line.
    *lines : str
        What follows; empty ones are left out.
    pre : str
        Text shown as it is, in code type.
    """

    def __init__(self, heading: str, *lines: str, pre: str = "") -> None:
        self.heading = heading
        self.lines = tuple(line for line in lines if line)
        self.pre = pre

    def __repr__(self) -> str:
        return "\n".join(part for part in (self.heading, *self.lines, self.pre.rstrip("\n")) if part)

    def _repr_html_(self) -> str:
        shown = "".join(f'<div style="{_META}">{html.escape(line)}</div>' for line in self.lines)
        pre = f'<pre style="{_PRE}">{html.escape(self.pre)}</pre>' if self.pre else ""
        heading = f'<div style="white-space:pre-wrap">{html.escape(self.heading)}</div>'
        return f'<div style="{_STYLE}">{heading}{shown}{pre}</div>'


class Who(Card):
    """Who is logged in, and where."""


class RunCard(Card):
    """A run as it was when it was looked at; attributes of the run are its own.

    Attributes
    ----------
    run : Run
        The run.
    """

    def __init__(self, run: Run, name: str) -> None:
        self.run = run
        seconds = seconds_of(run)
        took = "" if seconds is None else f" in {seconds:.1f} s"
        used, made = names_of(run.used), names_of(run.made)
        kept = f"Made {made}." if made else ("Made nothing new." if run.is_final else "")
        super().__init__(
            f"{state_of(run.state)}{took}: {name}    run {run.id[:8]}", f"Used {used}." if used else "", kept
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "run":
            raise AttributeError(name)
        return getattr(self.run, name)
