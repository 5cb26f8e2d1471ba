"""Questions across the versions of a dataset, over the session in use."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from aero_jupyter.core.as_of import configured_zone
from aero_jupyter.core.models import Version
from aero_jupyter.provenance.lock_file import ALL
from aero_jupyter.session.archive_cache import archive_file
from aero_jupyter.session.connections import current
from aero_jupyter.session.descriptions import description_of
from aero_jupyter.session.lock_in_force import locked_versions, record_read
from aero_jupyter.session.profiles import descriptions_file_of
from aero_jupyter.session.versions_reader import Progress, VersionsReader, dated_versions

if TYPE_CHECKING:
    from aero_jupyter.vintages import Archive, Revisions


def archive(
    name_or_id: str,
    keys: Sequence[str] | None = None,
    time: str | None = None,
    *,
    progress: Progress | None = None,
) -> Archive:
    """Build the archive of all versions of a dataset.

    Parameters
    ----------
    name_or_id : str
        Name or id of the dataset.
    keys : sequence of str, optional
        The columns that identify a row; by default as described by `describe`, or the fewest columns of texts and
        dates that identify the rows of the newest version.
    time : str, optional
        The column with the date that a row is about.
    progress : callable, optional
        Called with the number of versions read so far, and of all that are read.

    Returns
    -------
    Archive
        Of all versions, or of those in the lock file of `lock`. Versions are known until now, and labelled with the
        time at which they were made. A second call reads new versions only, also in another process; after an
        interrupt, those that are missing.

    Raises
    ------
    UnknownName
        If there is no such dataset.
    InvalidArgument
        If a version lacks a key column.
    Unreadable
        If a version is no table.
    ClientError
        If the server refuses or does not respond.

    Examples
    --------
    >>> aero.archive("sewage")
    Archive(1 version until ..., 26 updates of 26 observations)
    """
    session = current()
    client, now = session.client, datetime.now(timezone.utc)
    data = client.resolve_data(name_or_id)
    listed = client.versions(data.id)
    versions, end = _known_versions(dated_versions(data, listed), locked_versions(data, listed), now)
    if keys is None:
        described = description_of(session, data, lambda: client.read(data.id, versions[-1][1].version))
        keys, time = described["keys"], described["time"] if time is None else time
    server = str(session.home) if session.is_local else client.base_url
    identity = [server, data.id, list(keys), time, configured_zone.name, client.read_options(data)]
    reader = VersionsReader(client, versions, progress)
    built = reader.archive(archive_file(identity), keys, time, end)
    record_read(client, data, ALL, {version.version: version.checksum for _, version in versions})
    return built


def _known_versions(
    dated: list[tuple[datetime, Version]], locked: Container[int] | None, now: datetime
) -> tuple[list[tuple[datetime, Version]], datetime]:
    """Return the locked versions, or all, and the time until which they are known."""
    kept = [(time, version) for time, version in dated if locked is None or version.version in locked]
    later = [time for time, _ in dated if time > kept[-1][0]]
    end = later[0] - timedelta(microseconds=1) if later else now
    return kept, max(end, kept[-1][0])


def revisions(
    name_or_id: str,
    value: str | None = None,
    *,
    keys: Sequence[str] | None = None,
    time: str | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Revisions:
    """Summarize how each observation of a dataset was revised.

    Parameters
    ----------
    name_or_id : str
        Name or id of the dataset.
    value : str, optional
        The column; by default the only one that is no key, or the first that is described by `describe`.
    keys, time : optional
        As for `archive`.
    progress : callable, optional
        As for `archive`.
    **options
        ``min_waiting_period`` (days, 60 by default), ``drop_nas`` and ``within_latest`` of ``Archive.revisions``.

    Returns
    -------
    Revisions
        ``observations``, one row each, and ``overall``.

    Raises
    ------
    InvalidArgument
        If the dataset has no column of dates, or if the column does not hold numbers.
    ClientError
        If the server refuses or does not respond.

    Examples
    --------
    >>> aero.revisions("sewage", "sars_cov_2").observations["n_revisions"].max()
    np.int64(0)
    """
    built = archive(name_or_id, keys, time, progress=progress)
    if value is None:
        session = current()
        stored = descriptions_file_of(session.profile).get("datasets", session.client.resolve_data(name_or_id).id)
        value = next(iter(stored.get("value") or ()), None)
    return built.revisions(value, **options)
