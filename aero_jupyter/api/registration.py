"""Registration of flows and functions by scripts."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.name_rules import normalize_arguments, normalize_output_names, normalize_parameters
from aero_jupyter.core.policy import PolicyEnum, policy_from, timer_for
from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.session import current
from aero_jupyter.session.registration_by_id import register_by_id

JSON = dict[str, Any]


def register_flow(
    endpoint_uuid: str,
    function_uuid: str,
    input_data: dict[str, dict[str, Any]] = {},  # noqa: B006  the documented default; never changed
    output_data: dict[str, dict[str, Any]] = {},  # noqa: B006
    kwargs: JSON | list[JSON] = {},  # noqa: B006
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
        ``{parameter: {"id": id of a dataset, "version": number or None}}``.
    output_data : dict
        ``{name: {"url": source, …}}``.
    kwargs : dict or list of dict
        Keyword arguments for the function; with a list, the function runs once for each.
    config : str, optional
        Path of a JSON file with keyword arguments, or with a list of them: the function runs once for each.
    description : str, optional
        Shown in lists.
    policy : PolicyEnum
        When the flow runs.
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
    InvalidArgument
        If a timer is passed for a policy without one, the inputs, the outputs or the kwargs have another form, or the
        configuration file cannot be used.
    ClientError
        If the server does not register it.

    Examples
    --------
    >>> endpoint = aero.current().endpoint
    >>> aero.register_flow(endpoint, function_id, output_data={"half": {}})["id"]  # doctest: +SKIP
    '0b6e3b1c-...'
    """
    _require_entries("input_data", input_data, '{"PARAMETER": {"id": ID}}')
    _require_entries("output_data", output_data, '{"NAME": {}}')
    input_data, output_data = normalize_parameters(input_data), normalize_output_names(output_data)
    policy = policy_from(policy)
    timer = timer_for(policy, timer_delay)
    if policy is PolicyEnum.INGESTION and timer_delay is None:
        logging.getLogger("aero_jupyter").warning("No timer_delay: the server downloads every 86,400 s (1 day).")
    flow = register_by_id(
        current(),
        str(endpoint_uuid),
        str(function_uuid),
        _json_copy(input_data),
        _json_copy(output_data),
        normalize_arguments(_kwargs_with_config(kwargs, config)),
        policy=policy,
        timer=timer,
        description=description,
        pull_function=pull_function_uuid,
        commit_function=commit_function_uuid,
    )
    return dict(flow.raw)


def _require_entries(argument: str, entries: object, form: str) -> None:
    if not isinstance(entries, Mapping) or not all(isinstance(entry, Mapping) for entry in entries.values()):
        raise InvalidArgument(f"{argument} is not a dict of dicts.", f"Write {argument}={form}")


def _json_copy(entries: Mapping[str, Any]) -> JSON:
    """Copy entries as JSON values; ids may be UUID objects."""
    copied: JSON = json.loads(json.dumps(entries, default=str))
    return copied


def _kwargs_with_config(
    kwargs: Mapping[str, Any] | Sequence[Mapping[str, Any]], config: str | None
) -> JSON | list[JSON]:
    several = [kwargs] if isinstance(kwargs, Mapping) else kwargs
    if not isinstance(several, Sequence) or not several or not all(isinstance(each, Mapping) for each in several):
        raise InvalidArgument(f"kwargs is of type {type(kwargs).__name__}.", "Write a dict, or a list of dicts.")
    if config is None:
        return dict(kwargs) if isinstance(kwargs, Mapping) else [dict(each) for each in several]
    if not isinstance(kwargs, Mapping):
        raise InvalidArgument("kwargs is a list, and config also names a file of kwargs.", "Pass one of them.")
    try:
        loaded = parse_json(Path(config).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidArgument(f"The config {config} cannot be read: {error}.", "Name a JSON file of kwargs.") from None
    if isinstance(loaded, dict):
        return {**kwargs, **loaded}
    if isinstance(loaded, list) and loaded and all(isinstance(each, dict) for each in loaded):
        return [{**kwargs, **each} for each in loaded]
    raise InvalidArgument(f"The config {config} contains neither kwargs nor a list of kwargs.", "Write a JSON object.")


def register_function(func: Callable[..., Any]) -> str:
    """Register a function with Globus Compute, by its source.

    Parameters
    ----------
    func : callable
        A function at the top of a cell or module.

    Returns
    -------
    str
        Id of the function.

    Raises
    ------
    FunctionRefused
        If it cannot run on an endpoint as it is; the message names the reason.
    ClientError
        If the server refuses or does not answer.

    Examples
    --------
    >>> aero.register_function(len)
    Traceback (most recent call last):
        ...
    aero_jupyter.core.errors.FunctionRefused: ...
    """
    from aero_jupyter.compute.portable_function import portable_from

    return current().register_function(portable_from(func))
