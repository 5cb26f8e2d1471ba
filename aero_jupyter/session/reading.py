"""Versions as DataFrames, read over the session in use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any, Literal  # a DataFrame, or a dict of them

from aero_jupyter.core.as_of import configured_zone, time_text
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.surface_text import SurfaceText
from aero_jupyter.core.version_ref import VersionRef, version_named
from aero_jupyter.session.connections import current
from aero_jupyter.session.lock_in_force import asked_of, choose_version, record_read

if TYPE_CHECKING:
    import pandas as pd

    from aero_jupyter.client import AeroClient


def read(
    name_or_id: str,
    version: int | None = None,
    *,
    as_of: str | date | None = None,
    by: Literal["version", "source"] = "version",
    **options: Any,
) -> pd.DataFrame:
    """Read a version of a dataset as a DataFrame.

    Parameters
    ----------
    name_or_id : str
        Name, id, ``NAME@N`` for version N, or ``NAME@2026-01-05`` for the version in force on that date.
    version : int, optional
        Number of the version, counted from 1; the newest by default.
    as_of : str, date or datetime, optional
        Read the version in force at this time. A date alone means the end of that day in the zone of
        ``%config AeroMagics.time_zone``.
    by : {"version", "source"}
        Whether a version is in force from when it was made, or from when its source was modified (``Last-Modified``).
    **options
        Options of the pandas reader, such as ``sheet_name``; they override stored ones. ``max_bytes`` (bytes, unpacked)
        lifts the limits of reading.

    Returns
    -------
    DataFrame
        One row per record, with the column types stored with the version. ``attrs["aero"]`` names the dataset and the
        version, and with `as_of` the time; "now" if the newest version was in force. With a lock file of `lock`, the
        locked version; ``attrs["aero"]["newest"]`` is the number of the newest if that is another.

    Raises
    ------
    UnknownName
        If there is no such dataset.
    NotFound
        If there is no such version; the message names the existing versions, the time of the first, or the failed run.
    Unreadable
        If the bytes are not a table.
    MissingExtra
        If the package that reads the file format is not installed.
    AeroError
        If the locked version is gone or has another checksum.
    ClientError
        If the server refuses or does not respond.

    Examples
    --------
    >>> aero.read("sewage", version=1).tail(2)
       sample_collect_date  sars_cov_2
    24          2025-03-02      188971
    25          2025-03-04      142527
    >>> aero.read("sewage@1", usecols=["sars_cov_2"]).shape
    (26, 1)
    """
    return read_version(current().client, version_named(name_or_id, version, as_of_text(as_of)), options, by)


def as_of_text(time: str | date | None) -> str | None:
    """Return a time as text, for a reference to a version."""
    return None if time is None else time_text(time)


def read_version(
    client: AeroClient, ref: VersionRef, options: Mapping[str, Any], by: Literal["version", "source"] = "version"
) -> pd.DataFrame:
    """Read the version that a reference names, or the locked one; ``attrs["aero"]["as_of"]`` is the time, if named."""
    data = client.resolve_data(ref.name)
    if by == "source" and ref.as_of is None:
        raise InvalidArgument("by=source needs a time.", SurfaceText("Add --as-of 2026-01-05", "Choose a date."))
    chosen = choose_version(client, data, ref, by)
    # Options such as sheet_name=None return a dict of tables.
    found: Any = client.read(data.id, chosen.number, **options)
    frames = list(found.values()) if isinstance(found, dict) else [found]
    about = frames[0].attrs["aero"]
    record_read(client, data, asked_of(ref, by), {about["version"]: about["checksum"]})
    more = {"as_of": chosen.as_of, "newest": chosen.newest}
    for frame in frames:
        frame.attrs["aero"] = {**about, **{name: value for name, value in more.items() if value is not None}}
    result: pd.DataFrame = found
    return result


def version_number(client: AeroClient, data_id: str, ref: VersionRef) -> int | None:
    """Return the number of the version that a reference names; None for the newest."""
    if ref.as_of is None:
        return ref.version
    return client.version_at(data_id, ref.as_of, configured_zone.name).version


def read_options(name_or_id: str, *clear: None, **options: Any) -> dict[str, Any]:
    """Store reader options with a dataset, so that every reader uses them.

    The options apply to `read`, ``%aero_get`` and DataFrame parameters; options of a single call override stored ones.
    Without options, the stored ones are returned.

    Parameters
    ----------
    name_or_id : str
        Name or id of the dataset.
    *clear : None
        A single None removes all stored options.
    **options
        Options of the pandas reader, such as ``sheet_name="Data"`` or ``decimal=","``; None removes an option. For
        ``header`` and ``sheet_name``, None is a value: no header row, all sheets.

    Returns
    -------
    dict
        The options that are now stored.

    Raises
    ------
    InvalidArgument
        If no reader has the option, or if its value cannot be stored.
    UnknownName
        If there is no such dataset.
    ClientError
        If the server refuses or does not respond.

    Examples
    --------
    >>> aero.read_options("sewage", nrows=3)
    {'nrows': 3}
    >>> len(aero.read("sewage"))
    3
    >>> aero.read_options("sewage", None)
    {}
    """
    if clear and (clear != (None,) or options):
        raise InvalidArgument("Options must be named.", "Write for example: aero.read_options(name, decimal=',')")
    client = current().client
    data = client.resolve_data(version_named(name_or_id, None).name)
    if not clear and not options:
        return client.read_options(data)
    return client.store_read_options(data, None if clear else options)
