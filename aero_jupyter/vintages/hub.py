"""Versions as the time-series target data of a hubverse hub."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any  # columns of any dtype

import numpy as np
import pandas as pd

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.vintages.cells import numbers
from aero_jupyter.vintages.diff import diff
from aero_jupyter.vintages.matching import require_unique
from aero_jupyter.vintages.value_updates import value_column

if TYPE_CHECKING:
    from aero_jupyter.vintages.stored_versions import StoredVersions

_AS_OF, _TARGET, _OBSERVATION = "as_of", "target", "observation"


def to_hub(
    archive: StoredVersions,
    folder: str | Path,
    target: str,
    value: str | None = None,
    *,
    rename: dict[str, str] | None = None,
) -> list[Path]:
    """Write the versions of an archive as versioned time-series target data of a hub.

    Parameters
    ----------
    archive : Archive
    folder : str or Path
        The hub, which contains ``target-data``.
    target : str
        The value of the column ``target``, such as ``"wk inc flu hosp"``.
    value : str, optional
        The column with the observations; may be left out if it is the only one that is no key.
    rename : dict, optional
        New names of key columns, such as ``{"geo": "location", "day": "target_end_date"}``.

    Returns
    -------
    list of Path
        The files that were written. ``as_of`` is the day on which a version was downloaded, the last of a day counts.
        With pyarrow, each vintage is a Parquet file in ``time-series/as_of=…``; without it, and where the hub has that
        file, all are in ``time-series.csv``. Vintages that are there already are not written again.

    Raises
    ------
    InvalidArgument
        If a vintage is there with other rows, if rows share a key, if the archive has no time column, if the column
        holds no numbers, or if a name of `rename` is unknown or taken.
    """
    vintages = _vintages(archive, target, value_column(archive, value), rename or {})
    data = Path(folder) / "target-data"
    text, parquet = data / "time-series.csv", data / "time-series"
    if (data / "time-series.parquet").exists() or (text.exists() and parquet.exists()):
        raise InvalidArgument(
            f"{data} holds time series in another form.", "Keep only time-series.csv or only the folder time-series"
        )
    data.mkdir(parents=True, exist_ok=True)
    as_csv = text.exists() or (importlib.util.find_spec("pyarrow") is None and not parquet.exists())
    written = _write_csv(text, vintages, target) if as_csv else _write_parquet(parquet, vintages, target)
    return written + _write_config(Path(folder) / "hub-config" / "target-data.json", archive, rename or {})


def _vintages(archive: StoredVersions, target: str, value: str, rename: dict[str, str]) -> dict[str, pd.DataFrame]:
    """Return the observations of the last version of each day, with the columns of the hub."""
    if archive.time is None or archive.times.are_integers:
        raise InvalidArgument("The archive has no dates.", 'Build the archive with time="…" and dates as versions.')
    _require_names(archive, rename)
    days = archive.times.days()
    vintages = {}
    for index in np.flatnonzero(np.diff(days, append=days[-1:] + 1) != 0):
        frame = archive.snapshot(archive.numbers[index])
        if value in frame:
            table = frame[[*archive.keys, value]].rename(columns={**rename, value: _OBSERVATION})
            date = rename.get(archive.time, archive.time)
            table[date] = archive.times.observation_days(frame[archive.time]).astype("datetime64[D]").astype(object)
            table.insert(len(archive.keys), _TARGET, target)
            numbers(frame[value])
            require_unique(
                table, [str(name) for name in table if name != _OBSERVATION], days[index].astype("datetime64[D]")
            )
            vintages[str(days[index].astype("datetime64[D]"))] = table
    return vintages


def _require_names(archive: StoredVersions, rename: dict[str, str]) -> None:
    """Raise if names of key columns are unknown, equal, or those of other columns of a hub."""
    if unknown := [name for name in rename if name not in archive.keys]:
        raise InvalidArgument(f"There is no key {unknown[0]}.", f"Rename one of: {', '.join(archive.keys)}")
    names = [rename.get(name, name) for name in archive.keys]
    taken = [name for name in names if names.count(name) > 1 or name in (_AS_OF, _TARGET, _OBSERVATION)]
    if taken:
        old = archive.keys[names.index(taken[0])]
        raise InvalidArgument(
            f"The hub would have two columns {taken[0]}.", f'Rename the key: rename={{"{old}": "another_name"}}'
        )


def _require_hub_columns(stored: pd.DataFrame, names: Sequence[str], path: Path) -> None:
    """Raise if a file lacks columns."""
    if lacking := [name for name in names if name not in stored]:
        raise InvalidArgument(
            f"{path} has no column {lacking[0]}, so that its vintages are not known.", "Write to another folder."
        )


def _with_stored(stored: pd.DataFrame, vintage: pd.DataFrame, target: str, day: str) -> pd.DataFrame | None:
    """Return the stored rows and those of the vintage; None if the vintage is there already.

    Raises
    ------
    InvalidArgument
        If other rows of the target are there.
    """
    own = stored[stored[_TARGET] == target].reset_index(drop=True)
    if own.empty:
        return pd.concat([stored, vintage], ignore_index=True) if len(stored) else vintage
    differences = diff(own, vintage, keys=[name for name in vintage.columns if name != _OBSERVATION])
    if len(differences.cells) or differences.columns.added or differences.columns.removed:
        counts = {kind: differences.counts[kind] for kind in ("added", "removed", "changed")}
        raise InvalidArgument(
            f"The hub has other rows of {target} as of {day}: "
            f"{', '.join(f'{count} {kind}' for kind, count in counts.items())}.",
            "A vintage is never overwritten; write to another folder.",
        )
    return None


def _write_parquet(folder: Path, vintages: dict[str, pd.DataFrame], target: str) -> list[Path]:
    """Write each vintage to a file of its own; nothing is written if one of them is refused."""
    planned: list[tuple[Path, pd.DataFrame]] = []
    for day, vintage in vintages.items():
        path = folder / f"{_AS_OF}={day}" / "part-0.parquet"
        stored = pd.read_parquet(path, partitioning=None) if path.exists() else vintage.iloc[:0]
        _require_hub_columns(stored, list(vintage.columns), path)
        if (rows := _with_stored(stored, vintage, target, day)) is not None:
            planned.append((path, rows))
    for path, rows in planned:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, rows.to_parquet(index=False))
    return [path for path, _ in planned]


def _write_csv(path: Path, vintages: dict[str, pd.DataFrame], target: str) -> list[Path]:
    """Add the vintages to the file of all vintages."""
    stored = _read_csv(path) if path.exists() else pd.DataFrame()
    added = []
    for day, vintage in vintages.items():
        ids = [name for name in vintage.columns if name != _OBSERVATION]
        # A text NA is no missing value: it may be Namibia.
        vintage = vintage.assign(**{name: _texts(vintage[name]) for name in ids})
        known = stored[stored[_AS_OF] == day].drop(columns=_AS_OF) if len(stored) else vintage.iloc[:0]
        if _with_stored(known, vintage, target, day) is not None:
            added.append(vintage.assign(**{_AS_OF: day}))
    if not added:
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path, pd.concat([stored, *added], ignore_index=True).to_csv(index=False).encode())
    return [path]


def _read_csv(path: Path) -> pd.DataFrame:
    """Read the file of all vintages; only observations may be missing."""
    try:
        stored = pd.read_csv(path, dtype=object, keep_default_na=False)
    except pd.errors.EmptyDataError:
        return pd.DataFrame()
    _require_hub_columns(stored, [_AS_OF, _TARGET, _OBSERVATION], path)
    observed = stored[_OBSERVATION].where(~stored[_OBSERVATION].isin(["", "NA"]))
    try:
        return stored.assign(**{_OBSERVATION: observed.astype(float)})
    except ValueError as error:
        raise InvalidArgument(
            f"{path} holds observations that are no numbers.", "Correct them, or write to another folder."
        ) from error


def _texts(column: pd.Series[Any]) -> pd.Series[Any]:
    return column.astype(object).map(str).where(column.notna(), "")


def _write_config(path: Path, archive: StoredVersions, rename: dict[str, str]) -> list[Path]:
    """Describe the target data, unless the hub does."""
    if path.exists():
        return []
    path.parent.mkdir(parents=True, exist_ok=True)
    unit = [rename.get(name, name) for name in archive.keys]
    date = rename.get(str(archive.time), str(archive.time))
    config = {"observable_unit": [*unit, _TARGET], "date_col": date, "versioned": True}
    _replace(path, json.dumps(config, indent=2).encode())
    return [path]


def _replace(path: Path, content: bytes) -> None:
    """Write a file at once, so that an interrupted export leaves no half of it."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)
