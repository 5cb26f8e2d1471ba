"""Results of tasks: awaited together, and decoded without unpickling."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol  # JSON values

from aero_jupyter.compute.tracebacks import elide_frames, reason
from aero_jupyter.core.errors import ClientError, RunFailed, ServerFailed, Unreachable
from aero_jupyter.core.safe_parsing import parse_json

Record = Mapping[str, Any]
StateCallback = Callable[[str, str], None]

_RUNNING = frozenset({"execution-start", "running", "execution-end", "exec-start", "exec-end"})
_ENDED = {"success": "done", "failed": "failed", "cancelled": "cancelled"}
#: The SDK's mark of JSON, and the strategy that writes it.
_JSON = "11\n"
JSON_STRATEGY = "globus_compute_sdk.serialize.JSONData"


def _ignore_state(_: str, __: str) -> None:
    """Ignore the progress: the default callback."""


class TaskService(Protocol):
    """The service that is polled while tasks are awaited."""

    def statuses(self, ids: Sequence[str]) -> Mapping[str, Record]:
        """Return the record of each known task."""

    def is_online(self, endpoint: str) -> bool:
        """Return whether an endpoint is online."""


@dataclass(frozen=True)
class PollingPolicy:
    """The timeout and the pauses between polls, in seconds.

    Attributes
    ----------
    timeout : float
        Until the tasks have to end.
    offline : float
        Until an offline endpoint counts as gone.
    first, longest : float
        Between two polls: the first pause, and the longest.
    """

    timeout: float = 300.0
    offline: float = 20.0
    first: float = 1.0
    longest: float = 8.0


@dataclass(frozen=True)
class TaskResult:
    """The result of a task.

    Attributes
    ----------
    value : object
        The return value of the function, as JSON holds it.
    printed : str
        The output that the function printed.
    error : str or None
        One sentence on the failure; None for a task that returned.
    traceback : str
        Where it raised, as its Python printed it.
    """

    task_id: str
    value: Any = None
    printed: str = ""
    error: str | None = None
    traceback: str = ""

    @property
    def report(self) -> str:
        """The shortened traceback, and the printed output."""
        output = f"It printed:\n{self.printed}" if self.printed else ""
        return "\n".join(part for part in (elide_frames(self.traceback), output) if part)


def parse_task_state(status: str) -> str:
    """Return a task's state: "queued", "running", "done", "failed" or "cancelled"."""
    return _ENDED.get(status) or ("running" if status in _RUNNING else "queued")


class TaskWaiter:
    """Waits for tasks on one endpoint.

    Parameters
    ----------
    on_state : callable, optional
        Called with a task's id and its state, whenever that changed.
    clock, pause : callable
        Seconds that only grow, and a wait of so many of them.
    """

    def __init__(
        self,
        service: TaskService,
        endpoint: str,
        polling: PollingPolicy,
        on_state: StateCallback | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._service = service
        self._endpoint = endpoint
        self._polling = polling
        self._on_state = on_state or _ignore_state
        self._clock = clock
        self._pause = pause
        self._states: dict[str, str] = {}
        self._has_missed_answer = False
        self._last_online = clock()

    def wait_for(self, ids: Sequence[str]) -> dict[str, Record]:
        """Wait until all tasks have ended, done or failed; return the record of each.

        Raises
        ------
        RunFailed
            If their endpoint is gone, the service has forgotten one, or the time is over.
        ClientError
            If the service does not answer twice in a row.
        """
        return dict(self.as_they_end(ids))

    def as_they_end(self, ids: Sequence[str]) -> Iterator[tuple[str, Record]]:
        """Yield the id and the record of each task as soon as it has ended; errors as for `wait_for`."""
        started, pause = self._clock(), self._polling.first
        ended: set[str] = set()
        while True:
            for id, record in self._fetch([id for id in ids if id not in ended]).items():
                if self._update_state(id, str(record.get("status"))) in _ENDED.values():
                    ended.add(id)
                    yield id, record
            open_ones = [id for id in ids if id not in ended]
            if not open_ones:
                return
            remaining = started + self._polling.timeout - self._clock()
            self._require_progress(open_ones[0], remaining)
            self._pause(min(pause, remaining))
            pause = min(pause * 1.5, self._polling.longest)

    def _fetch(self, ids: list[str]) -> Mapping[str, Record]:
        try:
            records = self._service.statuses(ids)
        except (ServerFailed, Unreachable):
            if self._has_missed_answer:
                raise
            self._has_missed_answer = True
            return {}
        self._has_missed_answer = False
        # A task that was never seen may have been submitted too recently.
        lost = next((id for id in ids if id not in records and id in self._states), None)
        if lost is not None:
            raise RunFailed(f"The service no longer knows task {lost[:8]}.", "Run it again.", run_id=lost)
        return records

    def _update_state(self, id: str, status: str) -> str:
        state = parse_task_state(status)
        if self._states.get(id) != state:
            self._states[id] = state
            self._on_state(id, state)
        return state

    def _require_progress(self, id: str, remaining: float) -> None:
        state = self._states.get(id, "queued")
        if not self._has_missed_answer and self._is_gone():
            detail = "while the function ran on it" if state == "running" else "and the task waits for it"
            cure = "Start it again, then run this again, or choose another --endpoint."
            raise RunFailed(f"The endpoint is offline, {detail}.", cure, run_id=id)
        if remaining <= 0:
            raise RunFailed(
                f"The function has not ended within {self._polling.timeout:g} s; it is {state}.",
                "Allow more time with --timeout. The task continues on the endpoint.",
                run_id=id,
            )

    def _is_gone(self) -> bool:
        try:
            is_online = self._service.is_online(self._endpoint)
        except ClientError:
            is_online = True  # an endpoint whose status is unknown does not count as offline
        self._last_online = self._clock() if is_online else self._last_online
        return self._clock() - self._last_online >= self._polling.offline


def task_result(id: str, record: Record) -> TaskResult:
    """Decode the record of an ended task.

    A result that is not JSON is refused: unpickling runs foreign code.
    """
    if record.get("status") != "success":
        text = str(record.get("exception") or record.get("reason") or "")
        return TaskResult(id, error=reason(text), traceback=text)
    payload = record.get("result")
    if not isinstance(payload, str) or not payload.startswith(_JSON):
        return TaskResult(id, error="The endpoint sent a result that is not JSON; other formats are not read.")
    try:
        value = parse_json(payload[len(_JSON) :])
    except ValueError:
        return TaskResult(id, error="The endpoint sent a result that is not valid JSON.")
    return TaskResult(id, value)


def parse_call_result(result: TaskResult) -> TaskResult:
    """Decode the runtime's result of one call: its value or its error, and its printed output."""
    if result.error is not None:
        return result
    call = result.value
    if not isinstance(call, dict) or not ({"value", "error"} & call.keys()):
        return TaskResult(result.task_id, error="The endpoint sent a result that this runtime did not make.")
    error, trace = call.get("error"), str(call.get("traceback") or "")
    printed = str(call.get("printed") or "")
    return TaskResult(result.task_id, call.get("value"), printed, None if error is None else str(error), trace)
