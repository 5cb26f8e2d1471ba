"""The flows and datasets that exist on a server: the flow of a function, its differences, and name conflicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Data, Flow
from aero_jupyter.core.name_rules import is_same_name
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.session.flow_differences import CONTINUE_OR_RENAME, flow_differences, flow_kwargs_of, output_ids
from aero_jupyter.session.flow_request import NO_OPTIONS, FlowOptions, FlowRequest

if TYPE_CHECKING:
    from aero_jupyter.client import AeroClient
    from aero_jupyter.compute.compute_client import Registrar
    from aero_jupyter.compute.portable_function import PortableFunction


@dataclass(frozen=True)
class NameConflict:
    """A dataset that already has the name of an output; ``flow`` writes it, None if no flow does."""

    data: Data
    flow: Flow | None


class ExistingFlows:
    """Access to the flows and datasets that are registered already."""

    client: AeroClient
    compute: Registrar
    endpoint: str | None

    def standing(self, function: str, outputs: Sequence[str]) -> Flow | None:
        """Find the flow of a function, by the function's name and the flow's first output.

        Parameters
        ----------
        function : str
            Name of the function.
        outputs : sequence of str
            Names of datasets.

        Returns
        -------
        Flow or None
            The flow; None if there is none, or on a real server, which cannot search by name.

        Raises
        ------
        ClientError
            If the server refuses or does not respond.

        Examples
        --------
        >>> aero.current().standing("clean", ["sewage"]).timer
        86400
        """
        if not self.endpoint or not outputs:
            return None
        first = outputs[0]
        flows = self.client.list("flow", match=first)
        return next((flow for flow in flows if flow.function_name == function and first in output_ids(flow)), None)

    def differences(
        self,
        flow: Flow,
        function: PortableFunction,
        inputs: Mapping[str, str],
        kwargs: Mapping[str, Any],
        rule: PolicyEnum,
        timer: int | None,
        *,
        source: str | None = None,
        versions: Mapping[str, int] | None = None,
        description: str | None = None,
        aligned: bool = False,
        check: str | None = None,
        headers: Mapping[str, str] | None = None,
        auth: str | None = None,
        options: FlowOptions = NO_OPTIONS,
    ) -> list[str]:
        """Describe how an existing flow differs from a new registration.

        Parameters
        ----------
        flow : Flow
            The existing flow.
        function : PortableFunction
        inputs : mapping of str to str
            Parameter name to the id of a dataset.
        kwargs : mapping of str to JSON value
            Fixed arguments.
        rule : PolicyEnum
        timer : int or None
            Seconds between runs.
        source : str, optional
            The source URL.
        versions : mapping of str to int, optional
            Parameter name to its pinned version.
        description : str, optional
            The new description; compared only if it is given.
        aligned : bool
            Whether the flow waits for inputs that come from the same versions.
        check : {"none"}, optional
            "none" if any response from the source is accepted.
        headers, auth : optional
            Headers and credentials for the source, as for `FlowRegistry.register`.
        options : FlowOptions
            The options, as for `FlowRegistry.register`.

        Returns
        -------
        list of str
            A phrase for each difference; empty if there is none.

        Raises
        ------
        ClientError
            If the server refuses or does not respond.

        Examples
        --------
        >>> aero.current().differences(flow, function, {}, {}, flow.policy, 3600)  # doctest: +SKIP
        ['it ran downloaded every day']
        """
        request = FlowRequest(
            function,
            inputs,
            kwargs,
            rule,
            timer,
            source=source,
            versions=versions or {},
            description=description,
            aligned=aligned,
            check=check,
            headers=headers or {},
            auth=auth,
            options=options,
        )
        return self._differences(flow, request)

    def _differences(self, flow: Flow, request: FlowRequest) -> list[str]:
        registered_source = self.compute.source_of(flow.function_id) if flow.function_id else ""
        # A list leaves large arguments out.
        has_all_kwargs = not flow.raw.get("kwargs_left_out")
        detailed = flow if has_all_kwargs else self.client.get_flow(flow.id)
        found = flow_differences(flow, request, registered_source, flow_kwargs_of(detailed))
        if request.options.source_type is not None:
            source_type = self.client.source_type(request.options.source_type)
            ids = output_ids(flow).values()
            found += [] if source_type and source_type["data_id"] in ids else ["its source had another type"]
        return found

    def namesakes(self, outputs: Sequence[str], *, beside: Flow | None = None) -> dict[str, list[NameConflict]]:
        """Find datasets that already have the names of outputs.

        Parameters
        ----------
        outputs : sequence of str
            Names.
        beside : Flow, optional
            A flow whose own outputs do not count.

        Returns
        -------
        dict of str to list of NameConflict
            The outputs whose names are in use; empty if the server cannot search by name.

        Raises
        ------
        ClientError
            If the server refuses or does not respond.

        Examples
        --------
        >>> found = aero.current().namesakes(["sewage", "unused name"])
        >>> {name: same[0].flow.function_name for name, same in found.items()}
        {'sewage': 'clean'}
        """
        if not self.client.dialect.filters:
            return {}
        found = {name: self._name_conflicts(name) for name in outputs}
        own = output_ids(beside) if beside is not None else {}
        return {
            name: same for name, same in found.items() if same and own.get(name) not in [one.data.id for one in same]
        }

    def _name_conflicts(self, name: str) -> list[NameConflict]:
        rows = [data for data in self.client.list("data", match=name) if is_same_name(data.name, name)]
        flows = list(self.client.list("flow", match=name)) if rows else []
        return [
            NameConflict(data, next((f for f in flows if data.id in output_ids(f).values()), None)) for data in rows
        ]


def flow_exists_error(existing: Flow, differences: Sequence[str]) -> InvalidArgument:
    """Return the error for a registration whose output another flow writes."""
    name = f"{existing.function_name} → {', '.join(output_ids(existing))}"
    return InvalidArgument(
        f"A flow {name} exists already ({existing.id[:8]}): {'; '.join(differences)}.",
        CONTINUE_OR_RENAME,
    )
