"""Registration of a function as a flow: the request, and its checks against existing flows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aero_jupyter.core import config, registration_body
from aero_jupyter.core.errors import AlreadyExists, InvalidArgument
from aero_jupyter.core.models import Flow
from aero_jupyter.core.name_rules import dataset_names, normalize_parameters
from aero_jupyter.core.policy import PolicyEnum, timer_for
from aero_jupyter.session.argument_checks import check_arguments
from aero_jupyter.session.existing_flows import ExistingFlows, flow_exists_error
from aero_jupyter.session.flow_differences import output_ids
from aero_jupyter.session.flow_request import NO_OPTIONS, FlowOptions, FlowRequest
from aero_jupyter.session.function_registry import FunctionRegistry
from aero_jupyter.session.registration_entries import input_entries, output_entries

if TYPE_CHECKING:
    from aero_jupyter.compute.portable_function import PortableFunction


class FlowRegistry(FunctionRegistry, ExistingFlows):
    """Registration of functions as flows, with a server that stores flows and a service that stores functions.

    Attributes
    ----------
    client : AeroClient
    compute : Registrar
    endpoint : str or None
        The id of the endpoint called "local"; None on a real server.
    """

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
        aligned: bool = False,
        check: str | None = None,
        headers: Mapping[str, str] | None = None,
        auth: str | None = None,
        options: FlowOptions = NO_OPTIONS,
    ) -> Flow:
        """Register a function as a flow; repeating the same registration returns the existing flow.

        Parameters
        ----------
        function : PortableFunction
            The function, as ``%%aero_register`` and the form prepare it.
        inputs : mapping of str to str, optional
            Parameter name to the name or id of a dataset.
        outputs : sequence of str
            Names of the datasets that the flow writes.
        source : str, optional
            The source URL; the download becomes the first output.
        policy : PolicyEnum
            When the flow runs.
        timer : int, optional
            Seconds between runs, for a policy on a schedule.
        endpoint : str
            Name or id.
        kwargs : mapping of str to JSON value, optional
            Fixed arguments, 1 MiB at most.
        description : str, optional
            Shown in lists and found by the search.
        versions : mapping of str to int, optional
            Parameter name to its pinned version; all other inputs read the newest version.
        replace : bool
            Whether to continue the dataset of the flow that writes the output now; that flow is deleted (local AERO
            only). The source of the dataset becomes the one named here.
        aligned : bool
            Whether to run only on inputs that come from the same versions of their common ancestors: policy ALL on the
            local AERO.
        check : {"none"}, optional
            Accept any response from the source, also a web page or an error text.
        headers : mapping of str to str, optional
            Headers for the source, such as ``{"X-App-Token": "$APP_TOKEN"}``: the name of an environment variable or
            ``keyring:SERVICE/USER``, resolved where the download runs.
        auth : str, optional
            ``user:$PASSWORD`` or ``keyring:SERVICE/USER``.
        options : FlowOptions
            The type of the source, inputs that are not downloaded, optional outputs, sets of fixed arguments, and
            options of the endpoint.

        Returns
        -------
        Flow

        Raises
        ------
        InvalidArgument
            If the arguments do not fit the function, the policy or the server, or if another flow writes the output.
        UnknownName
            If there is no such input or endpoint.
        ClientError
            If the server refuses or does not respond.

        Examples
        --------
        >>> aero.current().register(function, inputs={"table": "sewage"}, outputs=["half"])  # doctest: +SKIP
        Flow(id=...)
        """
        request = FlowRequest(
            function,
            outputs=dataset_names(outputs),
            inputs=normalize_parameters(inputs or {}),
            versions=normalize_parameters(versions or {}),
            kwargs=normalize_parameters(kwargs or {}),
            policy=policy,
            timer=timer,
            source=source,
            description=description,
            aligned=aligned,
            check=check,
            headers=headers or {},
            auth=auth,
            options=options,
        )
        check_arguments(request)
        return self._register(request, endpoint, replace=replace)

    def _register(self, request: FlowRequest, endpoint: str, *, replace: bool) -> Flow:
        body = self._registration_body(request, endpoint)
        existing = self.standing(request.function.name, tuple(body["output_data"]))
        if existing is None:
            return self._send_registration(self._continue_datasets(body) if replace else body)
        ids = {parameter: str(entry["id"]) for parameter, entry in body["input_data"].items()}
        differences = self._differences(existing, dataclasses.replace(request, inputs=ids))
        if not differences and existing.endpoint == body["gc_endpoint"]:
            return self._with_type_url(existing, request)
        if not replace:
            raise flow_exists_error(existing, differences or ["it runs elsewhere"])
        output_data = _with_dataset_ids(body["output_data"], output_ids(existing))
        return self._send_registration({**body, "output_data": output_data, "replaces": existing.id})

    def _registration_body(self, request: FlowRequest, endpoint: str) -> dict[str, Any]:
        timer = timer_for(request.policy, request.timer)
        self.client.require_registrable(request.policy, timer, request.flow_kwargs)
        self._require_alignable(request)
        self.require_forwarded(request.options.endpoint_config)
        output_data = output_entries(request, is_local=bool(self.endpoint))
        input_data = input_entries(self.client, request)
        endpoint_id = self.endpoint_id(endpoint)
        pull, commit = self.job_ids(request.policy)
        body = registration_body.build_registration(
            endpoint_id,
            self.register_function(request.function),
            input_data,
            output_data,
            request.flow_kwargs,
            policy=request.policy,
            timer=timer,
            description=request.description,
            pull_function=pull,
            commit_function=commit,
        )
        local_only = {"aligned": request.aligned, "endpoint_config": dict(request.options.endpoint_config)}
        return {**body, **{name: value for name, value in local_only.items() if value}}

    def require_forwarded(self, endpoint_config: Mapping[str, Any]) -> None:
        """Raise if the server would run a flow without the options of its endpoint.

        Parameters
        ----------
        endpoint_config : mapping of str to JSON value
            Options of the endpoint's template.

        Raises
        ------
        InvalidArgument
            If there are options, and the server does not send them.

        Examples
        --------
        >>> aero.current().require_forwarded({})
        """
        if endpoint_config and not self.endpoint:
            raise InvalidArgument(
                f"An AERO server sends no endpoint options with a flow, so {', '.join(endpoint_config)} would be lost.",
                "Leave --endpoint-config out and set defaults in the endpoint's template, or use %%aero_run",
            )

    def _with_type_url(self, existing: Flow, request: FlowRequest) -> Flow:
        """Add the URL of a repeated registration to its source type if the type lacks it; return the flow."""
        name, url = request.options.source_type, request.source
        if name is not None and url is not None:
            # Adding a URL that the type has changes nothing.
            self.client.add_type_url(name, url)
        return existing

    def _require_alignable(self, request: FlowRequest) -> None:
        if request.aligned and request.policy is not PolicyEnum.ALL:
            raise InvalidArgument("Only policy all waits for aligned inputs.", "Add --policy all.")
        if request.aligned and not self.endpoint:
            raise InvalidArgument("This server does not align inputs; the local AERO does.", "Leave --aligned out.")

    def _continue_datasets(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the request body with the datasets, and the flow if any, that the registration continues."""
        found = self.namesakes(tuple(body["output_data"])) if self.endpoint else {}
        makers = {one.flow.id for same in found.values() for one in same if one.flow is not None}
        ambiguous = [name for name, same in found.items() if len(same) > 1]
        if ambiguous or len(makers) > 1:
            raise InvalidArgument(
                f"{', '.join(ambiguous or found)} cannot be continued: more than one flow or dataset is meant.",
                "Choose another output.",
            )
        ids = {name: same[0].data.id for name, same in found.items()}
        replaced = {"replaces": makers.pop()} if makers else {}
        return {**body, "output_data": _with_dataset_ids(body["output_data"], ids), **replaced}

    def _send_registration(self, body: dict[str, Any]) -> Flow:
        try:
            return self.client.register_flow(body)
        except AlreadyExists:
            found = self.client.find_flow(body["function_uuid"], _arg_hash(body))
            if found is None:
                raise
            if self.endpoint and not _is_same_registration(found, body):
                raise InvalidArgument(
                    f"Flow {found.id[:8]} already has this function and these arguments, with another policy or timer.",
                    "Change the function or a fixed value too, or choose another output.",
                ) from None
            return found


def _with_dataset_ids(
    output_data: Mapping[str, Mapping[str, Any]], ids: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    return {name: {**entry, **({"id": ids[name]} if name in ids else {})} for name, entry in output_data.items()}


def _is_same_registration(flow: Flow, body: Mapping[str, Any]) -> bool:
    wanted = (body["function_uuid"], _arg_hash(body), body["rule"], body.get("timer"))
    return (flow.function_id, flow.arg_hash, int(flow.policy), flow.timer) == wanted


def _arg_hash(body: Mapping[str, Any]) -> str:
    return registration_body.arg_hash(body["flow_kwargs"], body["input_data"], body["output_data"])
