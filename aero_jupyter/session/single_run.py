"""A single run of a function on an endpoint, outside any flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from aero_jupyter.compute.portable_function import ONCE
from aero_jupyter.compute.task_results import StateCallback, TaskResult, parse_call_result
from aero_jupyter.core import config
from aero_jupyter.core.name_rules import normalize_parameters
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.provenance.lock_file import LockedFunction
from aero_jupyter.session.argument_checks import check_arguments
from aero_jupyter.session.flow_request import NO_OPTIONS, FlowOptions, FlowRequest
from aero_jupyter.session.kernel_use import kernel_use
from aero_jupyter.session.registration import FlowRegistry

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.client.locations import VersionLocation
    from aero_jupyter.compute.portable_function import PortableFunction


def run_once(
    session: FlowRegistry,
    function: PortableFunction,
    *,
    endpoint: str = config.LOCAL,
    inputs: Mapping[str, str] | None = None,
    versions: Mapping[str, int] | None = None,
    kwargs: Mapping[str, Any] | None = None,
    options: FlowOptions = NO_OPTIONS,
    timeout: float = 300.0,
    on_state: StateCallback | None = None,
) -> TaskResult:
    """Run a function once on an endpoint and wait for its result.

    Parameters
    ----------
    endpoint : str
        Name or id.
    inputs : mapping of str to str
        Parameter name to the name or id of a dataset, which the function receives as a file.
    versions : mapping of str to int
        Parameter name to its version; the newest version by default.
    kwargs : mapping
        The other arguments, as JSON.
    options : FlowOptions
        The options of the endpoint, and the inputs that are not downloaded.
    timeout : float
        Seconds to wait for the result.
    on_state : callable, optional
        Called with the id and the state of the task after each change of state.

    Raises
    ------
    InvalidArgument, UnknownName
        If the function would be called with the wrong parameters, or if a name is unknown.
    RunFailed
        If the endpoint becomes unavailable, or if the timeout expires.
    ClientError
        If a service refuses or does not respond.
    """
    given, inputs = normalize_parameters(kwargs or {}), normalize_parameters(inputs or {})
    check_arguments(FlowRequest(function, inputs, given, PolicyEnum.NONE, None, options=options))
    where = session.endpoint_id(endpoint)
    session.require_endpoint_config(where, options.endpoint_config)
    pinned = normalize_parameters(versions or {})
    aero = {
        "input_data": {
            name: version_entry(session.client, data, pinned.get(name))
            | ({"fetch": False} if name in options.not_fetched else {})
            for name, data in inputs.items()
        }
    }
    compute = session.compute
    outcomes = compute.run(
        function.source,
        ONCE,
        where,
        [{"kwargs": given, "aero": aero}],
        description=function.name,
        endpoint_config=options.endpoint_config,
        polling=compute.polling_policy(timeout),
        on_state=on_state,
    )
    # The id is cached: the function has just run.
    id = compute.register(function.source, ONCE, function.name)
    kernel_use.record_function(LockedFunction(id, function.name, function.digest))
    return parse_call_result(outcomes[0])


def version_entry(client: AeroClient, name_or_id: str, number: int | None) -> dict[str, Any]:
    """Return the location of a dataset's version as the download step of a flow does; the newest by default."""
    return location_entry(client, client.place(client.resolve_data(name_or_id).id, number))


def location_entry(client: AeroClient, content: VersionLocation) -> dict[str, Any]:
    """Return a located version as `version_entry` does."""
    version = content.version
    entry: dict[str, Any] = {
        "id": content.data.id,
        "version": version.version,
        "version_id": version.id,
        "checksum": version.checksum,
        "name": content.data.name,
        "encoding": version.file.encoding if version.file else None,
        "file_type": version.file.file_type if version.file else None,
    }
    if options := client.read_options(content.data):
        entry["read_options"] = options
    if content.collection is None:
        return {**entry, "no_copy": True, "trigger_url": content.url}
    folder, _, name = content.url.rpartition("/")
    return {**entry, "collection_url": folder, "collection_uuid": content.collection, "file_bn": unquote(name)}
