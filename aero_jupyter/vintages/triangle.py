"""Reporting triangles: how counts of a reference date grew with the delay of their report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any  # labels of versions

import numpy as np
import pandas as pd

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages.cells import Floats, Ints, assembled
from aero_jupyter.vintages.value_updates import ValueUpdates, value_column, value_updates
from aero_jupyter.vintages.version_labels import is_integer
from aero_jupyter.vintages.weeks import week_ends

if TYPE_CHECKING:
    from aero_jupyter.vintages.stored_versions import StoredVersions

_UNIT_DAYS = {"D": 1, "W": 7}
_KINDS = ("increment", "cumulative")
#: The name of the count in long form: newly reported for baselinenowcast, cumulative for epinowcast.
_COUNTS = {"increment": "count", "cumulative": "confirm"}

#: Names that the keys beside the date must not have.
_COLUMNS = ("reference_date", "report_date", "report", "value", "group", "delay", *_COUNTS.values())


def triangle(
    archive: StoredVersions,
    value: str | None = None,
    unit: str = "D",
    kind: str = "increment",
    *,
    weeks: str = "mmwr",
    as_of: Any = None,
    max_delay: int | None = None,
    long: bool = False,
) -> pd.DataFrame:
    """Build the reporting triangle of a count.

    Parameters
    ----------
    archive : Archive
    value : str, optional
        The column with the count as known; may be left out if it is the only one that is no key.
    unit : {"D", "W"}
        Delays in days or in weeks. With weeks, reference and report dates are the last days of their weeks, and the
        counts of one week are added.
    kind : {"increment", "cumulative"}
        What each report added (as baselinenowcast reads it), or the count so far (as epinowcast and chainladder do).
    weeks : {"mmwr", "iso"}
        Weeks end on Saturday (MMWR) or on Sunday (ISO).
    as_of : str, date or datetime, optional
        Until when reports count; by default the end of the versions.
    max_delay : int, optional
        The largest delay; by default the largest at which a count changed. Later reports are left out.
    long : bool
        Return the columns ``reference_date``, ``report_date`` and ``count`` (increments) or ``confirm`` (cumulative).

    Returns
    -------
    DataFrame
        One row per reference date, with the other keys before it; one column per delay. A delay without a report is 0
        or, cumulative, the count before; after `as_of` it is NaN. A missing value leaves the count as it was; a removed
        row sets it to 0.

    Raises
    ------
    InvalidArgument
        If an argument is invalid, or if a count was reported before its date.
    """
    if unit not in _UNIT_DAYS or kind not in _KINDS:
        wrong, words = (
            (unit, 'unit="D" or "W"') if unit not in _UNIT_DAYS else (kind, 'kind="increment" or "cumulative"')
        )
        raise InvalidArgument(f"There is no triangle of {wrong!r}.", f"Write {words}")
    if max_delay is not None and (not is_integer(max_delay) or max_delay < 0):
        raise InvalidArgument(f"{max_delay!r} is no number of delays.", "Write for example max_delay=8")
    if unit == "W" and archive.times.are_integers:
        raise InvalidArgument("Versions that are numbers have no weeks.", 'Write unit="D": delays are then numbers.')
    value = value_column(archive, value)
    known = archive if as_of is None else archive.until(as_of)
    increments = _increments(value_updates(known, value))
    table = _placed(known, increments, unit, weeks)
    end = known.times.day(known.times.end)
    # A week whose reports have not all come is not over.
    last = end if unit == "D" else int(week_ends(np.array([end - 6]), weeks)[0])
    wide = _matrix(table, _UNIT_DAYS[unit], last, max_delay)
    if not known.times.are_integers:
        wide.index = _with_dates(wide.index)
    wide = wide if kind == "increment" else wide.cumsum(axis=1, skipna=False)
    return _lengthened(wide, _UNIT_DAYS[unit], _COUNTS[kind]) if long else wide


def _increments(updates: ValueUpdates) -> ValueUpdates:
    """Return what each update added to the count of its observation."""
    counts = np.where(updates.deleted, 0.0, updates.value)
    kept = updates.where(~np.isnan(counts))
    counts = counts[~np.isnan(counts)]
    first = np.diff(kept.slot, prepend=-1) != 0
    added = counts - np.where(first, 0.0, np.roll(counts, 1))
    return ValueUpdates(kept.slot, kept.lag, kept.version_day, added, kept.deleted)


def _placed(archive: StoredVersions, updates: ValueUpdates, unit: str, weeks: str) -> pd.DataFrame:
    """Return the increments with their keys, reference day and report day."""
    reference, report = updates.version_day - updates.lag, updates.version_day
    if unit == "W":
        reference, report = week_ends(reference, weeks), week_ends(report, weeks)
    if (report < reference).any():
        first = int(reference[report < reference][0])
        shown = first if archive.times.are_integers else _dates(np.array([first]))[0].date()
        raise InvalidArgument(
            f"A count of {shown} was reported before that date.", "Count delays in weeks, or remove forecasts: unit='W'"
        )
    others = [name for name in archive.keys if name != archive.time]
    if taken := [name for name in others if name in _COLUMNS]:
        raise InvalidArgument(f"The key {taken[0]} is also a column of triangles.", f"Rename the column {taken[0]}.")
    slots = archive.history.slots
    table = assembled({name: slots[name].take(updates.slot) for name in others})
    return table.assign(reference_date=reference, report=report, value=updates.value)


def _matrix(table: pd.DataFrame, step: int, last: int, max_delay: int | None) -> pd.DataFrame:
    delay = (table["report"] - table["reference_date"]) // step
    if max_delay is None:
        max_delay = int(delay[table["value"] != 0].max()) if (table["value"] != 0).any() else 0
    keys = [name for name in table.columns if name not in ("report", "value")]
    table = table.assign(delay=delay)
    groups = table.groupby(keys, dropna=False, observed=True).ngroup().to_numpy()
    index = table[keys].loc[~pd.Series(groups).duplicated()].assign(group=groups[~pd.Series(groups).duplicated()])
    index = index.sort_values("group").drop(columns="group")
    cells = np.zeros((len(index), max_delay + 1))
    inside = (delay <= max_delay).to_numpy()
    np.add.at(cells, (groups[inside], delay[inside].to_numpy()), table["value"].to_numpy()[inside])
    _hide_future(cells, index["reference_date"].to_numpy(), step, last)
    labels = pd.MultiIndex.from_frame(index) if len(keys) > 1 else pd.Index(index["reference_date"])
    return pd.DataFrame(cells, index=labels, columns=pd.RangeIndex(max_delay + 1, name="delay"))


def _hide_future(cells: Floats, reference: Ints, step: int, last: int) -> None:
    reports = reference[:, None] + step * np.arange(cells.shape[1])
    cells[reports > last] = np.nan


def _dates(days: Ints) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(days.astype("datetime64[D]")).as_unit("ns")


def _with_dates(index: pd.Index[Any]) -> pd.Index[Any]:
    """Return the labels of the rows with dates in place of days since 1970."""
    frame = index.to_frame(index=False)
    frame["reference_date"] = _dates(frame["reference_date"].to_numpy())
    return pd.MultiIndex.from_frame(frame) if frame.shape[1] > 1 else pd.Index(frame["reference_date"])


def _lengthened(wide: pd.DataFrame, step: int, name: str) -> pd.DataFrame:
    """Return one row per reference date and report date that was not after the end."""
    names: list[Any] = list(wide.index.names)
    table = wide.reset_index().melt(id_vars=names, var_name="delay", value_name=name)
    table = table[table[name].notna()]
    delays: Any = table.pop("delay").astype("int64") * step
    if not pd.api.types.is_integer_dtype(table["reference_date"].dtype):
        delays = pd.to_timedelta(delays, unit="D")
    table.insert(len(names), "report_date", table["reference_date"] + delays)
    return table.sort_values([*names, "report_date"], ignore_index=True)
