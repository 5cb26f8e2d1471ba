"""Differences in their canonical form: one line per changed cell, and one per added or removed row."""

from __future__ import annotations

from typing import Any  # columns of any dtype

import numpy as np
import pandas as pd

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages.cells import Ints, assembled, numbers, stacked


def changed_cells(
    left: pd.DataFrame, right: pd.DataFrame, keys: tuple[str, ...], name: Any, rows: Ints, partner: Ints
) -> pd.DataFrame:
    """Return one line per changed cell of a column; `rows` and `partner` are its positions in the two versions."""
    before, after = left[name].take(rows), right[name].take(partner)
    cells = left[list(keys)].take(rows).reset_index(drop=True)
    cells = cells.assign(change="changed", column=name)
    absolute = relative = np.full(len(rows), np.nan)
    if _are_numbers(before) and _are_numbers(after):
        start = numbers(before)
        absolute = np.abs(numbers(after) - start)
        with np.errstate(divide="ignore", invalid="ignore"):
            relative = np.where(start == 0, np.nan, absolute / np.abs(start))
    values = {
        "from_value": before.reset_index(drop=True),
        "to_value": after.reset_index(drop=True),
        "abs_diff": absolute,
        "rel_diff": relative,
    }
    return cells.assign(**{column: list(value) if _mixed(value) else value for column, value in values.items()})


def _mixed(value: Any) -> bool:
    return isinstance(getattr(value, "dtype", None), pd.CategoricalDtype)


def _are_numbers(column: pd.Series[Any]) -> bool:
    types = pd.api.types
    dtype = column.dtype
    return types.is_numeric_dtype(dtype) and not types.is_bool_dtype(dtype) and not types.is_complex_dtype(dtype)


def whole_rows(rows: pd.DataFrame, keys: tuple[str, ...], change: str) -> pd.DataFrame:
    """Return one line per row; the value is shown if it is the only one."""
    values = [name for name in rows.columns if name not in keys]
    cells = rows[list(keys)].reset_index(drop=True).assign(change=change, column=None)
    nothing = pd.Series([None] * len(rows), dtype=object)
    value = rows[values[0]].reset_index(drop=True) if len(values) == 1 else nothing
    shown = (
        {"from_value": nothing, "to_value": value} if change == "added" else {"from_value": value, "to_value": nothing}
    )
    return cells.assign(**shown, abs_diff=np.nan, rel_diff=np.nan)


def canonical(parts: list[pd.DataFrame], keys: tuple[str, ...], versions: tuple[Any, Any]) -> pd.DataFrame:
    """Bind the lines, sorted by the keys where these can be sorted.

    Raises
    ------
    InvalidArgument
        If a key has the name of a column of the result.
    """
    names = ["change", *keys, "column", "from_value", "to_value", "abs_diff", "rel_diff"]
    taken = [
        name for name in keys if name in {"from_version", "to_version", *names} - set(keys) or names.count(name) > 1
    ]
    if taken:
        raise InvalidArgument(f"The key {taken[0]} is also a column of the result.", f"Rename the column {taken[0]}.")
    filled = [part for part in parts if len(part)]
    columns: dict[Any, Any] = {}
    for name in names:
        cells = [part[name] for part in filled]
        if name in ("from_value", "to_value"):
            cells = _one_type(cells)
        columns[name] = stacked(cells) if cells else []
    table = assembled(columns)
    table.insert(0, "from_version", [versions[0]] * len(table))
    table.insert(1, "to_version", [versions[1]] * len(table))
    try:
        return table.sort_values(list(keys), kind="stable", ignore_index=True)
    except TypeError:
        return table


def _one_type(parts: list[pd.Series[Any]]) -> list[pd.Series[Any]]:
    """Return columns of one dtype where all have it but for columns of missing values."""
    types = {part.dtype for part in parts if not part.isna().all()}
    if len(types) == 1 and (dtype := types.pop()).kind == "f":
        return [part.astype(dtype) for part in parts]
    return [part.astype(object) for part in parts]
