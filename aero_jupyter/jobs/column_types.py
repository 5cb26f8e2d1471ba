"""Lossless conversion of DataFrame columns to text and back, with a description of their types."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any  # pandas objects: pandas is imported only to read a table

from aero_jupyter.core.safe_parsing import parse_json

_JSON_TYPES = (str, bool, int, float, list, dict)
_NAME_TYPES = (str, bool, int, float, type(None))
#: The first integer that has a neighbour without a float.
_FIRST_ROUNDED = 2**53


class TypeNotKept(Exception):
    """A column or a name cannot be stored as text."""


def encode_column(series: Any) -> tuple[Any, dict[str, Any]]:
    """Return a column as text and the description that `decode_column` needs.

    Raises
    ------
    TypeNotKept
        If text cannot hold its values.
    """
    dtype, missing = series.dtype, series.isna()
    kind = getattr(dtype, "kind", "O")
    about: dict[str, Any] = {"dtype": str(dtype)}
    if about["dtype"] == "category":
        categories, inner = encode_column(dtype.categories.to_series(index=range(len(dtype.categories))))
        text = series.cat.codes.map(dict(enumerate(categories)))
        about |= {"kind": "category", "categories": list(categories), "of": inner, "ordered": dtype.ordered}
    elif about["dtype"].startswith("period["):
        text, about["kind"] = series.astype(str), "period"
    elif kind in "biufmM" and "pyarrow" not in about["dtype"] and "Sparse" not in about["dtype"]:
        about["kind"] = {"m": "timedelta", "M": "time"}.get(kind, "number")
        text = _texts(series, missing, _number_text if about["kind"] == "number" else str)
    elif about["dtype"] in ("str", "string", "object"):
        about["kind"] = _kind_of_objects(series, missing)
        text = _texts(series, missing, json.dumps if about["kind"] == "json" else str)
        if missing.any() and all(value is None for value in series[missing]):
            about["none"] = True
    else:
        raise TypeNotKept(f"the type {dtype}")
    text = text.astype(object).where(~missing.to_numpy(), "")
    about["empty"] = _rows_of_empty_text(text, missing)
    return text, about


def _rows_of_empty_text(text: Any, missing: Any) -> Any:
    empty = (text == "").to_numpy() & ~missing.to_numpy()
    if empty.any() and not missing.any():
        return True
    return [int(row) for row in empty.nonzero()[0]]


def _number_text(value: object) -> str:
    value = value.item() if hasattr(value, "item") else value
    return repr(value)


def _texts(series: Any, missing: Any, write: Callable[[Any], str]) -> Any:
    import pandas as pd

    pairs = zip(series, missing, strict=True)
    return pd.Series(
        ["" if is_missing else write(value) for value, is_missing in pairs], index=series.index, dtype=object
    )


def _kind_of_objects(series: Any, missing: Any) -> str:
    values = [value for value, is_missing in zip(series, missing, strict=True) if not is_missing]
    kinds = {type(value) for value in values}
    for kind, name in ((str, "text"), (bool, "bool"), (date, "date"), (Decimal, "decimal")):
        if kinds <= {kind}:
            return name
    try:
        same = all(isinstance(value, _JSON_TYPES) and parse_json(json.dumps(value)) == value for value in values)
    except (TypeError, ValueError, RecursionError):
        same = False
    if not same:
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise TypeNotKept(f"values of {names}")
    return "json"


def decode_column(text: object, about: dict[str, Any]) -> Any:
    """Return the column that `encode_column` wrote as text."""
    import numpy as np
    import pandas as pd

    values = np.asarray(text, dtype=object)
    missing = values == ""
    if about["empty"] is True:
        missing = np.zeros(len(values), dtype=bool)
    missing[about["empty"] if isinstance(about["empty"], list) else []] = False
    if about["kind"] == "category":
        categories = decode_column(about["categories"], about["of"])
        present = pd.Index(decode_column(values[~missing], {**about["of"], "empty": True}))
        codes = np.full(len(values), -1)
        codes[~missing] = pd.Index(categories).get_indexer(present)
        return pd.Series(pd.Categorical.from_codes(codes, pd.Index(categories), ordered=about["ordered"]))
    parsed = _PARSERS[about["kind"]](values[~missing], about["dtype"])
    if not missing.any():
        return pd.Series(parsed, dtype=about["dtype"])
    filler = None if about.get("none") or about["dtype"] not in ("object", "str") else float("nan")
    return pd.Series(_spread(parsed, missing, filler), dtype=about["dtype"])


def _spread(parsed: Any, missing: Any, filler: Any) -> Any:
    values: list[Any] = []
    present = iter(parsed)
    for is_missing in missing:
        values.append(filler if is_missing else next(present))
    return values


def _parse_numbers(values: Any, dtype: str) -> list[Any]:
    kind = dtype.lower()
    if kind.startswith("bool"):
        return [value == "True" for value in values]
    return [float(value) if kind.startswith("float") else int(value) for value in values]


def _parse_times(values: Any, dtype: str) -> list[Any]:
    import pandas as pd

    zone = getattr(pd.Series(dtype=dtype).dt, "tz", None)
    return [pd.Timestamp(value) if zone is None else pd.Timestamp(value).tz_convert(zone) for value in values]


def _parse_spans(values: Any, dtype: str) -> list[Any]:
    import pandas as pd

    return [pd.Timedelta(value) for value in values]


def _parse_periods(values: Any, dtype: str) -> list[Any]:
    import pandas as pd

    return [pd.Period(value, freq=dtype[7:-1]) for value in values]


_PARSERS: dict[str, Callable[[Any, str], list[Any]]] = {
    "number": _parse_numbers,
    "time": _parse_times,
    "timedelta": _parse_spans,
    "period": _parse_periods,
    "text": lambda values, dtype: list(values),
    "bool": lambda values, dtype: [value == "True" for value in values],
    "date": lambda values, dtype: [date.fromisoformat(value) for value in values],
    "decimal": lambda values, dtype: [Decimal(value) for value in values],
    "json": lambda values, dtype: [parse_json(value) for value in values],
}


def with_exact_integers(frame: Any, values_of: Callable[[], Any]) -> Any:
    """Return the frame with integers where floats rounded them; `values_of` returns its values as objects."""
    if places := columns_of_rounded(frame):
        values = values_of()
        for at in places:
            if any(type(value) is int for value in values.iloc[:, at]):
                frame.isetitem(at, _integers_or_objects(values.iloc[:, at]))
    return frame


def columns_of_rounded(frame: Any) -> list[int]:
    """Return the positions of the float columns with a value at which integers are rounded."""
    floats = [at for at, dtype in enumerate(frame.dtypes) if getattr(dtype, "kind", "O") == "f"]
    return [at for at in floats if (frame.iloc[:, at].abs() >= _FIRST_ROUNDED).any()]


def _integers_or_objects(values: Any) -> Any:
    import pandas as pd

    present = values[values.notna()]
    if all(type(value) is int and -(2**63) <= value < 2**63 for value in present):
        return pd.Series(
            [None if missing else value for value, missing in zip(values, values.isna(), strict=True)],
            index=values.index,
            dtype="Int64",
        )
    return values


def encode_names(names: Any) -> list[Any]:
    """Return column names as JSON; tuples as lists.

    Raises
    ------
    TypeNotKept
        If a name is neither text nor a number.
    """
    return [_encode_name(name) for name in names]


def _encode_name(name: object) -> Any:
    if isinstance(name, tuple):
        return [_encode_name(part) for part in name]
    name = name.item() if hasattr(name, "item") and not isinstance(name, _NAME_TYPES) else name
    if not isinstance(name, _NAME_TYPES):
        raise TypeNotKept(f"a column name of type {type(name).__name__}")
    return name
