"""The profile of a version: what is compared with earlier versions to find drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any  # cells and dtypes of any kind

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from aero_jupyter.vintages.stored_versions import StoredVersions


@dataclass(frozen=True)
class LostRows:
    """Rows that a version lacks although the version before it has them: how many, and their first and last date."""

    count: int
    first: str | int | float
    last: str | int | float


@dataclass(frozen=True)
class VersionProfile:
    """The rows, columns and dates of one version.

    Attributes
    ----------
    rows : int
    types : mapping of str to (str, str)
        For each column, the kind of its values ("boolean", "number", "date" or "other") and its dtype.
    earliest, latest : str, int, float or None
        The first and the last date in the table; None without a column of dates.
    lost_inside, lost_before : LostRows or None
        Lost rows of old dates: those within the dates of this version, and those before its first date.
    """

    rows: int
    types: Mapping[str, tuple[str, str]]
    earliest: str | int | float | None = None
    latest: str | int | float | None = None
    lost_inside: LostRows | None = None
    lost_before: LostRows | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the profile as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> VersionProfile:
        """Return the profile that `as_json` wrote."""
        lost = {name: LostRows(**stored[name]) if stored[name] else None for name in ("lost_inside", "lost_before")}
        types = {name: (kind, dtype) for name, (kind, dtype) in stored["types"].items()}
        return cls(**{**stored, **lost, "types": types})


def profiles_of(archive: StoredVersions) -> list[VersionProfile]:
    """Return the profile of each version of an archive."""
    history = archive.history
    times = None if archive.time is None or not len(history.slots) else history.slots[archive.time].to_numpy()
    profiles: list[VersionProfile] = []
    latest: Any = None
    for at, schema in enumerate(history.schemas):
        rows, types = history.rows_at(at), types_of(schema.dtypes)
        present = [] if times is None else _known(times[history.slot[rows]])
        if times is None or not len(present):
            profiles.append(VersionProfile(len(rows), types))
            continue
        first = min(present)
        lost = _known(times[history.slot[(history.version == at) & history.deleted]])
        old = [each for each in lost if latest is not None and each < latest]
        inside, outside = [each for each in old if each >= first], [each for each in old if each < first]
        latest = max(present)
        dates = (_plain(first), _plain(latest))
        profiles.append(VersionProfile(len(rows), types, *dates, _lost_rows(inside), _lost_rows(outside)))
    return profiles


def types_of(dtypes: Any) -> dict[str, tuple[str, str]]:
    """Return the kind and the dtype of each column: one missing value turns integers into floats, not into texts."""
    return {str(name): (_kind(dtype), str(dtype)) for name, dtype in dtypes}


def _kind(dtype: Any) -> str:
    types = pd.api.types
    if types.is_bool_dtype(dtype):
        return "boolean"
    if types.is_numeric_dtype(dtype):
        return "number"
    return "date" if types.is_datetime64_any_dtype(dtype) else "other"


def _known(times: Any) -> Any:
    return times[~pd.isna(times)]


def _lost_rows(times: Sequence[Any]) -> LostRows | None:
    return LostRows(len(times), _plain(min(times)), _plain(max(times))) if times else None


def _plain(value: Any) -> str | int | float:
    """Return a date as a value of JSON that is in the same order; midnight has no time."""
    if isinstance(value, (np.datetime64, pd.Timestamp)):
        moment = pd.Timestamp(value)
        return moment.date().isoformat() if moment == moment.normalize() else moment.isoformat()
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, (int, float)) else str(value)
