"""Records as a DataFrame that shows itself as people read it: short ids, ages instead of times, sizes in kB."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pandas as pd

from aero_jupyter.core.models import RUN_STATES
from aero_jupyter.notebook.words import ago, size_of, state_of

#: Rows that are shown; all of them are in the frame.
MOST_SHOWN = 60
_IDS = ("id", "flow", "run", "checksum", "endpoint")
_TABLE = (
    "font-family:var(--jp-ui-font-family,sans-serif);font-size:var(--jp-ui-font-size1,13px);"
    "color:var(--jp-ui-font-color1,#212121);background:var(--jp-layout-color0,#fff);border-collapse:collapse;"
    "border:1px solid var(--jp-border-color2,#e0e0e0);font-variant-numeric:tabular-nums"
)
_CELL = "padding:4px 12px;white-space:nowrap;max-width:28em;overflow:hidden;text-overflow:ellipsis;line-height:20px;"
_RULE = "border-top:1px solid var(--jp-border-color2,#e0e0e0);"
_CODE = "font-family:var(--jp-code-font-family,monospace);font-size:var(--jp-code-font-size,13px)"
_META = "caption-side:bottom;text-align:left;padding:4px 12px;font-size:var(--jp-ui-font-size0,11px)"


class AeroFrame(pd.DataFrame):
    """A DataFrame of records; whatever is made from it is a plain DataFrame.

    ``attrs["asked"]`` holds the time it was asked for, as ISO text in UTC.
    """

    def _repr_html_(self) -> str:
        head = "".join(_head(name, self[name]) for name in self.columns)
        rows = (self._row(values) for values in self.head(MOST_SHOWN).itertuples(index=False))
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        caption = f'<caption style="{_META}">{html.escape(self._about())}</caption>'
        return f'<table style="{_TABLE}">{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'

    def __repr__(self) -> str:
        shown = self.head(MOST_SHOWN)
        text = {name: [_told(name, value, self._now()) for value in shown[name]] for name in shown.columns}
        table = pd.DataFrame(text).to_string(index=False) if len(shown) else "  ".join(map(str, self.columns))
        return f"{table}\n{self._about()}"

    def _row(self, values: tuple[Any, ...]) -> str:
        return "".join(_cell(name, value, self._now()) for name, value in zip(self.columns, values, strict=True))

    def _now(self) -> datetime:
        asked = self.attrs.get("asked")
        return datetime.fromisoformat(asked) if asked else datetime.now(timezone.utc)

    def _about(self) -> str:
        count = f"{len(self)} rows" if len(self) <= MOST_SHOWN else f"The first {MOST_SHOWN} of {len(self)} rows"
        return f"{count if len(self) != 1 else '1 row'} · as of {self._now():%H:%M:%S} UTC"


def framed(columns: dict[str, pd.Series[Any]]) -> AeroFrame:
    """Make a frame of columns, asked for now."""
    made = AeroFrame(columns)
    made.attrs["asked"] = datetime.now(timezone.utc).isoformat()
    return made


def _head(name: str, column: pd.Series[Any]) -> str:
    return f'<th scope="col" style="{_CELL}text-align:{_side(column)}">{html.escape(name)}</th>'


def _side(column: pd.Series[Any]) -> str:
    return "right" if pd.api.types.is_numeric_dtype(column) else "left"


def _cell(name: str, value: Any, now: datetime) -> str:
    told, whole = _told(name, value, now), "" if _missing(value) else str(value)
    right = "text-align:right" if isinstance(value, (int, float)) else "text-align:left"
    title = f' title="{html.escape(whole)}"' if whole != told else ""
    shown = html.escape(told)
    inside = f'<span style="{_CODE}">{shown}</span>' if name in _IDS and told else shown
    return f'<td style="{_CELL}{_RULE}{right}"{title}>{inside}</td>'


def _missing(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or value != value


def _told(name: str, value: Any, now: datetime) -> str:
    if _missing(value):
        return ""
    if isinstance(value, datetime):
        return ago(value, now)
    return _WORDS.get(name, str)(value)


def _state(value: object) -> str:
    return state_of(str(value)) if value in RUN_STATES else str(value)


_WORDS: dict[str, Callable[[Any], str]] = {
    **dict.fromkeys(_IDS, lambda value: str(value)[:8]),
    "size": size_of,
    "seconds": lambda value: f"{value:.2f}",
    "state": _state,
}
