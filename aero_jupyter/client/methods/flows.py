"""The flows of a function or a dataset."""

from __future__ import annotations

from aero_jupyter.client import name_resolution
from aero_jupyter.client.methods.records import RecordMethods
from aero_jupyter.client.responses import decode_body
from aero_jupyter.core import decode, wire
from aero_jupyter.core.decode_values import maps_from
from aero_jupyter.core.flow_history import EarlierFunction
from aero_jupyter.core.models import Flow, Json


class FlowMethods(RecordMethods):
    """Methods that find flows."""

    def find_flow(self, function_id: str, arg_hash: str) -> Flow | None:
        """Find the flow of a function with these arguments.

        Parameters
        ----------
        function_id : str
            Id of the registered function.
        arg_hash : str
            Hash of arguments, inputs and outputs, as `registration_body.arg_hash` computes it.

        Returns
        -------
        Flow or None
            If the server does not list hashes, the only flow of that function.

        Raises
        ------
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> flow = client.resolve_flow("clean")
        >>> client.find_flow(flow.function_id, flow.arg_hash) == flow
        True
        """
        flows = [flow for flow in self.list("flow").all() if flow.function_id == function_id]
        matching_flow = next((flow for flow in flows if flow.arg_hash == arg_hash), None)
        without_hash = [flow for flow in flows if flow.arg_hash is None]
        return matching_flow or (without_hash[0] if len(without_hash) == 1 else None)

    def earlier_functions(self, flow_id: str) -> list[EarlierFunction]:
        """List the functions of the flows that a flow replaced.

        Parameters
        ----------
        flow_id : str
            Id of the flow.

        Returns
        -------
        list of EarlierFunction
            Oldest first; empty on servers that do not record them. Only the local AERO does.

        Raises
        ------
        NotFound
            If there is no such flow.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.earlier_functions(client.resolve_flow("clean").id)
        []
        """
        if not self.dialect.runs:
            return []
        rows = self._send(wire.FLOW_HISTORY, flow_id=flow_id).body
        return decode_body(lambda body: [decode.earlier_function(row) for row in maps_from(body)], rows)

    def flows_of(self, data_id: str) -> list[Json]:
        """List the flows that make or read a dataset.

        Parameters
        ----------
        data_id : str
            Id of the dataset.

        Returns
        -------
        list of mapping
            Records of the wire; ``flow_id`` and ``role`` among their keys.

        Raises
        ------
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> [row["role"] for row in client.flows_of(client.resolve_data("sewage").id)]
        ['ingestion']
        """
        if self.dialect.name == wire.FLASK.name:
            return name_resolution.flows_of_data(data_id, self.list("flow").all())
        return decode_body(list, self._send(wire.DATA_FLOWS, id=data_id).body)

    def attached(self, data_id: str, most: int) -> tuple[list[Flow], int]:
        """Fetch the flows that make or read a dataset, ingestions first.

        Parameters
        ----------
        data_id : str
            Id of the dataset.
        most : int
            Flows to fetch, at most.

        Returns
        -------
        flows : list of Flow
        count : int
            How many flows the dataset has.

        Raises
        ------
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> flows, count = client.attached(client.resolve_data("sewage").id, 10)
        >>> [flow.function_name for flow in flows], count
        (['clean'], 1)
        """
        if self.dialect.name == wire.FLASK.name:
            flows = [flow for flow in self.list("flow").all() if _involves(flow, data_id)]
            return flows[:most], len(flows)
        ids = decode_body(_ingestions_first, self.flows_of(data_id))
        return [flow for flow in map(self.get_flow, ids[:most]) if _involves(flow, data_id)], len(ids)


def _ingestions_first(rows: list[Json]) -> list[str]:
    return [str(row["flow_id"]) for row in sorted(rows, key=lambda row: row.get("role") != "ingestion")]


def _involves(flow: Flow, data_id: str) -> bool:
    return data_id in {each.id for each in (*flow.inputs, *flow.outputs)}
