"""The differences between an existing flow and a request to register it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aero_jupyter.core import policy
from aero_jupyter.core.decode_values import text_from
from aero_jupyter.core.models import Flow
from aero_jupyter.core.name_rules import normal_name
from aero_jupyter.core.policy import timer_for
from aero_jupyter.core.redaction import redact_url
from aero_jupyter.core.surface_text import SurfaceText
from aero_jupyter.session.flow_request import FlowOptions, FlowRequest

#: Fixed arguments of a function: one set, or a list of sets.
FlowKwargs = dict[str, Any] | list[dict[str, Any]]

#: The advice where an output has the name of a dataset that this registration could continue.
CONTINUE_OR_RENAME = SurfaceText(
    "Add --replace to continue its data with this one, or choose another output.",
    "Continue its data with this one, or choose another output.",
)


def flow_differences(
    flow: Flow, request: FlowRequest, registered_source: str, registered_kwargs: FlowKwargs
) -> list[str]:
    """Describe how an existing flow differs from a request, a phrase for each difference.

    Parameters
    ----------
    flow : Flow
        The existing flow.
    request : FlowRequest
        ``inputs`` map to the ids of datasets.
    registered_source : str
        Source code of the flow's function; empty if it is not known.
    registered_kwargs : mapping or list of mapping
        All fixed arguments of the flow.
    """
    from aero_jupyter.compute.source_diff import code_differences

    function = request.function
    found = code_differences(registered_source, function.cell, function.modules, function.checks)
    names = {data.id: data.name for data in flow.inputs}
    for parameter in dict.fromkeys([*flow.parameters, *request.inputs]):
        registered_input = flow.parameters.get(parameter)
        if registered_input != request.inputs.get(parameter):
            found.append(f"{parameter} was {names.get(registered_input or '', 'no input')}")
    found += _source_differences(flow, request)
    if pinned_versions(flow) != dict(request.versions):
        found.append("it read other versions")
    if registered_kwargs != _plain_kwargs(request.flow_kwargs):
        left_out = flow.raw.get("kwargs_left_out")
        size = f"others, {left_out:,} bytes of them" if left_out else None
        found.append(f"its constants were {size or registered_kwargs or 'none'}")
    found += _schedule_differences(flow, request)
    found += _option_differences(flow, request.options)
    if request.description is not None and flow.description != request.description:
        found.append(f"its description was {flow.description!r}" if flow.description else "it had no description")
    return found


def flow_arguments(flow: Flow) -> Mapping[str, Any]:
    """Return the arguments of the flow's first task, ``aero`` among them."""
    args = flow.raw.get("function_args")
    first = args[0] if isinstance(args, list) and args else args
    return first.get("kwargs", {}) if isinstance(first, Mapping) else {}


def flow_kwargs_of(flow: Flow) -> FlowKwargs:
    """Return the fixed arguments of a flow: one set, or a list of sets."""
    sets = [dict(each) for each in flow.arguments]
    return sets if isinstance(flow.raw.get("function_args"), list) else next(iter(sets), {})


def _plain_kwargs(kwargs: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> FlowKwargs:
    return dict(kwargs) if isinstance(kwargs, Mapping) else [dict(each) for each in kwargs]


def pinned_versions(flow: Flow) -> dict[str, int]:
    """Return the pinned version of each pinned input, by parameter."""
    inputs = flow_arguments(flow).get("aero", {}).get("input_data", {})
    return {name: entry["version"] for name, entry in inputs.items() if entry.get("version")}


def _option_differences(flow: Flow, options: FlowOptions) -> list[str]:
    aero = flow_arguments(flow).get("aero", {})
    inputs, outputs = aero.get("input_data", {}), aero.get("output_data", {})
    found = []
    if {name for name, entry in inputs.items() if entry.get("fetch") is False} != set(options.not_fetched):
        found.append("it downloaded other inputs")
    if {name for name, entry in outputs.items() if entry.get("optional")} != set(options.optional_outputs):
        found.append("other outputs were optional")
    if (flow.endpoint_config or {}) != dict(options.endpoint_config):
        found.append(f"its endpoint options were {dict(flow.endpoint_config) or 'none'}")
    return found


def source_url_of(flow: Flow) -> str | None:
    """Return the source URL of a flow, which differs from its dataset's if that dataset has two ingestions."""
    if "source_url" in flow.raw:
        return text_from(flow.raw["source_url"])
    return next((data.url for data in flow.outputs if data.url), None)


def _schedule_differences(flow: Flow, request: FlowRequest) -> list[str]:
    found = []
    timer = timer_for(request.policy, request.timer) if request.policy in policy.TIMED else None
    if (flow.policy, flow.timer) != (request.policy, timer):
        found.append(f"it ran {policy.in_words(flow.policy, flow.timer)}")
    if flow.is_aligned != request.aligned:
        found.append(
            "it ran on inputs from any versions" if request.aligned else "it waited for inputs that are aligned"
        )
    return found


def _content_check_setting(flow: Flow) -> str | None:
    outputs = flow_arguments(flow).get("aero", {}).get("output_data", {})
    return next((str(entry["check"]) for entry in outputs.values() if entry.get("check")), None)


def _source_differences(flow: Flow, request: FlowRequest) -> list[str]:
    """Return the differences in how a flow downloads its source; none if the registration names no source."""
    if request.source is None:
        return []
    found = []
    # A type has several URLs; another one joins it.
    if flow.outputs and request.options.source_type is None and request.source != source_url_of(flow):
        found.append(f"it downloaded {redact_url(source_url_of(flow) or '') or 'nothing'}")
    if _content_check_setting(flow) != request.check:
        found.append(
            "it accepted any response from its source"
            if request.check is None
            else "it checked the responses of its source"
        )
    if _credentials_of(flow) != (dict(request.headers), request.auth):
        found.append("it used other headers or credentials for its source")
    return found


def _credentials_of(flow: Flow) -> tuple[dict[str, str], str | None]:
    outputs = flow_arguments(flow).get("aero", {}).get("output_data", {}).values()
    entry: Mapping[str, Any] = next((each for each in outputs if each.get("headers") or each.get("auth")), {})
    return dict(entry.get("headers") or {}), text_from(entry.get("auth"))


def output_ids(flow: Flow) -> dict[str, str]:
    """Return the outputs of a flow: name to id."""
    return {normal_name(data.name): data.id for data in flow.outputs}
