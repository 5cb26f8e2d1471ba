"""Differences as JSON values, as text and as HTML."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterable
from html import escape
from typing import Any  # cells

import numpy as np
import pandas as pd

from aero_jupyter.core.terminal_text import escape_controls
from aero_jupyter.vintages.diff_result import Differences

#: Lines of the text form, and of the drawn form.
_SHOWN_CHANGES = 20
_ROW_COLORS = {"added": "#1a7f3733", "removed": "#cf222e33", "changed": "#bf870033"}


def json_values(diff: Differences) -> dict[str, Any]:
    """Return differences as JSON values; a new column has its name only."""
    columns = diff.columns
    return {
        "from": json_value(diff.versions[0]),
        "to": json_value(diff.versions[1]),
        "keys": list(diff.keys),
        "matched_by": diff.note,
        "schema": {
            "added": [str(name) for name in columns.added],
            "removed": [str(name) for name in columns.removed],
            "types": {str(name): {"from": types[0], "to": types[1]} for name, types in columns.types.items()},
        },
        "counts": dict(diff.counts),
        "cells": _records(diff.cells.drop(columns=["from_version", "to_version"])),
        "added": _records(diff.added),
        "removed": _records(diff.removed),
    }


def text(diff: Differences) -> str:
    """Render differences as text, the largest first."""
    lines = [_headline(diff), *_column_lines(diff)]
    if diff.keys:
        lines += [_change_line(diff, row) for row in diff.largest().head(_SHOWN_CHANGES).to_dict("records")]
    else:
        lines += [_row_line(row) for row in _whole_rows(diff).to_numpy(object)]
    if len(diff.cells) > _SHOWN_CHANGES:
        lines.append(f"and {len(diff.cells) - _SHOWN_CHANGES:,} more in diff.cells")
    return "\n".join(escape_controls(line) for line in lines)


def html(diff: Differences) -> str:
    """Render differences as HTML, the largest first."""
    lines = [_headline(diff), *_column_lines(diff)]
    head = "".join(f"<div>{escape(escape_controls(line))}</div>" for line in lines)
    table = diff.largest().drop(columns=["from_version", "to_version"]) if diff.keys else _whole_rows(diff)
    table = table.head(_SHOWN_CHANGES)
    heading = "".join(f"<th>{escape(str(name))}</th>" for name in table.columns)
    rows = []
    for row in table.to_numpy(object):
        cells = "".join(f"<td>{escape(escape_controls(shown_value(value)))}</td>" for value in row)
        rows.append(f'<tr style="background:{_ROW_COLORS[row[0]]}">{cells}</tr>')
    more = len(diff.cells) - len(table)
    foot = f"<div>and {more:,} more in diff.cells</div>" if more > 0 else ""
    return f"{head}<table><thead><tr>{heading}</tr></thead><tbody>{''.join(rows)}</tbody></table>{foot}"


def _headline(diff: Differences) -> str:
    counts = diff.counts
    kinds = ", ".join(f"{counts[kind]:,} {kind}" for kind in ("added", "removed", "changed", "unchanged"))
    matched = f"by {diff.note}" if diff.keys else diff.note
    start, end = (shown_value(version) for version in diff.versions)
    return f"{start} -> {end}, {matched}: {counts['rows_from']:,} -> {counts['rows_to']:,} rows; {kinds}"


def _column_lines(diff: Differences) -> list[str]:
    lines = [f"new column  {name}" for name in diff.columns.added]
    lines += [f"lost column  {name}" for name in diff.columns.removed]
    return lines + [f"type of {name}: {types[0]} -> {types[1]}" for name, types in diff.columns.types.items()]


def _change_line(diff: Differences, row: dict[Any, Any]) -> str:
    start = f"{row['change']:<8} {', '.join(shown_value(row[name]) for name in diff.keys)}".rstrip()
    if row["change"] == "changed":
        share = "" if math.isnan(row["rel_diff"]) else f" ({_signed(row)})"
        return f"{start}  {row['column']}: {shown_value(row['from_value'])} -> {shown_value(row['to_value'])}{share}"
    rows = diff.added if row["change"] == "added" else diff.removed
    values = [name for name in rows.columns if name not in diff.keys]
    if len(values) != 1:
        return start
    value = row["to_value"] if row["change"] == "added" else row["from_value"]
    return f"{start}  {values[0]}: {shown_value(value)}"


def _whole_rows(diff: Differences) -> pd.DataFrame:
    """Return the first added and removed rows, where no keys identify them."""
    parts = [rows.head(_SHOWN_CHANGES).astype(object) for rows in (diff.added, diff.removed)]
    kinds = [kind for kind, part in zip(("added", "removed"), parts, strict=True) for _ in range(len(part))]
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, "change", kinds, allow_duplicates=True)
    return table.head(_SHOWN_CHANGES)


def _row_line(row: Iterable[Any]) -> str:
    change, *cells = row
    return f"{change:<8} {', '.join(map(shown_value, cells))}"


def _signed(row: dict[Any, Any]) -> str:
    return f"{'+' if row['to_value'] > row['from_value'] else '−'}{row['rel_diff']:.0%}"


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    columns = [[json_value(value) for value in frame[name]] for name in frame.columns]
    names = [str(name) for name in frame.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def json_value(value: Any) -> Any:
    """Return a cell as a JSON value.

    Examples
    --------
    >>> json_value(pd.Timestamp("2026-01-04")), json_value(float("nan"))
    ('2026-01-04', None)
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, dt.datetime):
        is_date = value.tzinfo is None and value.time() == dt.time()
        return value.date().isoformat() if is_date else value.isoformat()
    if isinstance(value, (bool, int, str)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def shown_value(value: Any) -> str:
    """Return a cell as text; a missing value is NA.

    Examples
    --------
    >>> shown_value(14.0), shown_value(None)
    ('14', 'NA')
    """
    plain = json_value(value)
    if plain is None:
        return "NA"
    return f"{plain:.10g}" if isinstance(plain, float) else str(plain)


class Diff(Differences):
    """The differences between two versions; ``print(diff)`` shows the largest first.

    `Differences` lists the attributes.
    """

    def to_dict(self) -> dict[str, Any]:
        """Return the differences as JSON values: dates are ISO texts, missing values None."""
        return json_values(self)

    def to_json(self) -> str:
        """Return the differences as a JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)

    def __str__(self) -> str:
        return text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html(self)
