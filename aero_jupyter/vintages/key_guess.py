"""Which columns identify a row, where nobody has named them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations
from typing import Any  # columns of any dtype

import numpy as np
import pandas as pd

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages.matching import joint_codes

#: Names of columns that identify a row even if they hold integers.
_ID_NAMES = re.compile(
    r"(.*_)?(id|key|code|geo|geo_?value|fips|zip|zip_?code|county|hrr|msa|state|province|nation|country|location|"
    r"jurisdiction|region|site|plant|date|day|time|time_?value|target_end_date|reference_date|week|epi_?week|month|"
    r"year|year_?month|age|age_?group|sex|horizon|target)",
    re.IGNORECASE,
)
#: Names of columns with the date that a row is about, most specific first.
_TIME_NAMES = (
    "time_value", "reference_date", "reference_time", "target_end_date", "date", "time", "datetime", "target_date",
    "day", "week", "epiweek", "month", "year", "yearmonth",
)  # fmt: skip
_MOST_CANDIDATES, _MOST_KEYS = 8, 4


def guessed_keys(*versions: pd.DataFrame) -> list[str]:
    """Return the fewest columns that identify a row in every version; empty if there are none.

    Columns of dates, then of texts and of ids, are considered; measurements are not.

    Examples
    --------
    >>> import pandas as pd
    >>> guessed_keys(pd.DataFrame({"geo": ["A", "A"], "day": ["2026-01-01", "2026-01-02"], "cases": [3, 4]}))
    ['day']
    """
    if not versions:
        return []
    candidates = sorted(
        (name for name in versions[0].columns if all(_may_identify(frame, name) for frame in versions)),
        key=lambda name: not pd.api.types.is_datetime64_any_dtype(versions[0][name].dtype),
    )[:_MOST_CANDIDATES]
    for count in range(1, min(len(candidates), _MOST_KEYS) + 1):
        for names in combinations(candidates, count):
            if all(_is_unique(frame, list(names)) for frame in versions):
                return [name for name in versions[0].columns if name in names]
    return []


def _may_identify(frame: pd.DataFrame, name: Any) -> bool:
    if name not in frame.columns or not isinstance(name, str):
        return False
    column, types = frame[name], pd.api.types
    if types.is_datetime64_any_dtype(column.dtype) or isinstance(column.dtype, pd.CategoricalDtype):
        return True
    if types.is_integer_dtype(column.dtype):
        return _ID_NAMES.fullmatch(name) is not None
    return bool(types.is_string_dtype(column))


def _is_unique(frame: pd.DataFrame, names: list[str]) -> bool:
    codes, _, size = joint_codes(frame[names], frame[names].iloc[:0])
    return bool(np.bincount(codes, minlength=size).max(initial=0) <= 1)


def guessed_time(frame: pd.DataFrame, keys: list[str]) -> str | None:
    """Return the key column with the date that a row is about; None if no column looks like one.

    Examples
    --------
    >>> import pandas as pd
    >>> guessed_time(pd.DataFrame({"geo": ["A"], "day": ["2026-01-01"]}), ["geo", "day"])
    'day'
    """
    dates = [name for name in keys if _holds_dates(frame[name])]
    known = {name.lower(): name for name in dates}
    named = [known[name] for name in _TIME_NAMES if name in known]
    return named[0] if named else (dates[0] if len(dates) == 1 else None)


def _holds_dates(column: pd.Series[Any]) -> bool:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return True
    if not pd.api.types.is_string_dtype(column) or not len(column):
        return False
    return bool(column.astype(str).str.match(r"\d{4}-\d{2}-\d{2}").all())


def with_time(keys: Sequence[str], time: str | None) -> list[str]:
    """Return the key columns, with the time column at the end if it is missing.

    Examples
    --------
    >>> with_time(["geo"], "day")
    ['geo', 'day']
    """
    if isinstance(keys, str):
        keys = [keys]
    every = list(dict.fromkeys([*keys, *([] if time is None else [time])]))
    if not every:
        raise InvalidArgument("An archive needs the columns that identify a row.", 'Write for example: keys=["geo"]')
    return every
