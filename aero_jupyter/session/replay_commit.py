"""The results of a replay, stored as versions that stand for the instants of its calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any  # JSON values

from aero_jupyter.client.methods.backfill import OutputFile
from aero_jupyter.compute.source_diff import registered_cell
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Data, Flow, Version
from aero_jupyter.jobs.replayed_call import PACKED_FILE, unpacked_bytes
from aero_jupyter.session.flow_differences import flow_arguments
from aero_jupyter.session.replay_tables import MOST_TABLE_BYTES

if TYPE_CHECKING:
    from aero_jupyter.session.replay_plan import ReplayCall
    from aero_jupyter.session.replay_runner import ReplayRunner
    from aero_jupyter.session.replayed_function import ReplayedFunction
    from aero_jupyter.session.session import Session

_CURE = "Leave commit out, and use the returned table: aero.replay(FLOW, DATASET).results"


class ReplayCommitter:
    """Stores what a flow's function returned for a vintage as a version of the flow's output.

    Parameters
    ----------
    session : Session
    flow : Flow
    function : ReplayedFunction
        That of the flow.

    Raises
    ------
    InvalidArgument
        If the server, the flow or its output does not allow it.
    ClientError
        If the server refuses or does not answer.
    """

    def __init__(self, session: Session, flow: Flow, function: ReplayedFunction) -> None:
        self._client, self._flow, self._name = session.client, flow, function.name
        self._client.require_backfills()
        self._output = self._output_of(function)
        self._require_unchecked(session.compute.source_of(flow.function_id) if flow.function_id else "")

    def commit(self, runner: ReplayRunner, calls: Sequence[ReplayCall]) -> list[tuple[ReplayCall, Version]]:
        """Store the result of each call that returned; a result that is stored already is not stored again."""
        stored = []
        for call in calls:
            file = output_file(runner.returned(call)) if call.error is None else None
            if file is not None:
                used = {name: (str(entry["id"]), int(entry["version"])) for name, entry in call.entries.items()}
                as_of = call.instant.as_of
                stored.append((call, self._client.commit_as_of(self._flow.id, self._output, file, used, as_of)))
        return stored

    def _output_of(self, function: ReplayedFunction) -> Data:
        if not function.outputs:
            raise InvalidArgument(f"{self._name} makes no output to store versions of.", _CURE)
        declared = flow_arguments(self._flow)["aero"]["output_data"]
        data = self._client.get_data(str(declared[function.outputs["output"]]["id"]))
        if not str(data.collection_url or "").startswith(self._client.base_url):
            raise InvalidArgument(f"{data.name} is stored in a collection elsewhere.", _CURE)
        return data

    def _require_unchecked(self, registered: str) -> None:
        if registered_cell(registered).get("checks"):
            raise InvalidArgument(f"{self._name} has checks, which a replay does not run.", _CURE)


def output_file(value: Any) -> OutputFile | None:
    """Return the file that a call returned; None if it returned none."""
    if not isinstance(value, Mapping) or PACKED_FILE not in value:
        return None
    types = value.get("types")
    return OutputFile(
        str(value[PACKED_FILE]),
        unpacked_bytes(value["content"], MOST_TABLE_BYTES),
        value.get("encoding"),
        unpacked_bytes(types, MOST_TABLE_BYTES) if types else None,
    )
