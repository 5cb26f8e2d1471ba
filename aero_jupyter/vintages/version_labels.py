"""Labels of versions: dates, instants or integers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any  # labels of versions

import numpy as np
import pandas as pd

from aero_jupyter.core.errors import InvalidArgument

#: pandas also reads other texts, such as 01/02/2026, 12:00 and today: each has another meaning for somebody.
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{8}")
_CLOCK, _ZONE = r"[T ]\d{2}(?::?\d{2}){0,2}(?:[.,]\d+)?", r" ?(?:Z|UTC|[+-]\d{2}(?::?\d{2})?)"
_TIME = re.compile(rf"(?:{_DATE.pattern})(?:{_CLOCK}(?:{_ZONE})?)?")


def version_index(labels: Iterable[Any]) -> pd.Index[Any]:
    """Parse the labels of versions: dates, instants or integers.

    Parameters
    ----------
    labels : iterable
        Dates, datetimes, their ISO texts, or integers.

    Returns
    -------
    Index
        Integers, or a DatetimeIndex: naive, or in UTC.

    Raises
    ------
    InvalidArgument
        If the labels are of several kinds.

    Examples
    --------
    >>> version_index(["2026-01-02", "2026-01-03"])[0]
    Timestamp('2026-01-02 00:00:00')
    """
    labels = list(labels)
    whole = [is_integer(label) for label in labels]
    if labels and all(whole):
        return pd.Index([int(label) for label in labels], dtype="int64")
    if any(whole):
        raise InvalidArgument("The versions mix dates and numbers.", "Label all in the same way.")
    times = [instant(label) for label in labels]
    if len({time.tzinfo is None for time in times}) > 1:
        raise InvalidArgument("The versions mix times with and without a time zone.", "Label all in the same way.")
    return pd.DatetimeIndex(times).as_unit("ns")


def instant(label: Any) -> pd.Timestamp:
    """Parse a date or a time; one with a zone is converted to UTC.

    Raises
    ------
    InvalidArgument
        If the label is neither a date nor a time.
    """
    time = parsed_time(label)
    return time if time.tzinfo is None else time.tz_convert("UTC")


def is_integer(label: Any) -> bool:
    """Return whether a label is a number; True and False are none."""
    return isinstance(label, (int, np.integer)) and not isinstance(label, bool)


def is_date(time: Any) -> bool:
    """Return whether a label is a date without a time of day.

    Examples
    --------
    >>> is_date("2026-01-05"), is_date("2026-01-05T00:00")
    (True, False)
    """
    if isinstance(time, str):
        return _DATE.fullmatch(time.strip()) is not None
    if isinstance(time, np.datetime64):
        return np.datetime_data(time)[0] == "D"
    return isinstance(time, dt.date) and not isinstance(time, dt.datetime)


def parsed_time(label: Any) -> pd.Timestamp:
    """Parse a date or a time.

    Raises
    ------
    InvalidArgument
        If the label is neither a date nor a time; a text has to be written as ISO 8601 does.

    Examples
    --------
    >>> parsed_time("2026-01-05T12:00Z")
    Timestamp('2026-01-05 12:00:00+0000', tz='UTC')
    """
    is_known = isinstance(label, (str, dt.date, np.datetime64))
    text = label.strip() if isinstance(label, str) else None
    if is_known and (text is None or _TIME.fullmatch(text)):
        try:
            time = pd.Timestamp(label if text is None else text)
        except ValueError as error:
            raise _no_time(label) from error
        if not pd.isna(time):
            return time
    raise _no_time(label)


def _no_time(label: Any) -> InvalidArgument:
    return InvalidArgument(
        f"{label!r} is neither a date nor a time.", "Write for example 2026-01-05 or 2026-01-05T12:00+00:00."
    )
