"""The summary of one column: type, missing and distinct values, range, histogram and most frequent values."""

from __future__ import annotations

from datetime import datetime
from typing import Any  # columns of any dtype

import numpy as np
import pandas as pd

from aero_jupyter.core.table_summary import ColumnSummary, FrequentValue, Histogram

#: Bins of a histogram, most frequent values, and characters of one value.
_BINS, _FREQUENT_VALUES, _MAX_VALUE_CHARS = 20, 5, 120
#: Values of a text column that must look like dates before all of them are parsed.
_DATE_SAMPLE = 200
_ISO_DATE = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?"


# A cell may hold anything.
def shown(value: Any) -> str | None:
    """Return a value as text; None if it is missing."""
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return None
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.6g}"
    if isinstance(value, datetime):
        return _date_text(pd.Timestamp(value))
    text = str(value)
    return text if len(text) <= _MAX_VALUE_CHARS else f"{text[: _MAX_VALUE_CHARS - 1]}…"


def _date_text(moment: pd.Timestamp) -> str:
    is_day = moment == moment.normalize()
    return moment.strftime("%Y-%m-%d" if is_day else "%Y-%m-%d %H:%M:%S")


def is_number(values: pd.Series[Any]) -> bool:
    """Return whether a column holds real numbers."""
    types = pd.api.types
    return types.is_numeric_dtype(values) and not (types.is_bool_dtype(values) or types.is_complex_dtype(values))


def as_dates(values: pd.Series[Any]) -> pd.Series[Any] | None:
    """Return a column of dates without time zone, in UTC; None if the column does not hold dates.

    Texts such as 2026-01-05 and 2026-01-05T12:00Z are dates.
    """
    types = pd.api.types
    if types.is_datetime64_any_dtype(values):
        return values.dt.tz_convert("UTC").dt.tz_localize(None) if values.dt.tz is not None else values
    if not (types.is_string_dtype(values) or types.is_object_dtype(values)):
        return None
    sample = values.dropna().head(_DATE_SAMPLE).astype(str)
    if not len(sample) or not sample.str.fullmatch(_ISO_DATE).all():
        return None
    try:
        dates = pd.to_datetime(values.astype("string"), errors="coerce", format="ISO8601", utc=True).dt.tz_localize(
            None
        )
    except (ValueError, OverflowError):
        return None
    # A column of other texts that begins with dates is a column of texts.
    return dates if bool((dates.isna() == values.isna()).all()) else None


def summarize_column(name: str, values: pd.Series[Any], dates: pd.Series[Any] | None) -> ColumnSummary:
    """Return the summary of a column; `dates` are its values as dates, if it holds dates."""
    dtype = str(values.dtype)
    if isinstance(values.dtype, pd.CategoricalDtype):
        # Categories have an order of their own, or none.
        values = values.astype(values.cat.categories.dtype)
    present = values.dropna()
    frequent, distinct = _frequent(present)
    kind, lowest, highest, histogram = "other", None, None, None
    if dates is not None:
        kind, known = "date", dates.dropna()
        lowest, highest = _range(known)
        histogram = _histogram(known.astype("int64").to_numpy(), lowest, highest) if lowest is not None else None
    elif is_number(values):
        kind = "number"
        numbers = present.to_numpy(dtype="float64")
        lowest, highest = _range(present)
        finite = numbers[np.isfinite(numbers)]
        histogram = _histogram(finite, shown(finite.min()), shown(finite.max())) if len(finite) else None
    elif pd.api.types.is_bool_dtype(values):
        kind = "yes or no"
    elif distinct is not None and pd.api.types.is_string_dtype(present):
        kind = "text"
        lowest, highest = _range(present)
    missing = len(values) - len(present)
    return ColumnSummary(name, dtype, kind, missing, distinct, lowest, highest, histogram, frequent)


def _range(values: pd.Series[Any]) -> tuple[str | None, str | None]:
    return (shown(values.min()), shown(values.max())) if len(values) else (None, None)


def _histogram(values: Any, lowest: str | None, highest: str | None) -> Histogram | None:
    if lowest is None or highest is None or values.min() == values.max():
        return None
    counts, _ = np.histogram(values.astype("float64"), _BINS)
    return Histogram(lowest, highest, tuple(int(count) for count in counts))


def _frequent(present: pd.Series[Any]) -> tuple[tuple[FrequentValue, ...], int | None]:
    """Return the most frequent values, and the number of different ones; None where values cannot be compared."""
    try:
        counts = present.value_counts()
    except TypeError:
        return (), None
    if not len(counts) or counts.iloc[0] == 1:
        return (), len(counts)
    first = counts.head(_FREQUENT_VALUES)
    return tuple(FrequentValue(shown(value) or "", int(count)) for value, count in first.items()), len(counts)
