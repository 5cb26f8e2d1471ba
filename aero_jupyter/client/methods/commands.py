"""Commands to existing flows and runs."""

from __future__ import annotations

from aero_jupyter.client.methods.records import RecordMethods
from aero_jupyter.client.responses import decode_body
from aero_jupyter.core import decode, wire
from aero_jupyter.core.decode_values import maps_from, text_from
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Flow, Json, Run


class CommandMethods(RecordMethods):
    """Methods that run, pause, resume and delete flows, and cancel runs."""

    def run_flow(self, flow_id: str) -> Run:
        """Run a flow now.

        Parameters
        ----------
        flow_id : str
            Id of the flow.

        Returns
        -------
        Run
            The queued run; `wait_for_run` waits for its end.

        Raises
        ------
        NotFound
            If there is no such flow.
        AeroError
            If this server does not list runs.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> run = client.run_flow(client.resolve_flow("clean").id)
        >>> client.wait_for_run(run.id, timeout=60).state
        'unchanged'
        """
        self._require_runs()
        return decode_body(decode.run, self._send(wire.RUN_NOW, data={"flow_id": flow_id}).body)

    def cancel_run(self, run_id: str) -> Run:
        """Cancel a run.

        Parameters
        ----------
        run_id : str
            Id of the run.

        Returns
        -------
        Run
            The cancelled run.

        Raises
        ------
        ClientError
            If there is no such run, it has ended already, or the server does not answer.
        AeroError
            If this server does not list runs.

        Examples
        --------
        >>> run = client.run_flow(client.resolve_flow("clean").id)  # doctest: +SKIP
        >>> client.cancel_run(run.id).state  # doctest: +SKIP
        'cancelled'
        """
        self._require_runs()
        return decode_body(decode.run, self._send(wire.CANCEL_RUN, id=run_id).body)

    def pause_flow(self, flow_id: str) -> Flow:
        """Pause a flow: only `run_flow` starts it until it is resumed.

        Parameters
        ----------
        flow_id : str
            Id of the flow.

        Returns
        -------
        Flow
            The paused flow.

        Raises
        ------
        NotFound
            If there is no such flow.
        AeroError
            If this server does not list runs.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> flow = client.resolve_flow("clean")
        >>> client.pause_flow(flow.id).raw["paused"]
        True
        >>> client.resume_flow(flow.id).raw["paused"]
        False
        """
        self._require_runs()
        return decode_body(decode.flow, self._send(wire.PAUSE_FLOW, flow_id=flow_id).body)

    def resume_flow(self, flow_id: str) -> Flow:
        """Resume a paused flow. Everything it missed becomes one run.

        Parameters
        ----------
        flow_id : str
            Id of the flow.

        Returns
        -------
        Flow
            The resumed flow.

        Raises
        ------
        NotFound
            If there is no such flow.
        AeroError
            If this server does not list runs.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.resume_flow(client.resolve_flow("clean").id).raw["paused"]
        False
        """
        self._require_runs()
        return decode_body(decode.flow, self._send(wire.RESUME_FLOW, flow_id=flow_id).body)

    def delete_flow(self, flow_id: str) -> Flow:
        """Delete a flow. Its datasets, versions, runs and provenance stay.

        Parameters
        ----------
        flow_id : str
            Id of the flow.

        Returns
        -------
        Flow
            The flow as it was.

        Raises
        ------
        NotFound
            If there is no such flow.
        AeroError
            If this server does not list runs.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.delete_flow(client.resolve_flow("clean").id)  # doctest: +SKIP
        Flow(id=...)
        """
        self._require_runs()
        return decode_body(decode.flow, self._send(wire.DELETE_FLOW, flow_id=flow_id).body)

    def delete_flows_of(self, data_id: str) -> list[Json]:
        """Delete the flows that make or read a dataset, with their provenance. The dataset and its versions stay.

        Parameters
        ----------
        data_id : str
            Id of the dataset.

        Returns
        -------
        list of mapping
            Records of the deleted flows, as the server sent them.

        Raises
        ------
        NotFound
            If there is no such dataset.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.delete_flows_of(client.resolve_data("old").id)  # doctest: +SKIP
        []
        """
        return decode_body(list, self._send(wire.DELETE_DATA_FLOWS, id=data_id).body)

    def notices(self, limit: int = 50) -> list[dict[str, str]]:
        """List the newest notices of the local AERO about datasets, newest first.

        Parameters
        ----------
        limit : int
            1,000 at most.

        Returns
        -------
        list of dict
            ``key``, ``event``, ``dataset``, ``data_id``, ``text`` and ``created_at``.

        Raises
        ------
        AeroError
            If this server records no notices.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> client.notices(limit=1000)[-1]["text"]
        'sewage: version 1 is there.'
        """
        if not self.dialect.runs:
            raise InvalidArgument("An AERO server records no notices; the local AERO does.", "Use --profile local")
        rows = self._send(wire.LIST_NOTICES, params={"limit": limit}).body
        keys = ("key", "event", "dataset", "data_id", "text", "created_at")
        return [{key: text_from(row.get(key)) or "" for key in keys} for row in maps_from(rows)]
