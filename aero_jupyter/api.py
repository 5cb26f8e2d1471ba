"""The documented functions, over the current session."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any, Literal

from aero_jupyter.core import wire
from aero_jupyter.core.errors import ClientError, InvalidArgument
from aero_jupyter.core.policy import PolicyEnum, policy_from, timer_for
from aero_jupyter.jobs import AeroOutput
from aero_jupyter.session import current, logout

__all__ = [
    "AeroOutput",
    "ClientError",
    "PolicyEnum",
    "get_flow",
    "globus_logout",
    "list_metadata",
    "list_versions",
    "register_flow",
    "register_function",
    "search_sources",
]

JSON = dict[str, Any]


def get_flow(flow_id: str, inputs_only: bool = True) -> JSON:
    """Get metadata on a flow.

    Parameters
    ----------
    flow_id : str
        The flow's UUID.
    inputs_only : bool
        Whether to give the flow's input data alone: parameter to ``{"id", "version", …}``.

    Raises
    ------
    ClientError
        If the server does not have it.
    """
    record = dict(current().client.get_flow(flow_id).raw)
    if not inputs_only:
        return record
    args = record.get("function_args")
    args = json.loads(args) if isinstance(args, str) else args
    first = args[0] if isinstance(args, list) and args else args or {}
    inputs: JSON = first.get("kwargs", {}).get("aero", {}).get("input_data", {})
    return inputs


def globus_logout() -> None:
    """Forget and revoke the tokens, so that the next call needs a login."""
    logout()


def list_metadata(metadata_type: Literal["data", "prov", "flow"]) -> Generator[list[JSON], None, None]:
    """Give the metadata records, a page of up to 15 at a time, until there are no more.

    Parameters
    ----------
    metadata_type : {"data", "prov", "flow"}
    """
    if metadata_type not in wire.LIST:
        raise InvalidArgument(f"There is no metadata type {metadata_type!r}.", "Choose data, prov or flow.")
    for rows in current().client.list(metadata_type).raw_pages():
        yield [dict(row) for row in rows]


def list_versions(data_id: str) -> list[JSON]:
    """Give all versions of a Data, oldest first."""
    return [dict(version.raw) for version in current().client.versions(data_id)]


def register_flow(
    endpoint_uuid: str,
    function_uuid: str,
    input_data: dict[str, dict[str, Any]] = {},  # noqa: B006  the documented default; never changed
    output_data: dict[str, dict[str, Any]] = {},  # noqa: B006
    kwargs: JSON = {},  # noqa: B006
    config: str | None = None,
    description: str | None = None,
    policy: PolicyEnum = PolicyEnum.NONE,
    timer_delay: int | None = None,
    pull_function_uuid: str | None = None,
    commit_function_uuid: str | None = None,
) -> JSON:
    """Register a function to run as a flow.

    Parameters
    ----------
    endpoint_uuid, function_uuid : str
        Globus Compute ids.
    input_data : dict
        ``{parameter: {"id": data id, "version": number or None}}``.
    output_data : dict
        ``{name: {"url": source, …}}``.
    kwargs : dict
        Keyword arguments for the function.
    config : str, optional
        Path of a JSON file with keyword arguments, or with a list of them: the function runs once for each.
    policy : PolicyEnum
        When to run.
    timer_delay : int, optional
        Seconds between runs, for a policy that has a timer.
    pull_function_uuid, commit_function_uuid : str, optional
        Ids of `jobs.download` or `jobs.get_versions`, and of `jobs.database_commit` or `jobs.commit_analysis`;
        where they are needed and not given, they are registered by their source.

    Returns
    -------
    dict
        The flow's record; ``timer_job_id`` is the timer's id.

    Raises
    ------
    ClientError
        If the server does not register it.
    InvalidArgument
        If a timer is given where the policy has none, or the configuration file cannot be used.
    """
    policy = policy_from(policy)
    timer = timer_for(policy, timer_delay)
    if policy is PolicyEnum.INGESTION and timer_delay is None:
        logging.getLogger("aero_jupyter").warning("No timer_delay: the server pulls every 86,400 s (1 day).")
    session = current()
    pull, commit = pull_function_uuid, commit_function_uuid
    if pull is None or commit is None:
        own_pull, own_commit = session.job_ids(policy)
        pull, commit = pull or own_pull, commit or own_commit
    body = wire.registration(
        str(endpoint_uuid),
        str(function_uuid),
        _plain(input_data),
        _plain(output_data),
        _flow_kwargs(kwargs, config),
        policy=policy,
        timer=timer,
        description=description,
        pull_function=pull,
        commit_function=commit,
    )
    return dict(session.client.register_flow(body).raw)


def _plain(entries: Mapping[str, Any]) -> JSON:
    """Copy what the caller gave as JSON has it; ids may be UUID objects."""
    copied: JSON = json.loads(json.dumps(entries, default=str))
    return copied


def _flow_kwargs(kwargs: Mapping[str, Any], config: str | None) -> JSON | list[JSON]:
    if config is None:
        return dict(kwargs)
    try:
        loaded = json.loads(Path(config).read_text())
    except (OSError, ValueError) as error:
        raise InvalidArgument(f"The config {config} cannot be read: {error}.", "Name a JSON file of kwargs.") from None
    if isinstance(loaded, dict):
        return {**kwargs, **loaded}
    if isinstance(loaded, list) and loaded and all(isinstance(each, dict) for each in loaded):
        return [{**kwargs, **each} for each in loaded]
    raise InvalidArgument(f"The config {config} holds neither kwargs nor a list of kwargs.", "Write a JSON object.")


def register_function(func: Callable[..., Any]) -> str:
    """Register a function with Globus Compute, by its source; give its id.

    Raises
    ------
    FunctionRefused
        If it cannot run on an endpoint as it is.
    """
    from aero_jupyter.compute.functions import portable_from

    return current().register_function(portable_from(func))


def search_sources(query: str) -> list[dict[str, Any]]:
    """Get the sources that match a Globus Search query, as plain dicts."""
    return [dict(row) for row in current().client.search(query)]
