"""One AERO server: besides reading and tracing, registering, running, waiting, and the bytes of versions."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from aero_jupyter.client.content import VersionReader, open_content
from aero_jupyter.client.places import Content, locate, same_origin
from aero_jupyter.client.tracing import Tracing
from aero_jupyter.client.transport import understood
from aero_jupyter.core import decode, errors, wire
from aero_jupyter.core.models import Flow, Json, Run, Version

if TYPE_CHECKING:
    import pandas as pd
    from globus_sdk.authorizers import GlobusAuthorizer

T = TypeVar("T")


class AeroClient(Tracing):
    """One AERO server, of any generation. Every method raises `ClientError` when the server refuses or fails.

    Parameters
    ----------
    base_url : str
        The server's address, with any path prefix.
    authorizer : GlobusAuthorizer, optional
        Gives the token for this server.
    collection_authorizers : mapping, optional
        Who gives the token for a collection on another host, by the collection's id.
    sleep, clock : callable
        How waiting waits, in seconds.
    **options
        As for `Caller`: ``dialect``, ``ca_bundle``, ``timeout``.
    """

    def __init__(
        self,
        base_url: str,
        *,
        authorizer: GlobusAuthorizer | None = None,
        collection_authorizers: Mapping[str, GlobusAuthorizer] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        **options: Any,
    ) -> None:
        super().__init__(base_url, authorizer=authorizer, **options)
        self.collection_authorizers = dict(collection_authorizers or {})
        self._sleep = sleep
        self._clock = clock

    def register_flow(self, body: Mapping[str, Any]) -> Flow:
        """Register a flow, spelled by `wire.registration`.

        Raises
        ------
        AlreadyExists
            If the same function with the same arguments is registered; `find_flow` gives that flow.
        """
        return understood(decode.flow, self._send(wire.REGISTER, data=body).body)

    def delete_flows_of(self, data_id: str) -> list[Json]:
        """Delete the flows that make or read a Data, with their provenance; the Data and its versions stay."""
        return understood(list, self._send(wire.DELETE_DATA_FLOWS, id=data_id).body)

    def run_flow(self, flow_id: str) -> Run:
        """Run a flow now."""
        self._needs_runs()
        return understood(decode.run, self._send(wire.RUN_NOW, data={"flow_id": flow_id}).body)

    def pause_flow(self, flow_id: str) -> Flow:
        """Let a flow rest: nothing starts it but `run_flow`, until `resume_flow`."""
        self._needs_runs()
        return understood(decode.flow, self._send(wire.PAUSE_FLOW, flow_id=flow_id).body)

    def resume_flow(self, flow_id: str) -> Flow:
        """Let a flow go on; what it missed is one run."""
        self._needs_runs()
        return understood(decode.flow, self._send(wire.RESUME_FLOW, flow_id=flow_id).body)

    def delete_flow(self, flow_id: str) -> Flow:
        """Delete a flow, and give it as it was; its data, versions, runs and provenance stay."""
        self._needs_runs()
        return understood(decode.flow, self._send(wire.DELETE_FLOW, flow_id=flow_id).body)

    def cancel_run(self, run_id: str) -> Run:
        """Cancel a run."""
        self._needs_runs()
        return understood(decode.run, self._send(wire.CANCEL_RUN, id=run_id).body)

    def wait_for_run(self, run_id: str, timeout: float) -> Run:
        """Wait until a run has ended, well or not; at most `timeout` seconds.

        Raises
        ------
        AeroError
            If it has not ended by then.
        """

        def ended() -> Run | None:
            run = self.get_run(run_id)
            return run if run.is_final else None

        return self._until(ended, timeout, f"Run {run_id[:8]} did not end within {timeout:g} s.")

    def wait_for_version(self, data_id: str, number: int, timeout: float) -> Version:
        """Wait until a version exists; at most `timeout` seconds.

        Raises
        ------
        AeroError
            If it does not exist by then.
        """
        name = self.get_data(data_id).name

        def there() -> Version | None:
            return next((version for version in self.versions(data_id) if version.version == number), None)

        late = f"{name} did not get version {number} within {timeout:g} s."
        return self._until(there, timeout, late)

    def open_version(self, data_id: str, version: int | None = None) -> VersionReader:
        """Open the bytes of a version as a stream; the newest where none is named.

        Raises
        ------
        Unreadable
            If the server does not tell where the bytes are.
        """
        found = self.place(data_id, version)
        return open_content(found, self, self._authorizer_of(found))

    def place(self, data_id: str, version: int | None = None) -> Content:
        """Tell where the bytes of a version are; of the newest where none is named.

        Raises
        ------
        Unreadable
            If the server does not tell.
        """
        chosen, newest = self._with_file(data_id, version)
        data = chosen.data if chosen.data and chosen.data.name else self.get_data(data_id)
        return locate(data, chosen, self.base_url, newest=newest)

    def read(self, data_id: str, version: int | None = None, **options: Any) -> pd.DataFrame:
        """Read a version as a DataFrame; `options` go to the pandas reader.

        Raises
        ------
        Unreadable
            If its bytes do not make a table.
        MissingExtra
            If the package that reads such files is not installed.
        """
        from aero_jupyter.client.frames import to_frame

        with self.open_version(data_id, version) as reader:
            return to_frame(reader, self.base_url, options)

    def _until(self, ready: Callable[[], T | None], timeout: float, late: str) -> T:
        deadline, pause = self._clock() + timeout, 0.05
        while (found := ready()) is None:
            left = deadline - self._clock()
            if left <= 0:
                raise errors.AeroError(late, "Wait longer, or see what happened with %aero_list run.")
            self._sleep(min(pause, left))
            pause = min(pause * 1.5, 1.0)
        return found

    def _with_file(self, data_id: str, number: int | None) -> tuple[Version, bool]:
        """Give a version and whether it is the newest; the newest server tells the file of that one only."""
        chosen = self.version(data_id, number)
        if number is None or (chosen.file and not chosen.no_copy):
            return chosen, number is None
        latest = self.latest(data_id)
        return (latest, True) if latest.id == chosen.id else (chosen, False)

    def _authorizer_of(self, found: Content) -> GlobusAuthorizer | None:
        if found.collection is None:
            return None
        if same_origin(found.url, self.base_url):
            return self.authorizer
        return self.collection_authorizers.get(found.collection)
