"""Freshness promises of datasets: stored by the local AERO, or in a file per profile for other servers."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from aero_jupyter.core.as_of import AsOf, configured_zone
from aero_jupyter.core.decode_values import record_from, text_from, time_from
from aero_jupyter.core.freshness import FreshnessPromise, FreshnessState, promise_beginning
from aero_jupyter.core.models import Data, Version
from aero_jupyter.session.connections import current
from aero_jupyter.session.profiles import descriptions_file_of

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session

#: The part of the file of descriptions that holds the promises.
_SECTION = "promises"


def expect(name_or_id: str, promise: str | None, since: str | None = None) -> FreshnessState | None:
    """Store when a dataset must have its next version.

    Parameters
    ----------
    name_or_id : str
        Name or id of the dataset.
    promise : str or None
        ``weekly by Wed 12:00 America/New_York``, ``daily by 09:00`` or ``monthly by 5 12:00``; None removes the
        promise. Without a zone, that of ``%config AeroMagics.time_zone``.
    since : str, optional
        When the promise begins; by default now, or, for an unchanged promise, when it began.

    Returns
    -------
    FreshnessState or None
        As `freshness` returns it.

    Raises
    ------
    UnknownName
        If there is no such dataset.
    InvalidArgument
        If the text is no promise.
    ClientError
        If the server refuses or does not respond.

    Examples
    --------
    >>> aero.expect("sewage", "daily by 23:59 UTC").is_late
    False
    >>> aero.expect("sewage", None)
    """
    text = None if promise is None else FreshnessPromise.parse(promise, configured_zone.name).text
    beginning = None if since is None else _beginning(since)
    session = current()
    data = session.client.resolve_data(name_or_id)
    if session.client.dialect.promises:
        session.client.store_promise(data, text, beginning)
    else:
        file = descriptions_file_of(session.profile)
        before = file.get(_SECTION, data.id)
        known = before.get("since") if before.get("promise") == text else None
        stored = {"promise": text, "since": beginning or known or datetime.now(timezone.utc).isoformat()}
        file.set(_SECTION, data.id, {} if text is None else stored)
    return freshness(data.id)


def _beginning(since: str) -> str:
    moment = AsOf.parse(since, configured_zone.name)
    # A date means its own beginning here, not its end.
    return promise_beginning(moment.cutoff - timedelta(days=moment.is_date)).isoformat()


def freshness(name_or_id: str, at: str | None = None) -> FreshnessState | None:
    """Return whether a dataset keeps its promise: on time, or late and since when.

    Parameters
    ----------
    name_or_id : str
        Name or id of the dataset.
    at : str, optional
        The moment; now by default.

    Returns
    -------
    FreshnessState or None
        ``is_late``, ``late_since`` and ``next_deadline`` in UTC; None if nothing is promised.

    Raises
    ------
    UnknownName
        If there is no such dataset.
    ClientError
        If the server refuses or does not respond.

    Examples
    --------
    >>> aero.freshness("sewage") is None
    True
    """
    session = current()
    data = session.client.get_data(session.client.resolve_data(name_or_id).id)
    now = datetime.now(timezone.utc) if at is None else AsOf.parse(at, configured_zone.name).cutoff
    return freshness_of(session, data, session.client.versions(data.id), now)


def freshness_of(session: Session, data: Data, versions: list[Version], now: datetime) -> FreshnessState | None:
    """Return the state of a dataset's promise, by its versions; None if nothing is promised.

    A download of an unchanged source makes no version, so it leaves a dataset late.
    """
    if session.client.dialect.promises:
        stored = record_from(data.raw.get("freshness"))
    else:
        stored = descriptions_file_of(session.profile).get(_SECTION, data.id)
    text, since = text_from(stored.get("promise")), time_from(stored.get("since"))
    if text is None or since is None:
        return None
    made = [version.created_at for version in versions if version.created_at is not None]
    return FreshnessPromise.parse(text).state(made, since, now)
