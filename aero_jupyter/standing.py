"""What stands on a server already: the flow of a function, what differs from it, and data of the same name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aero_jupyter.client import AeroClient
from aero_jupyter.compute.registrar import Registrar
from aero_jupyter.core import policy
from aero_jupyter.core.models import Data, Flow
from aero_jupyter.core.policy import PolicyEnum, timer_for

if TYPE_CHECKING:
    from aero_jupyter.compute.functions import PortableFunction


@dataclass(frozen=True)
class Namesake:
    """Data that has the name of an output already; ``flow`` makes it, None where no flow does."""

    data: Data
    flow: Flow | None


class Standing:
    """Looks at what is registered."""

    client: AeroClient
    compute: Registrar
    endpoint: str | None

    def standing(self, function: str, outputs: Sequence[str]) -> Flow | None:
        """Find the flow of a function of that name that makes the first output; only the local AERO tells.

        Raises
        ------
        ClientError
            If the server refuses or does not answer.
        """
        if not self.endpoint or not outputs:
            return None
        first = outputs[0]
        flows = self.client.list("flow", match=first)
        return next((flow for flow in flows if flow.function_name == function and first in made_by(flow)), None)

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
    ) -> list[str]:
        """Say in words what differs between a flow that stands there and what would be registered.

        Parameters
        ----------
        inputs : mapping of str to str
            Parameter to the id of a Data.
        source : str, optional
            The address that is pulled.
        versions : mapping of str to int, optional
            Parameter to the version it always reads.
        """
        from aero_jupyter.compute.differences import in_lines, own_text

        kept = own_text(self.compute.text_of(flow.function_id)) if flow.function_id else ""
        found = in_lines(kept, function.cell)
        names = {data.id: data.name for data in flow.inputs}
        for parameter in dict.fromkeys([*flow.parameters, *inputs]):
            had, has = flow.parameters.get(parameter), inputs.get(parameter)
            if had != has:
                found.append(f"{parameter} was {names.get(had or '', 'no input')}")
        if source is not None and flow.outputs and source not in [data.url for data in flow.outputs]:
            found.append(f"it pulled {flow.outputs[0].url or 'nothing'}")
        if _pinned(flow) != dict(versions or {}):
            found.append("it read other versions")
        if _kwargs_of(flow) != dict(kwargs):
            found.append(f"its constants were {_kwargs_of(flow) or 'none'}")
        timed = timer_for(rule, timer) if rule in policy.TIMED else None
        if (flow.policy, flow.timer) != (rule, timed):
            found.append(f"it ran {policy.in_words(flow.policy, flow.timer)}")
        return found

    def namesakes(self, outputs: Sequence[str], *, beside: Flow | None = None) -> dict[str, list[Namesake]]:
        """Find the data that have the names of outputs; nothing is found where a server cannot be asked by name.

        Parameters
        ----------
        beside : Flow, optional
            A flow whose own outputs are not meant.

        Raises
        ------
        ClientError
            If the server refuses or does not answer.
        """
        if not self.client.dialect.filters:
            return {}
        found = {name: self._namesakes(name) for name in outputs}
        own = made_by(beside) if beside is not None else {}
        return {
            name: same for name, same in found.items() if same and own.get(name) not in [one.data.id for one in same]
        }

    def _namesakes(self, name: str) -> list[Namesake]:
        rows = [data for data in self.client.list("data", match=name) if data.name == name]
        flows = list(self.client.list("flow", match=name)) if rows else []
        return [Namesake(data, next((f for f in flows if data.id in made_by(f).values()), None)) for data in rows]


def _arguments_of(flow: Flow) -> Mapping[str, Any]:
    args = flow.raw.get("function_args")
    first = args[0] if isinstance(args, list) and args else args
    return first.get("kwargs", {}) if isinstance(first, Mapping) else {}


def _kwargs_of(flow: Flow) -> dict[str, Any]:
    return {name: value for name, value in _arguments_of(flow).items() if name != "aero"}


def _pinned(flow: Flow) -> dict[str, int]:
    inputs = _arguments_of(flow).get("aero", {}).get("input_data", {})
    return {name: entry["version"] for name, entry in inputs.items() if entry.get("version")}


def made_by(flow: Flow) -> dict[str, str]:
    """Give what a flow makes: name to id."""
    return {data.name: data.id for data in flow.outputs}
