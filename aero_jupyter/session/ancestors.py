"""The versions, runs and functions that led to a version, queried over a session."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aero_jupyter.core.errors import LoginRequired, NotAuthorized, NotFound
from aero_jupyter.core.models import Data, Flow, Provenance, Version
from aero_jupyter.provenance import Ancestry, RecordedRun, RegisteredCode

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session

#: The function of a flow that stores its download unchanged.
_NO_FUNCTION = "00000000-0000-0000-0000-000000000000"


def ancestry_of(session: Session, data: Data, version: Version) -> Ancestry:
    """Return a version with the runs that led to it, and their functions.

    Raises
    ------
    ClientError
        If the server, or the service of the functions, refuses or does not respond.
    """
    whole = replace(version, data_id=data.id, data=version.data or data)
    if not session.client.dialect.relations:
        return Ancestry(whole, session.name, is_recorded=False)
    records = session.client.ancestors(data.id, version.version)
    made = [each for record in records for each in record.made or () if each.id == whole.id]
    # Only a version of a provenance record names the URL that its dataset had at the time.
    whole = replace(made[-1], data=made[-1].data or data) if made else whole
    codes: dict[str, RegisteredCode | None] = {}
    flows: dict[str, Flow | None] = {}
    runs = tuple(_recorded_run(session, record, flows, codes) for record in records)
    return Ancestry(whole, session.name, runs)


def _recorded_run(
    session: Session,
    record: Provenance,
    flows: dict[str, Flow | None],
    codes: dict[str, RegisteredCode | None],
) -> RecordedRun:
    if record.flow_id not in flows:
        flows[record.flow_id] = _flow(session, record.flow_id)
    flow = flows[record.flow_id]
    function = flow.function_id if flow else None
    if flow is None or function is None or function == _NO_FUNCTION:
        return RecordedRun(record, flow, None)
    if function not in codes:
        codes[function] = RegisteredCode(function, flow.function_name or function, _registered_text(session, function))
    return RecordedRun(record, flow, codes[function])


def _flow(session: Session, id: str) -> Flow | None:
    try:
        return session.client.get_flow(id)
    except NotFound:
        return None


def _registered_text(session: Session, function: str) -> str | None:
    try:
        return session.compute.source_of(function)
    except LoginRequired:
        raise
    except (NotFound, NotAuthorized):
        # The service sends the text of a function to its owner only.
        return None
