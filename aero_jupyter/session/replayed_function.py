"""The function that a replay calls: that of a flow, or one of the notebook, with its inputs and its endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aero_jupyter.compute.replay_source import replay_source
from aero_jupyter.core import config
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Data, Flow
from aero_jupyter.core.name_rules import normalize_parameters, parameter_name
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.core.version_ref import VersionRef
from aero_jupyter.session.argument_checks import check_arguments
from aero_jupyter.session.flow_differences import flow_arguments
from aero_jupyter.session.flow_request import FlowRequest
from aero_jupyter.session.reading import version_number

if TYPE_CHECKING:
    from aero_jupyter.compute.portable_function import PortableFunction
    from aero_jupyter.session.session import Session


@dataclass(frozen=True)
class ReplayInput:
    """An input other than the replayed dataset; `pinned` is the number of the version that every run reads."""

    data_id: str
    pinned: int | None = None
    is_fetched: bool = True


@dataclass(frozen=True)
class ReplayedFunction:
    """The function that is called for each version.

    Attributes
    ----------
    name : str
        In messages.
    source : str
        The text to register.
    endpoint : str
        Its id.
    endpoint_config : mapping
        The options of the endpoint's template.
    kwargs : mapping
        The fixed arguments.
    inputs : mapping of str to ReplayInput
        By parameter; the replayed dataset is among them.
    outputs : mapping
        ``declared``, ``optional`` and ``output`` of `run_vintage`; empty for a function of the notebook.
    """

    name: str
    source: str
    endpoint: str
    endpoint_config: Mapping[str, Any]
    kwargs: Mapping[str, Any]
    inputs: Mapping[str, ReplayInput]
    outputs: Mapping[str, Any]


def function_of_flow(
    session: Session, flow: Flow, kwargs: Mapping[str, Any] | None, endpoint: str | None, output: str | None
) -> ReplayedFunction:
    """Return the registered function of a flow.

    Raises
    ------
    InvalidArgument
        If the flow has several outputs or sets of arguments, and none is chosen.
    FunctionRefused
        If the source code of the function is not available.
    """
    if flow.raw.get("kwargs_left_out"):
        flow = session.client.get_flow(flow.id)
    name = flow.function_name or flow.description or flow.id[:8]
    aero = flow_arguments(flow).get("aero") or {}
    inputs = {
        parameter: ReplayInput(str(entry["id"]), entry.get("version"), entry.get("fetch") is not False)
        for parameter, entry in (aero.get("input_data") or {}).items()
    }
    declared = aero.get("output_data") or {}
    registered = session.compute.source_of(flow.function_id) if flow.function_id else ""
    return ReplayedFunction(
        name=name,
        source=replay_source(name, registered),
        endpoint=session.endpoint_id(endpoint or flow.endpoint or config.LOCAL),
        endpoint_config=flow.endpoint_config,
        kwargs=_fixed_arguments(flow, name) if kwargs is None else normalize_parameters(kwargs),
        inputs=inputs,
        outputs={
            "declared": list(declared),
            "optional": [each for each, entry in declared.items() if entry.get("optional")],
            "output": _chosen_output(name, list(declared), output),
        }
        if declared
        else {},
    )


def _fixed_arguments(flow: Flow, name: str) -> Mapping[str, Any]:
    if len(flow.arguments) > 1:
        raise InvalidArgument(
            f"{name} has {len(flow.arguments)} sets of arguments; a replay calls it with one.",
            f"Choose one: kwargs={dict(flow.arguments[0])!r}",
        )
    return flow.arguments[0] if flow.arguments else {}


def _chosen_output(name: str, declared: list[str], output: str | None) -> str:
    if output is None and len(declared) == 1:
        return declared[0]
    if output in declared:
        return str(output)
    problem = f"{name} makes {', '.join(declared)}" + (f", not {output}." if output else "; a replay returns one.")
    raise InvalidArgument(problem, f"Choose one: output={declared[0]!r}")


def function_of_notebook(
    session: Session,
    function: PortableFunction,
    data: Data,
    inputs: Mapping[str, str],
    kwargs: Mapping[str, Any],
    endpoint: str | None,
) -> ReplayedFunction:
    """Return a function of the notebook; the replayed dataset is the input of the one parameter without a value.

    Raises
    ------
    InvalidArgument
        If several parameters could receive the dataset, or an argument does not fit.
    UnknownName
        If there is no such input or endpoint.
    """
    given = normalize_parameters(kwargs)
    resolved = {name: _named_input(session, each) for name, each in normalize_parameters(inputs).items()}
    if data.id not in {each.data_id for each in resolved.values()}:
        resolved[_free_parameter(function, data, {*given, *resolved})] = ReplayInput(data.id)
    ids = {name: each.data_id for name, each in resolved.items()}
    check_arguments(FlowRequest(function, ids, given, PolicyEnum.NONE, None))
    return ReplayedFunction(
        name=function.name,
        source=replay_source(function.name, function.source),
        endpoint=session.endpoint_id(endpoint or config.LOCAL),
        endpoint_config={},
        kwargs=given,
        inputs=resolved,
        outputs={},
    )


def _named_input(session: Session, text: str) -> ReplayInput:
    ref = VersionRef.parse(text)
    data_id = session.client.resolve_data(ref.name).id
    return ReplayInput(data_id, version_number(session.client, data_id, ref))


def _free_parameter(function: PortableFunction, data: Data, filled: set[str]) -> str:
    free = [each.name for each in function.parameters if each.name not in filled]
    required = [each.name for each in function.parameters if each.required and each.name in free]
    named = [name for name in free if name == parameter_name(data.name)]
    chosen = named or required or free
    if len(chosen) == 1:
        return chosen[0]
    which = f"{', '.join(chosen)} could receive it" if chosen else "no parameter is left for it"
    raise InvalidArgument(
        f"{function.name}() does not name the parameter of {data.name}: {which}.",
        f"Name it: inputs={{{(chosen or ['PARAMETER'])[0]!r}: {data.name!r}}}",
    )
