"""The picture of revisions: values by report date, the vintages, and the share of final values by delay."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol  # cells of any type

import numpy as np
import pandas as pd

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages.cells import Ints
from aero_jupyter.vintages.charts import Chart, ChartLine, drawing

#: Lines of a chart; more are left out evenly.
_MOST_LINES = 24
#: The columns of the updates beside the keys.
REPORT, REFERENCE = "report_day", "reference_day"


class DrawnRevisions(Protocol):
    """The part of `Revisions` that the picture shows."""

    @property
    def observations(self) -> pd.DataFrame:
        """One row per observation, with ``max_lag``."""

    @property
    def updates(self) -> pd.DataFrame:
        """The reported values."""

    @property
    def value(self) -> str:
        """The column."""

    @property
    def groups(self) -> tuple[str, ...]:
        """The keys beside the time."""

    @property
    def are_integers(self) -> bool:
        """Whether versions and times are numbers."""


@dataclass(frozen=True)
class RevisionPicture:
    """Three charts of the revisions of a column.

    Attributes
    ----------
    charts : tuple of Chart
        Values by report date, one line per observation; values by reference date, one line per version; and the share
        of observations that are final after so many days.
    label : str
        The column, and the group that is drawn.
    """

    charts: tuple[Chart, ...]
    label: str

    @property
    def svg(self) -> str:
        """The picture as standalone SVG."""
        return drawing(self.charts, self.label)

    def __repr__(self) -> str:
        return f"{self.label}: {', '.join(chart.title for chart in self.charts)}"

    def _repr_svg_(self) -> str:
        return self.svg


def picture(revisions: DrawnRevisions, key: Mapping[str, Hashable] | None = None) -> RevisionPicture:
    """Draw the revisions of one group of observations.

    Parameters
    ----------
    revisions : Revisions
    key : mapping, optional
        The value of each key column but the time; by default those of the first group.

    Returns
    -------
    RevisionPicture

    Raises
    ------
    InvalidArgument
        If the keys are incomplete, or if there is no such group.
    """
    updates, groups = revisions.updates, revisions.groups
    chosen = _chosen_group(updates, groups, key)
    for name, value in chosen.items():
        updates = updates[updates[name] == value]
    observations = revisions.observations
    for name, value in chosen.items():
        observations = observations[observations[name] == value]
    where = ", ".join(f"{name} {value}" for name, value in chosen.items())
    text = str if revisions.are_integers else _date_text
    charts = (
        Chart("Values by report date", _by_report(updates, revisions.value, text), text),
        Chart("Vintages", _vintages(updates, revisions.value, text), text),
        Chart("Share final after days", [_final_share(observations)], "{:g}".format, "{:.0%}".format),
    )
    return RevisionPicture(charts, f"Revisions of {revisions.value}" + (f", {where}" if where else ""))


def _chosen_group(
    updates: pd.DataFrame, groups: tuple[str, ...], key: Mapping[str, Hashable] | None
) -> dict[str, Hashable]:
    if key is not None and set(key) != set(groups):
        raise InvalidArgument(f"A group has the keys {', '.join(groups) or '(none)'}.", "Name a value for each.")
    if key is None:
        return {} if updates.empty else dict(zip(groups, updates.iloc[0][list(groups)].tolist(), strict=True))
    found = updates
    for name, value in key.items():
        found = found[found[name] == value]
    if found.empty:
        raise InvalidArgument(
            f"There is no group {', '.join(f'{name} {value}' for name, value in key.items())}.",
            f"See the groups: revisions.observations[{list(groups)!r}].drop_duplicates()",
        )
    return dict(key)


def _by_report(updates: pd.DataFrame, value: str, text: Any) -> list[ChartLine]:
    """Return a line of steps for each observation; the newest is emphasized."""
    end = updates[REPORT].max()
    lines = []
    days = _thinned(np.unique(updates[REFERENCE].to_numpy()))
    for day in days:
        known = updates[updates[REFERENCE] == day]
        reports, values = [*known[REPORT].tolist(), end], known[value].tolist()
        points = [pair for i, each in enumerate(values) for pair in ((reports[i], each), (reports[i + 1], each))]
        lines.append(ChartLine(text(day), points, day == days[-1]))
    return lines


def _vintages(updates: pd.DataFrame, value: str, text: Any) -> list[ChartLine]:
    """Return a line for each version: the values that it had; the newest is emphasized."""
    lines = []
    reports = _thinned(np.unique(updates[REPORT].to_numpy()))
    for report in reports:
        known = updates[updates[REPORT] <= report].drop_duplicates(REFERENCE, keep="last").sort_values(REFERENCE)
        points = list(zip(known[REFERENCE].tolist(), known[value].tolist(), strict=True))
        lines.append(ChartLine(text(report), points, report == reports[-1]))
    return lines


def _final_share(observations: pd.DataFrame) -> ChartLine:
    """Return the share of observations whose last change was after at most so many days."""
    lags = np.sort(observations["max_lag"].to_numpy())
    if not len(lags):
        return ChartLine("share final", [], is_newest=True)
    days = np.arange(0, int(lags[-1]) + 1)
    shares = np.searchsorted(lags, days, side="right") / len(lags)
    return ChartLine("share final", list(zip(days.tolist(), shares.tolist(), strict=True)), is_newest=True)


def _thinned(days: Ints) -> Ints:
    places = np.unique(np.linspace(0, len(days) - 1, min(_MOST_LINES, len(days))).round().astype(int))
    return days[places] if len(days) else days


def _date_text(day: float) -> str:
    return str(np.datetime64(int(day), "D"))
