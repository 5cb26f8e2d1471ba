"""One run of a function on an endpoint, outside any flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from aero_jupyter.compute.functions import ONCE
from aero_jupyter.compute.results import Outcome, Told, told_by
from aero_jupyter.core import config
from aero_jupyter.registration import FlowRegistry, check_arguments

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.compute.functions import PortableFunction


def run_once(
    session: FlowRegistry,
    function: PortableFunction,
    *,
    endpoint: str = config.LOCAL,
    inputs: Mapping[str, str] | None = None,
    versions: Mapping[str, int] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    timeout: float = 300.0,
    told: Told | None = None,
) -> Outcome:
    """Run a function once on an endpoint, and wait for what it gives.

    Parameters
    ----------
    endpoint : str
        Name or id.
    inputs : mapping of str to str
        Parameter to the name or id of a Data, which the function gets as a file.
    versions : mapping of str to int
        Parameter to the version it reads; the newest for all others.
    kwargs : mapping
        Its other arguments, as JSON.
    timeout : float
        Seconds.
    told : callable, optional
        Called with the task's id and its state, whenever that changed.

    Raises
    ------
    InvalidArgument, UnknownName
        If it would be called with the wrong parameters, or a name is not known.
    RunFailed
        If the endpoint goes away, or the time is over.
    ClientError
        If a service refuses or does not answer.
    """
    given = dict(kwargs or {})
    check_arguments(function, inputs or {}, given, has_source=False)
    where = session.endpoint_id(endpoint)
    pinned = versions or {}
    aero = {
        "input_data": {name: entry_of(session.client, data, pinned.get(name)) for name, data in (inputs or {}).items()}
    }
    compute = session.compute
    outcomes = compute.run(
        function.source,
        ONCE,
        where,
        [{"kwargs": given, "aero": aero}],
        description=function.name,
        patience=compute.patience(timeout),
        told=told,
    )
    return told_by(outcomes[0])


def entry_of(client: AeroClient, name_or_id: str, number: int | None) -> dict[str, Any]:
    """Tell an endpoint where a version of a Data is, as the pull of a flow would; the newest where none is named."""
    content = client.place(client.resolve_data(name_or_id).id, number)
    version = content.version
    entry = {
        "id": content.data.id,
        "version": version.version,
        "version_id": version.id,
        "checksum": version.checksum,
    }
    if content.collection is None:
        return {**entry, "no_copy": True, "trigger_url": content.url}
    folder, _, name = content.url.rpartition("/")
    return {**entry, "collection_url": folder, "collection_uuid": content.collection, "file_bn": unquote(name)}
