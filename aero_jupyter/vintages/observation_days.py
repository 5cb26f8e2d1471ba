"""The days that observations are about."""

from __future__ import annotations

import re
from typing import Any  # columns of any dtype

import numpy as np
import pandas as pd

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages.cells import Ints, decategorized
from aero_jupyter.vintages.version_labels import is_integer, parsed_time

_MONTH = re.compile(r"\d{4}-\d{2}")


def day_numbers(times: pd.DatetimeIndex) -> Ints:
    """Return the days of naive times, counted from 1970-01-01.

    Examples
    --------
    >>> day_numbers(pd.DatetimeIndex(["1970-01-03 12:00"]))
    array([2])
    """
    return times.normalize().to_numpy("datetime64[D]").astype(np.int64)


def observation_days(times: pd.Series[Any], *, are_integers: bool) -> Ints:
    """Return the days that observations are about, as days since 1970; integers are returned as they are.

    Parameters
    ----------
    times : Series
        Dates, datetimes, their ISO texts, months such as 2026-01, or integers.
    are_integers : bool
        Whether the versions are integers. A delay needs both of one kind.

    Raises
    ------
    InvalidArgument
        If a value is missing or no date, or if the versions are of another kind.

    Examples
    --------
    >>> observation_days(pd.Series(["1970-01-03"]), are_integers=False)
    array([2])
    """
    name = times.name
    if times.isna().any():
        raise InvalidArgument(f"The column {name} has missing values.", "Name another column: time=…")
    codes, values = pd.factorize(decategorized(times))
    whole = pd.api.types.is_integer_dtype(times.dtype) or all(is_integer(value) for value in values)
    if len(values) and whole != are_integers:
        cures = {True: f"Convert the column {name} to dates", False: "Label the versions with dates"}
        kinds = ("numbers", "dates") if whole else ("no numbers", "numbers")
        raise InvalidArgument(
            f"The column {name} holds {kinds[0]}, but the versions are {kinds[1]}.",
            f"{cures[whole]}, or name another column: time=…",
        )
    if whole:
        return np.asarray(values, dtype=np.int64)[codes]
    try:
        stamps = pd.DatetimeIndex([_wall_time(value) for value in values])
    except InvalidArgument as error:
        raise InvalidArgument(f"The column {name} does not hold dates.", "Write them as 2026-01-05") from error
    return day_numbers(stamps)[codes]


def _wall_time(value: Any) -> pd.Timestamp:
    is_month = isinstance(value, str) and _MONTH.fullmatch(value.strip()) is not None
    return parsed_time(f"{value.strip()}-01" if is_month else value).tz_localize(None)
