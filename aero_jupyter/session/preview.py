"""Previews of a registration in place of another: how the outputs would change, and which flows follow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any  # results of calls

from aero_jupyter.client.name_resolution import flow_name
from aero_jupyter.compute.replay_source import replay_source
from aero_jupyter.core.errors import AeroError, InvalidArgument
from aero_jupyter.core.models import Data, Flow
from aero_jupyter.core.version_ref import VersionRef
from aero_jupyter.session.descriptions import stored_keys
from aero_jupyter.session.flow_differences import output_ids
from aero_jupyter.session.flow_request import FlowRequest
from aero_jupyter.session.reading import read_version
from aero_jupyter.session.replay_plan import Instant, ReplayCall, ReplayPlanner
from aero_jupyter.session.replay_runner import ReplayRunner
from aero_jupyter.session.replayed_function import ReplayedFunction, ReplayInput
from aero_jupyter.session.versions_reader import Progress

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session
    from aero_jupyter.vintages import Diff

#: Flows of one dataset that are listed, at most.
_MAX_FOLLOWERS = 50


@dataclass(frozen=True)
class Preview:
    """The changes that a function would make in place of that of a flow; nothing is registered.

    Attributes
    ----------
    flow : Flow
        The flow that would be replaced.
    followers : tuple of str
        The flows that run after a new version of an output, directly or through others.
    diffs : tuple of Diff
        The stored versions of the outputs, compared with what the function returns on the inputs that they were made
        from.
    failures : tuple of str
        The versions that could not be compared, and why.
    """

    flow: Flow
    followers: tuple[str, ...]
    diffs: tuple[Diff, ...]
    failures: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """The sentences before the differences."""
        follow = f"Flows that follow: {', '.join(self.followers)}." if self.followers else "No flow follows."
        name = f"{flow_name(self.flow)} ({self.flow.id[:8]})"
        return [f"Nothing was registered. To replace {name}, run the cell without --preview.", follow, *self.failures]

    def __repr__(self) -> str:
        return "\n\n".join(["\n".join(self.lines), *map(str, self.diffs)])

    def _repr_html_(self) -> str:
        head = "".join(f"<div>{escape(line)}</div>" for line in self.lines)
        return head + "".join(diff._repr_html_() for diff in self.diffs)


def preview(
    session: Session, request: FlowRequest, endpoint: str, count: int, progress: Progress | None = None
) -> Preview:
    """Compare the last versions of a flow's outputs with what another function makes of the same inputs.

    Parameters
    ----------
    session : Session
    request : FlowRequest
        The registration that would replace the flow; its function is called.
    endpoint : str
        Name or id.
    count : int
        How many versions of each output, at most.
    progress : callable, optional
        Called with the number of calls that have ended, and of all calls.

    Raises
    ------
    InvalidArgument
        If there is no flow to replace, or if the function reads a source, whose earlier downloads are not stored.
    UnknownName
        If there is no such input or endpoint.
    ClientError
        If the server refuses or does not respond.
    """
    _require_comparable(request)
    flow = _replaced_flow(session, request)
    ids = output_ids(flow)
    planner, diffs, failures = ReplayPlanner(session.client), list[Any](), list[str]()
    for name in request.outputs:
        if name not in ids:
            continue
        data = session.client.get_data(ids[name])
        function = _function_of(session, request, endpoint, name)
        calls = _calls(session, planner, data, function, count)
        answers = ReplayRunner(session, function, 300.0, progress).run(calls)
        for call, answer in zip(calls, answers, strict=True):
            label = f"{data.name}@{call.instant.version.version}"
            try:
                if answer.error is not None:
                    raise InvalidArgument(answer.error, "")
                diffs.append(_difference(session, data, call.instant.version.version, answer.value))
            except AeroError as error:
                failures.append(f"{label} was not compared: {error.message}")
    return Preview(flow, tuple(_followers(session, list(ids.values()), {flow.id})), tuple(diffs), tuple(failures))


def _require_comparable(request: FlowRequest) -> None:
    if request.source is not None:
        raise InvalidArgument(
            "A preview calls the function on stored versions, and earlier downloads of a source are not stored.",
            "Leave --preview out, and try the function with --dry-run.",
        )
    if len(request.options.kwargs_sets) > 1:
        raise InvalidArgument("A preview calls the function with one set of arguments.", "Leave --preview out.")


def _replaced_flow(session: Session, request: FlowRequest) -> Flow:
    standing = session.standing(request.function.name, request.outputs)
    if standing is not None:
        return standing
    found = session.namesakes(request.outputs)
    flow = next((each.flow for same in found.values() for each in same if each.flow is not None), None)
    if flow is None:
        raise InvalidArgument(
            f"No flow makes {', '.join(request.outputs) or 'an output of this function'}, so none would be replaced.",
            "Leave --preview out.",
        )
    return flow


def _function_of(session: Session, request: FlowRequest, endpoint: str, output: str) -> ReplayedFunction:
    inputs = {
        parameter: ReplayInput(
            session.client.resolve_data(name).id,
            request.versions.get(parameter),
            parameter not in request.options.not_fetched,
        )
        for parameter, name in request.inputs.items()
    }
    optional = list(request.options.optional_outputs)
    return ReplayedFunction(
        name=request.function.name,
        source=replay_source(request.function.name, request.function.source),
        endpoint=session.endpoint_id(endpoint),
        endpoint_config=request.options.endpoint_config,
        kwargs={**request.kwargs, **next(iter(request.options.kwargs_sets), {})},
        inputs=inputs,
        outputs={"declared": list(request.outputs), "optional": optional, "output": output},
    )


def _calls(
    session: Session, planner: ReplayPlanner, data: Data, function: ReplayedFunction, count: int
) -> list[ReplayCall]:
    """Return a call for each of the last versions, with the inputs that it was made from."""
    pinned = {each.data_id: each.pinned for each in function.inputs.values() if each.pinned is not None}
    calls = []
    for time, version in planner.versions_of(data)[-count:]:
        used: dict[str, int] = {}
        for record in session.client.provenance(version.version, data_id=data.id):
            used = {each.data_id: each.version for each in record.used or ()}
        calls.append(planner.call_at(Instant(version, time), function, {**used, **pinned}))
    return calls


def _difference(session: Session, data: Data, number: int, table: Any) -> Diff:
    from aero_jupyter.vintages import diff

    keys = stored_keys(session, data.id)
    stored = read_version(session.client, VersionRef(data.id, number), {})
    return diff(stored, table, keys, from_version=f"{data.name}@{number}", to_version="the new function")


def _followers(session: Session, outputs: list[str], seen: set[str]) -> Iterator[str]:
    """Yield the flows that read one of the datasets, and those that read theirs."""
    for data_id in outputs:
        for flow in session.client.attached(data_id, _MAX_FOLLOWERS)[0]:
            if flow.id not in seen and data_id in flow.parameters.values():
                seen.add(flow.id)
                made = ", ".join(output.name for output in flow.outputs)
                yield f"{flow_name(flow)} → {made}" if made else flow_name(flow)
                yield from _followers(session, [output.id for output in flow.outputs], seen)
