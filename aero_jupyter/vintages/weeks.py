"""Epidemiological weeks: MMWR weeks begin on Sunday, ISO weeks on Monday."""

from __future__ import annotations

import pandas as pd

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages.cells import Ints
from aero_jupyter.vintages.observation_days import day_numbers

#: The remainder, by 7, of the day numbers on which a week ends: 1970-01-03 was a Saturday.
_LAST_DAYS = {"mmwr": 2, "iso": 3}
_WEEK_DAYS = 7


def week_ends(days: Ints, weeks: str = "mmwr") -> Ints:
    """Return the last day of the week of each day: a Saturday (MMWR) or a Sunday (ISO).

    Parameters
    ----------
    days : ndarray of int64
        Days since 1970-01-01.
    weeks : {"mmwr", "iso"}

    Raises
    ------
    InvalidArgument
        If `weeks` is another word.

    Examples
    --------
    >>> import numpy as np
    >>> week_ends(np.array([0, 2, 3]))
    array([2, 2, 9])
    """
    if weeks not in _LAST_DAYS:
        raise InvalidArgument(f"There are no weeks {weeks!r}.", 'Write weeks="mmwr" or weeks="iso"')
    return days + (_LAST_DAYS[weeks] - days) % _WEEK_DAYS


def week_labels(dates: pd.DatetimeIndex, weeks: str = "mmwr") -> list[str]:
    """Return the year and the number of the week of each date, as 202553.

    Parameters
    ----------
    dates : DatetimeIndex
        The week is that of the day in the zone of the dates.
    weeks : {"mmwr", "iso"}

    Raises
    ------
    InvalidArgument
        If a date is missing.

    Examples
    --------
    >>> week_labels(pd.DatetimeIndex(["2026-01-03", "2026-01-04"]))
    ['202553', '202601']
    """
    dates = pd.DatetimeIndex(dates)
    if dates.hasnans:
        raise InvalidArgument("A date is missing.", "Label the dates that are there: week_labels(dates.dropna())")
    # The week is that of the calendar day in the zone of the dates.
    days = day_numbers(dates.tz_localize(None))
    # Week 1 has 4 January, so the day in the middle of a week decides its year.
    middle = pd.DatetimeIndex((week_ends(days, weeks) - 3).astype("datetime64[D]"))
    return [f"{day.year}{(day.day_of_year - 1) // _WEEK_DAYS + 1:02d}" for day in middle]
