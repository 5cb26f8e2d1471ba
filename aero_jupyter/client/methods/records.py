"""Records by id and as lists."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, overload  # records of any kind

from aero_jupyter.client.pages import Pages
from aero_jupyter.client.responses import decode_body
from aero_jupyter.client.transport import BaseAeroClient
from aero_jupyter.core import decode, errors, wire
from aero_jupyter.core.models import Data, Flow, Json, Provenance, Run
from aero_jupyter.core.suggestions import suggest

Kind = Literal["data", "flow", "prov", "run"]

_DECODERS: dict[str, Callable[[Json], Any]] = {
    "data": decode.data,
    "flow": decode.flow,
    "prov": decode.provenance,
    "run": decode.run,
}


class RecordMethods(BaseAeroClient):
    """Methods that fetch one record, or list all of a kind."""

    def get_data(self, id: str) -> Data:
        """Fetch one dataset.

        Parameters
        ----------
        id : str
            Its id; names are resolved by `resolve_data`.

        Returns
        -------
        Data

        Raises
        ------
        NotFound
            If there is no such dataset.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> data = client.resolve_data("sewage")
        >>> client.get_data(data.id).name
        'sewage'
        """
        return decode_body(decode.data, self._send(wire.GET_DATA, id=id).body)

    def get_flow(self, id: str) -> Flow:
        """Fetch one flow.

        Parameters
        ----------
        id : str
            Its id; names are resolved by `resolve_flow`.

        Returns
        -------
        Flow

        Raises
        ------
        NotFound
            If there is no such flow.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> flow = client.resolve_flow("clean")
        >>> client.get_flow(flow.id).timer
        86400
        """
        return decode_body(decode.flow, self._send(wire.GET_FLOW, flow_id=id).body)

    def get_run(self, id: str) -> Run:
        """Fetch one run, with its log and its traceback.

        Parameters
        ----------
        id : str
            Its id.

        Returns
        -------
        Run
            ``log`` and ``traceback`` are set only here; lists leave them out.

        Raises
        ------
        NotFound
            If there is no such run.
        AeroError
            If this server does not list runs.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> newest = client.list("run").first(1)[0]
        >>> client.get_run(newest.id).is_final
        True
        """
        self._require_runs()
        return decode_body(decode.run, self._send(wire.GET_RUN, id=id).body)

    @overload
    def list(self, kind: Literal["data"], *, match: str | None = None, **filters: Any) -> Pages[Data]: ...
    @overload
    def list(self, kind: Literal["flow"], *, match: str | None = None, **filters: Any) -> Pages[Flow]: ...
    @overload
    def list(self, kind: Literal["prov"], *, match: str | None = None, **filters: Any) -> Pages[Provenance]: ...
    @overload
    def list(self, kind: Literal["run"], *, match: str | None = None, **filters: Any) -> Pages[Run]: ...
    @overload
    def list(self, kind: Kind, *, match: str | None = None, **filters: Any) -> Pages[Any]: ...
    def list(self, kind: Kind, *, match: str | None = None, **filters: Any) -> Pages[Any]:
        """List records; nothing is sent before the pages are read.

        Parameters
        ----------
        kind : {"data", "flow", "prov", "run"}
            What to list.
        match : str, optional
            Only records of that name, or whose id begins with it.
        **filters
            Further query parameters of the server: ``where`` (list of ``"column=value"``), ``since`` (seconds),
            ``text``, ``sort`` (a column, with ``-`` before it for descending).

        Returns
        -------
        Pages of Data, Flow, Provenance or Run
            Newest first.

        Raises
        ------
        InvalidArgument
            If there is no such list.
        AeroError
            While the pages are read: this server cannot filter its lists, or does not list runs.
        ClientError
            If the server refuses or does not answer.

        Examples
        --------
        >>> [data.name for data in client.list("data")]
        ['sewage']
        >>> client.list("run", match=client.resolve_flow("clean").id).first(1)[0].is_final
        True
        """
        if kind not in _DECODERS:
            raise errors.InvalidArgument(f"There is no list of {kind!r}.", suggest(kind, _DECODERS))
        filters = {name: value for name, value in {"match": match, **filters}.items() if value is not None}
        return self._pages(kind, filters)

    def _pages(self, kind: str, filters: dict[str, Any]) -> Pages[Any]:
        decoded = partial(decode_body, _DECODERS[kind])
        return Pages(partial(self._rows, kind, filters), decoded, dialect=lambda: self.dialect)

    def _rows(self, kind: str, filters: dict[str, Any], window: wire.Window) -> wire.Reply:
        if kind == "run":
            self._require_runs()
        if filters and not self.dialect.filters:
            raise errors.AeroError("This server cannot filter its lists.", "List all records and filter them.")
        try:
            route = wire.LIST.get(kind, wire.LIST_RUNS)
            answer = self._send(route, params={**self.dialect.query_params(window), **filters})
        except errors.NotFound:
            # The older server answers so past its last page.
            if window.offset:
                return wire.Reply(())
            raise
        return wire.rows_from(answer.body, answer.headers)

    def _require_runs(self) -> None:
        if not self.dialect.runs:
            raise errors.AeroError("This server does not list runs.", "List the flows with %aero_list flow")
