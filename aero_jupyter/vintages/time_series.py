"""A column of numbers along a column of dates, in as many points as a chart can show."""

from __future__ import annotations

from typing import Any  # columns of any dtype

import numpy as np
import pandas as pd

from aero_jupyter.core.table_summary import TimePoint, TimeSeries

#: Points of one series at most.
MAX_POINTS = 200


def time_series(date: str, number: str, dates: pd.Series[Any], values: pd.Series[Any]) -> TimeSeries:
    """Return the mean and the range of a column for each date, or for each period if there are more dates than points.

    Parameters
    ----------
    date, number : str
        Names of the columns.
    dates : Series of datetime64
        Without a time zone, in UTC.
    values : Series of numbers
        As long as `dates`.

    Returns
    -------
    TimeSeries
        At most `MAX_POINTS` points, ordered by time; rows without a date or a finite number are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.Series(pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-02"]))
    >>> [point.mean for point in time_series("day", "cases", days, pd.Series([1, 2, 4])).points]
    [1.0, 3.0]
    """
    seconds = dates.to_numpy(dtype="datetime64[us]").astype("int64") / 1e6
    numbers = values.to_numpy(dtype="float64", na_value=np.nan)
    is_known = dates.notna().to_numpy() & np.isfinite(numbers)
    seconds, numbers = seconds[is_known], numbers[is_known]
    distinct = np.unique(seconds)
    per, at = "date", seconds
    if len(distinct) > MAX_POINTS:
        per = "period"
        edges = np.linspace(distinct[0], distinct[-1], MAX_POINTS + 1)
        at = np.clip(np.searchsorted(edges, seconds, side="right") - 1, 0, MAX_POINTS - 1)
    groups = pd.DataFrame({"at": at, "time": seconds, "value": numbers}).groupby("at", sort=True)
    found = groups.agg({"time": "mean", "value": ["mean", "min", "max", "size"]})
    points = (
        TimePoint(float(time), float(mean), float(lowest), float(highest), int(rows))
        for time, mean, lowest, highest, rows in found.itertuples(index=False, name=None)
    )
    return TimeSeries(date, number, per, tuple(points))
