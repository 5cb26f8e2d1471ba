"""A function is called on the table as it was known at each of several versions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any  # labels of versions, results of the function

import pandas as pd

from aero_jupyter.core.errors import InvalidArgument

if TYPE_CHECKING:
    from aero_jupyter.vintages.stored_versions import StoredVersions


def slide(
    archive: StoredVersions,
    function: Callable[..., Any],
    before: float | None = None,
    versions: Iterable[Any] | None = None,
    all_versions: bool = False,
) -> pd.DataFrame:
    """Call a function on the table as it was known at each version.

    Parameters
    ----------
    archive : Archive
    function : callable
        Called with the table and the version. It returns a value, a mapping, a Series or a DataFrame with any number of
        rows.
    before : int, optional
        Only observations of the version's day and of this many days before it; missing days are not filled in.
    versions : iterable, optional
        The versions to visit. By default evenly spaced days from the first version to the end, so that quiet days are
        visited too; ``archive.versions["version"]`` visits the stored ones.
    all_versions : bool
        Call the function with the archive as it was known, rather than with the table.

    Returns
    -------
    DataFrame
        The results in the order of `versions`; ``version`` is the first column.

    Raises
    ------
    InvalidArgument
        If a version is later than the versions are known, or if `before` is used without a time column or with
        `all_versions`.
    """
    if before is not None and (archive.time is None or all_versions):
        raise InvalidArgument("before needs a table with a column of dates.", 'Build the archive with time="…"')
    if before is not None and not before >= 0:
        raise InvalidArgument(f"{before} is no number of days.", "Write for example before=14")
    visited = archive.times.daily_sequence() if versions is None else list(versions)
    results = []
    for version in visited:
        known = archive.until(version) if all_versions else _window(archive, version, before)
        results.append(_as_frame(function(known, version)))
    return _bound(visited, results)


def _window(archive: StoredVersions, version: Any, before: float | None) -> pd.DataFrame:
    known = archive.as_of(version)
    if before is None or archive.time is None:
        return known
    days = archive.times.observation_days(known[archive.time])
    return known[days >= archive.times.day(version) - before].reset_index(drop=True)


def _as_frame(result: Any) -> pd.DataFrame:
    if isinstance(result, pd.DataFrame):
        return result.reset_index(drop=True)
    if isinstance(result, (Mapping, pd.Series)):
        return pd.DataFrame([dict(result)])
    return pd.DataFrame({"value": [result]})


def _bound(versions: list[Any], results: list[pd.DataFrame]) -> pd.DataFrame:
    if any("version" in result.columns for result in results):
        raise InvalidArgument("The function returns a column named version.", "Rename the column version.")
    filled = [(version, result) for version, result in zip(versions, results, strict=True) if len(result)]
    labels = [version for version, result in filled for _ in range(len(result))]
    if not filled:
        return pd.DataFrame({"version": []})
    table = pd.concat([result for _, result in filled], ignore_index=True)
    table.insert(0, "version", labels)
    return table if isinstance(labels[0], int) else table.assign(version=pd.to_datetime(table["version"]))
