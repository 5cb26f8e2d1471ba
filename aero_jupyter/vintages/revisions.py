"""How observations were revised, with the definitions of R's epiprocess."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast  # days, or a timedelta

import numpy as np
import pandas as pd

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages.cells import Floats, Ints, assembled
from aero_jupyter.vintages.revision_picture import REFERENCE, REPORT, picture
from aero_jupyter.vintages.value_updates import ValueUpdates, value_column, value_updates

if TYPE_CHECKING:
    from aero_jupyter.vintages.stored_versions import StoredVersions

#: Thresholds of the overall summary, as in epiprocess.
_QUICK_DAYS, _FEW_REVISIONS, _SMALL_RELATIVE_SPREAD, _LARGE_SPREAD = 3, 3, 0.1, 0.05
_WEEK_DAYS, _MONTH_DAYS = 7, 30


@dataclass(frozen=True)
class Revisions:
    """A summary of revisions.

    Attributes
    ----------
    observations : DataFrame
        One row per observation: the keys, ``n_revisions``, ``min_lag``, ``max_lag``, ``lag_near_latest`` (days),
        ``spread``, ``rel_spread``, ``min_value``, ``max_value`` and ``median_value``.
    overall : Series
        Counts of observations by kind, and statistics of ``min_lag`` and ``lag_near_latest`` (``near``).
    value : str
        The column that was summarized.
    updates : DataFrame
        The reported values: the keys, ``report_day`` and ``reference_day`` (days since 1970), and the column.
    groups : tuple of str
        The keys beside the time.
    are_integers : bool
        Whether versions and times are numbers instead of dates.
    """

    observations: pd.DataFrame
    overall: pd.Series[float]
    value: str
    updates: pd.DataFrame
    groups: tuple[str, ...]
    are_integers: bool

    def __repr__(self) -> str:
        return f"Revisions of {self.value}\n{self.overall.to_string()}"

    def _repr_html_(self) -> str:
        overall = self.overall.to_frame("value").to_html(float_format="{:g}".format)
        table = self.observations.to_html(max_rows=20, float_format="{:g}".format)
        return self.picture().svg + overall + table

    picture = picture


def revisions(
    archive: StoredVersions,
    value: str | None = None,
    min_waiting_period: Any = 60,
    drop_nas: bool = True,
    within_latest: float = 0.2,
) -> Revisions:
    """Summarize how each observation was revised.

    Parameters
    ----------
    archive : Archive
    value : str, optional
        The column; may be left out if it is the only one that is no key.
    min_waiting_period : int or timedelta, optional
        Leave out observations that are younger than this many days at the end of the versions. It is rounded up to
        whole weeks for weekly data, and to months for monthly data. None or 0 keeps all.
    drop_nas : bool
        Leave out missing values and removals; otherwise both are values of their own.
    within_latest : float
        A value is near the latest if it differs by less than this share of it. The latest value is near itself, also
        if it is 0, and the size of a negative one counts.

    Returns
    -------
    Revisions
        The first report is no revision: ``min_lag`` is its delay. ``median_value`` is over the distinct updates.
        ``rel_spread`` is relative to the largest value, 0/0 is NaN.

    Raises
    ------
    InvalidArgument
        If the archive has no time column, if rows share a key, or if the column does not hold numbers.
    """
    if not isinstance(within_latest, (int, float)) or not within_latest >= 0:
        raise InvalidArgument(f"{within_latest!r} is no share.", "Write for example within_latest=0.2")
    value = value_column(archive, value)
    every = value_updates(archive, value)
    days = every.version_day - every.lag
    kept = days <= _latest_day(archive, np.unique(days), min_waiting_period)
    if drop_nas:
        kept &= ~np.isnan(every.value)
    chosen = every.where(kept).compact()
    observations = _observations(archive, chosen, within_latest)
    largest = float(np.nanmax(every.value)) if (~np.isnan(every.value)).any() else np.nan
    groups = tuple(name for name in archive.keys if name != archive.time)
    updates = _reported(archive, every, value)
    return Revisions(observations, _overall(observations, largest), value, updates, groups, archive.times.are_integers)


def _reported(archive: StoredVersions, updates: ValueUpdates, value: str) -> pd.DataFrame:
    """Return the updates as a table, by observation and version."""
    keys = archive.history.slots.take(updates.slot)
    own = {REPORT: updates.version_day, REFERENCE: updates.version_day - updates.lag, value: updates.value}
    return assembled({**{name: keys[name] for name in archive.keys}, **own})


def _latest_day(archive: StoredVersions, days: Ints, waiting: Any) -> int:
    """Return the last day whose observations are old enough."""
    last = archive.times.day(archive.times.end) if len(archive.times.labels) else 0
    waiting = waiting.days if isinstance(waiting, dt.timedelta) else (waiting or 0)
    if not isinstance(waiting, (int, np.integer)) or waiting < 0:
        raise InvalidArgument(f"{waiting!r} is no number of days.", "Write for example min_waiting_period=60")
    if waiting == 0 or archive.times.are_integers or len(days) < 2:
        return last - int(waiting)
    if _are_months(days):
        months = -(-int(waiting) // _MONTH_DAYS)
        return (pd.Timestamp(last, unit="D") - pd.DateOffset(months=months) - pd.Timestamp(0)).days
    if np.gcd.reduce(np.diff(days)) % _WEEK_DAYS == 0:
        waiting = -(-int(waiting) // _WEEK_DAYS) * _WEEK_DAYS
    return last - int(waiting)


def _are_months(days: Ints) -> bool:
    """Return whether each day is the first of a month."""
    return bool((pd.DatetimeIndex(days.astype("datetime64[D]")).day == 1).all())


def _observations(archive: StoredVersions, updates: ValueUpdates, within: float) -> pd.DataFrame:
    slot, lag, value = updates.slot, updates.lag, updates.value
    starts = np.flatnonzero(np.diff(slot, prepend=-1))
    sizes = np.diff(np.append(starts, len(slot)))
    keys = archive.history.slots.take(slot[starts])
    table: dict[Any, Any] = {name: keys[name] for name in archive.keys}
    table["n_revisions"] = sizes - 1
    if not len(slot):
        empty = dict.fromkeys(["min_lag", "max_lag", "lag_near_latest"], np.zeros(0, np.int64))
        names = ["spread", "rel_spread", "min_value", "max_value", "median_value"]
        return assembled(table | empty | dict.fromkeys(names, np.zeros(0)))
    table["min_lag"] = np.minimum.reduceat(lag, starts)
    table["max_lag"] = np.maximum.reduceat(lag, starts)
    table["lag_near_latest"] = lag[_near_starts(value, starts, sizes, within)]
    low, high = np.fmin.reduceat(value, starts), np.fmax.reduceat(value, starts)
    with np.errstate(divide="ignore", invalid="ignore"):
        table |= {"spread": high - low, "rel_spread": (high - low) / high, "min_value": low, "max_value": high}
    table["median_value"] = _medians(slot, value, starts)
    return assembled(table)


def _near_starts(value: Floats, starts: Ints, sizes: Ints, within: float) -> Ints:
    """Return for each observation where its last run of values near the latest begins."""
    latest = np.repeat(value[starts + sizes - 1], sizes)
    same = (value == latest) | (np.isnan(value) & np.isnan(latest))
    near = same | (np.abs(value - latest) < within * np.abs(latest))
    last_far = np.maximum.reduceat(np.where(near, -1, np.arange(len(value))), starts)
    return cast(Ints, np.maximum(last_far + 1, starts))


def _medians(slot: Ints, value: Floats, starts: Ints) -> Floats:
    # NaN is sorted behind the numbers of its observation.
    ordered = value[np.lexsort((value, np.searchsorted(starts, np.arange(len(slot)), side="right")))]
    counts = np.add.reduceat((~np.isnan(value)).astype(np.int64), starts)
    some = np.maximum(counts, 1)
    return cast(Floats, (ordered[starts + (some - 1) // 2] + ordered[starts + some // 2]) / 2)


def _overall(table: pd.DataFrame, largest: float) -> pd.Series[float]:
    revised = table[table["n_revisions"] > 0]
    threshold = _LARGE_SPREAD * largest
    small = revised["rel_spread"].isna() | (revised["rel_spread"] < _SMALL_RELATIVE_SPREAD)
    counts = {
        "keys": len(table),
        "no_revisions": len(table) - len(revised),
        "quick_max_lag_le_3": (table["max_lag"] <= _QUICK_DAYS).sum(),
        "few_le_3": (table["n_revisions"] <= _FEW_REVISIONS).sum(),
        "revised": len(revised),
        "rel_spread_lt_0_1": small.sum(),
        "abs_threshold": threshold,
        "spread_gt_threshold": (revised["spread"] > threshold).sum(),
    }
    lags = {"min_lag": table["min_lag"], "near": table["lag_near_latest"]}
    statistics = {
        f"{name}_{statistic}": getattr(lag, statistic)()
        for name, lag in lags.items()
        for statistic in ("min", "median", "mean", "max")
    }
    return pd.Series({**counts, **statistics}, dtype=float, name="value")
