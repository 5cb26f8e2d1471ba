"""Registering a function as a flow: what is sent, and what stands there already."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aero_jupyter.compute.endpoints import chosen
from aero_jupyter.core import config, wire
from aero_jupyter.core.errors import AlreadyExists, InvalidArgument
from aero_jupyter.core.models import Flow
from aero_jupyter.core.policy import PolicyEnum, timer_for
from aero_jupyter.standing import Standing, made_by

if TYPE_CHECKING:
    from aero_jupyter.compute.functions import PortableFunction

_PULLED = (PolicyEnum.INGESTION, PolicyEnum.INGESTION_EVENT)
#: What the runtime gives of an input beside its file, to functions that have such a parameter.
_TOLD_OF_INPUTS = ("url", "signed_url", "version", "version_id")


class FlowRegistry(Standing):
    """Registers functions as flows: a server that keeps flows, and a service that keeps functions.

    Attributes
    ----------
    client : AeroClient
    compute : Registrar
    endpoint : str or None
        The id of the endpoint called "local"; None on a real server.
    """

    def endpoints(self, with_status: bool = False, *, everyones: bool = False) -> list[dict[str, Any]]:
        """List the endpoints one may run on: id, name and owner; their status costs a request each."""
        return self.compute.endpoints(with_status, everyones=everyones)

    def remark(self, endpoint: str) -> str | None:
        """Say in one line what may surprise about an endpoint, by name or id: it is offline, or another Python.

        Raises
        ------
        UnknownName, ClientError
        """
        if self.endpoint and endpoint == config.LOCAL:
            return None
        return self.compute.remark(self.endpoint_id(endpoint))

    def endpoint_id(self, name: str) -> str:
        """Give an endpoint's id, by name or id.

        Raises
        ------
        UnknownName
            If there is no such endpoint, or several of that name.
        """
        if self.endpoint and name == config.LOCAL:
            return self.endpoint
        return chosen(name, self.endpoints)

    def register_function(self, function: PortableFunction) -> str:
        """Register a function by its source; give its id. The same text is sent once."""
        return self.compute.register(function.source, function.entry, function.name)

    def job_ids(self, policy: PolicyEnum) -> tuple[str | None, str | None]:
        """Give the ids of the pull and the commit function; the local AERO has its own, said as None."""
        if self.endpoint:
            return None, None
        from aero_jupyter import jobs
        from aero_jupyter.compute.functions import portable_from

        pulled = policy in _PULLED
        pull = portable_from(jobs.download if pulled else jobs.get_versions)
        commit = portable_from(jobs.database_commit if pulled else jobs.commit_analysis)
        return self.register_function(pull), self.register_function(commit)

    def register(
        self,
        function: PortableFunction,
        *,
        inputs: Mapping[str, str] | None = None,
        outputs: Sequence[str] = (),
        source: str | None = None,
        policy: PolicyEnum = PolicyEnum.NONE,
        timer: int | None = None,
        endpoint: str = config.LOCAL,
        kwargs: Mapping[str, Any] | None = None,
        description: str | None = None,
        versions: Mapping[str, int] | None = None,
        replace: bool = False,
    ) -> Flow:
        """Register a function as a flow; the same registration again gives the flow that is there.

        Parameters
        ----------
        inputs : mapping of str to str
            Parameter to the name or id of a Data.
        outputs : sequence of str
            Names of the Data it makes.
        source : str, optional
            The address an ingestion pulls; the first output is made from it.
        timer : int, optional
            Seconds between runs.
        endpoint : str
            Name or id.
        versions : mapping of str to int
            Parameter to the version it always reads; the newest for all others.
        replace : bool
            Whether the flow that makes the output gives its data to this one, and goes (local AERO only).

        Raises
        ------
        InvalidArgument, UnknownName, ClientError
        """
        given = dict(kwargs or {})
        check_arguments(function, inputs or {}, given, has_source=source is not None)
        timer = timer_for(policy, timer)
        output_data = self._outputs(outputs, source)
        input_data = self._inputs(inputs or {}, versions or {})
        where = self.endpoint_id(endpoint)
        pull, commit = self.job_ids(policy)
        body = wire.registration(
            where,
            self.register_function(function),
            input_data,
            output_data,
            given,
            policy=policy,
            timer=timer,
            description=description,
            pull_function=pull,
            commit_function=commit,
        )
        twin = self.standing(function.name, tuple(output_data))
        if twin is not None:
            ids = {parameter: str(entry["id"]) for parameter, entry in input_data.items()}
            how = self.differences(twin, function, ids, given, policy, timer, source=source, versions=versions)
            if not how and twin.endpoint == where:
                return twin
            if not replace:
                raise _taken(twin, how or ["it runs elsewhere"])
            body = {**body, "output_data": _continuing(body["output_data"], made_by(twin)), "replaces": twin.id}
        elif replace:
            body = self._taking_over(body)
        return self._registered(body)

    def _taking_over(self, body: dict[str, Any]) -> dict[str, Any]:
        """Let a registration continue what another flow makes under the names of its outputs, or no flow any more."""
        found = self.namesakes(tuple(body["output_data"])) if self.endpoint else {}
        makers = {one.flow.id for same in found.values() for one in same if one.flow is not None}
        several = [name for name, same in found.items() if len(same) > 1]
        if several or len(makers) > 1:
            raise InvalidArgument(
                f"{', '.join(several or found)} cannot be continued: more than one flow or data is meant.",
                "Choose another --output.",
            )
        ids = {name: same[0].data.id for name, same in found.items()}
        replaced = {"replaces": makers.pop()} if makers else {}
        return {**body, "output_data": _continuing(body["output_data"], ids), **replaced}

    def _inputs(self, inputs: Mapping[str, str], versions: Mapping[str, int]) -> dict[str, dict[str, Any]]:
        for parameter in versions:
            if parameter not in inputs:
                raise InvalidArgument(f"A version is named for {parameter!r}, which is no input.", "Name an input.")
        return {
            parameter: {"id": self.client.resolve_data(name).id, "version": versions.get(parameter)}
            for parameter, name in inputs.items()
        }

    def _outputs(self, outputs: Sequence[str], source: str | None) -> dict[str, dict[str, Any]]:
        made: dict[str, dict[str, Any]] = {name: self._place() for name in outputs}
        if source is None:
            return made
        if not source.startswith(("http://", "https://")):
            raise InvalidArgument(f"{source!r} is not the address of a source.", "Write it as https://host/file.csv.")
        if not outputs:
            raise InvalidArgument("A source needs an output to be kept in.", "Name one output at least.")
        made[outputs[0]]["url"] = source
        return made

    def _place(self) -> dict[str, Any]:
        if self.endpoint:
            return {}
        names = ("AERO_COLLECTION_UUID", "AERO_COLLECTION_URL")
        values = [os.environ.get(name) for name in names]
        if not all(values):
            raise InvalidArgument(
                "A real server needs a collection to keep outputs in.",
                "Set AERO_COLLECTION_UUID and AERO_COLLECTION_URL.",
            )
        return dict(zip(("collection_uuid", "collection_url"), values, strict=True))

    def _registered(self, body: dict[str, Any]) -> Flow:
        try:
            return self.client.register_flow(body)
        except AlreadyExists:
            found = self.client.find_flow(body["function_uuid"], _hash(body))
            if found is None:
                raise
            if self.endpoint and not _is_same(found, body):
                raise InvalidArgument(
                    f"Flow {found.id[:8]} has this function and these arguments already, with another policy or timer.",
                    "Change the function or a kwarg too, or choose another --output.",
                ) from None
            return found


def _continuing(output_data: Mapping[str, Mapping[str, Any]], ids: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    return {name: {**entry, **({"id": ids[name]} if name in ids else {})} for name, entry in output_data.items()}


def _is_same(flow: Flow, body: Mapping[str, Any]) -> bool:
    asked = (body["function_uuid"], _hash(body), body["rule"], body.get("timer"))
    return (flow.function_id, flow.arg_hash, int(flow.policy), flow.timer) == asked


def _taken(twin: Flow, how: Sequence[str]) -> InvalidArgument:
    return InvalidArgument(
        f"A flow {twin.function_name} → {', '.join(made_by(twin))} exists already ({twin.id[:8]}): {'; '.join(how)}.",
        "Add --replace to continue its data with this one, or choose another --output.",
    )


def _hash(body: Mapping[str, Any]) -> str:
    return wire.arg_hash(body["flow_kwargs"], body["input_data"], body["output_data"])


def check_arguments(
    function: PortableFunction, inputs: Mapping[str, str], kwargs: Mapping[str, Any], *, has_source: bool
) -> None:
    """Refuse a registration whose function would be called with the wrong parameters.

    Raises
    ------
    InvalidArgument
        If a parameter is given that it does not have, is given twice, or gets nothing.
    """
    names = [parameter.name for parameter in function.parameters]
    for name in [*inputs, *kwargs]:
        if name not in names and not function.takes_any:
            has = f"Its parameters are {', '.join(names)}." if names else "It has none."
            raise InvalidArgument(f"{function.name}() has no parameter {name!r}.", has)
    twice = [name for name in inputs if name in kwargs]
    if twice:
        raise InvalidArgument(f"{twice[0]} is given both as an input and as a kwarg.", "Leave one out.")
    told = {f"{name}_{what}" for name in inputs for what in _TOLD_OF_INPUTS}
    given = {*inputs, *kwargs, *told}
    missing = [each.name for each in function.parameters if each.required and each.name not in given]
    if len(missing) > (1 if has_source else 0):
        but = " (the pulled file is only one of them)" if has_source else ""
        raise InvalidArgument(
            f"{function.name}() needs {', '.join(missing)}, which nothing gives it{but}.",
            "Give each with --input NAME=DATA or --kwarg NAME=VALUE.",
        )
