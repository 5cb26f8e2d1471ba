"""Retention policies of datasets, over the session in use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Data
from aero_jupyter.core.retention import RetentionPolicy
from aero_jupyter.session.connections import current

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session


def keep(name_or_id: str, policy: str | None) -> str | None:
    """Store which versions of a dataset keep their content; by default all do.

    The content of other versions is removed; their records, checksums and provenance stay. Never removed are the newest
    version, pinned versions, those in a lock file that `lock` wrote here or a citation that `cite` made here, those
    that a run reads, and those from which a version with content was made.

    Parameters
    ----------
    name_or_id : str
        Name or id of the dataset.
    policy : str or None
        Such as ``all 30d, weekly 1y, monthly``: all versions for 30 days, then the last one of each week for a year,
        and the last one of each month for ever. Weeks and months are those of UTC. None keeps all versions.

    Returns
    -------
    str or None
        The policy as it is stored.

    Raises
    ------
    UnknownName
        If there is no such dataset.
    InvalidArgument
        If the text is no policy, or if the server has no retention policies.
    ClientError
        If the server refuses or does not respond.

    Examples
    --------
    >>> aero.keep("sewage", "all 30d, weekly 1y, monthly")
    'all 30d, weekly 1y, monthly'
    >>> aero.keep("sewage", None)
    """
    text = None if policy is None else RetentionPolicy.parse(policy).text
    session = current()
    return session.client.store_retention(session.client.resolve_data(name_or_id), text)


def validate_retention(session: Session, policy: str | None, outputs: Iterable[str] | None) -> None:
    """Raise if a text is no retention policy, or if nothing has it.

    Parameters
    ----------
    outputs : iterable of str or None
        The outputs of a registration; None for a dataset that exists.

    Raises
    ------
    InvalidArgument
    """
    if policy is None:
        return
    RetentionPolicy.parse(policy)
    if outputs is not None and not list(outputs):
        raise InvalidArgument("--keep is about an output, and this flow has none.", "Add --output NAME.")
    require_retention(session, policy)


def require_retention(session: Session, policy: str | None, where: str = "") -> None:
    """Raise if there is a policy, and the server has none.

    Raises
    ------
    InvalidArgument
    """
    if policy is not None and not session.client.dialect.retention:
        raise InvalidArgument(
            f"{where}{session.name} has no retention policies; it keeps every version.", "Leave the policy out."
        )


def keep_registered(session: Session, policy: str | None, data_id: str | None, flow_id: str | None) -> None:
    """Store a retention policy, if there is one, with what was registered: the outputs of a flow, or a dataset."""
    if policy is not None and flow_id is not None:
        keep_outputs(session, session.client.get_flow(flow_id).outputs, policy)
    elif policy is not None and data_id is not None:
        keep_outputs(session, [session.client.get_data(data_id)], policy)


def keep_outputs(session: Session, outputs: Iterable[Data], policy: str | None) -> None:
    """Store a retention policy, if there is one, with each output of a flow."""
    for data in outputs if policy is not None else ():
        session.client.store_retention(data, policy)


def space_line(session: Session) -> str:
    """Return the space of the stored content in words; empty if the server does not report it."""
    found = session.client.space()
    if found is None:
        return ""
    removed = f"; retention removed the content of {found['removed']:,}" if found["removed"] else ""
    return f"{found['stored'] / 1e6:,.1f} MB stored for versions of {found['versions'] / 1e6:,.1f} MB{removed}"
