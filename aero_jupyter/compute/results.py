"""What became of tasks: waited for together, and read without unpickling anything."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aero_jupyter.compute.tracebacks import reason, shortened
from aero_jupyter.core.errors import ClientError, RunFailed, ServerFailed, Unreachable

Record = Mapping[str, Any]
Told = Callable[[str, str], None]

_RUNNING = frozenset({"execution-start", "running", "execution-end", "exec-start", "exec-end"})
_ENDED = {"success": "done", "failed": "failed", "cancelled": "cancelled"}
#: How the SDK marks JSON, and the strategy that writes it.
_JSON = "11\n"
JSON_STRATEGY = "globus_compute_sdk.serialize.JSONData"


def _tell_nobody(_: str, __: str) -> None:
    """Nobody wants to know."""


class TaskService(Protocol):
    """What is asked while tasks are waited for."""

    def statuses(self, ids: Sequence[str]) -> Mapping[str, Record]:
        """Give the record of each task that is known."""

    def is_online(self, endpoint: str) -> bool:
        """Tell whether an endpoint is there."""


@dataclass(frozen=True)
class Patience:
    """How long to wait, in seconds.

    Attributes
    ----------
    timeout : float
        For the tasks to end.
    offline : float
        For an endpoint that went away to come back.
    first, longest : float
        Between two looks: at the beginning, and at most.
    """

    timeout: float = 300.0
    offline: float = 20.0
    first: float = 1.0
    longest: float = 8.0


@dataclass(frozen=True)
class Outcome:
    """What a task gave.

    Attributes
    ----------
    value : object
        What the function returned, as JSON holds it.
    printed : str
        What it printed.
    error : str or None
        One sentence that says why there is no value.
    traceback : str
        Where it raised, as its Python printed it.
    """

    task_id: str
    value: Any = None
    printed: str = ""
    error: str | None = None
    traceback: str = ""

    @property
    def story(self) -> str:
        """The traceback, shortened, and what was printed."""
        said = f"It printed:\n{self.printed}" if self.printed else ""
        return "\n".join(part for part in (shortened(self.traceback), said) if part)


def state_of(status: str) -> str:
    """Tell a task's state: "queued", "running", "done", "failed" or "cancelled"."""
    return _ENDED.get(status) or ("running" if status in _RUNNING else "queued")


class Watch:
    """Waits for tasks on one endpoint.

    Parameters
    ----------
    told : callable, optional
        Called with a task's id and its state, whenever that changed.
    clock, pause : callable
        Seconds that only grow, and a wait of so many of them.
    """

    def __init__(
        self,
        service: TaskService,
        endpoint: str,
        patience: Patience,
        told: Told | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._service = service
        self._endpoint = endpoint
        self._patience = patience
        self._told = told or (_tell_nobody)
        self._clock = clock
        self._pause = pause
        self._states: dict[str, str] = {}
        self._silent = False
        self._here = clock()

    def until_ended(self, ids: Sequence[str]) -> dict[str, Record]:
        """Wait until all have ended, done or failed; give the record of each.

        Raises
        ------
        RunFailed
            If their endpoint is gone, the service has forgotten one, or the time is over.
        ClientError
            If the service does not answer twice in a row.
        """
        started, wait = self._clock(), self._patience.first
        ended: dict[str, Record] = {}
        while True:
            for id, record in self._look([id for id in ids if id not in ended]).items():
                if self._note(id, str(record.get("status"))) in _ENDED.values():
                    ended[id] = record
            open_ones = [id for id in ids if id not in ended]
            if not open_ones:
                return ended
            left = started + self._patience.timeout - self._clock()
            self._check(open_ones[0], left)
            self._pause(min(wait, left))
            wait = min(wait * 1.5, self._patience.longest)

    def _look(self, ids: list[str]) -> Mapping[str, Record]:
        try:
            records = self._service.statuses(ids)
        except (ServerFailed, Unreachable):
            if self._silent:
                raise
            self._silent = True
            return {}
        self._silent = False
        # One that was never seen may have been sent too shortly ago.
        lost = next((id for id in ids if id not in records and id in self._states), None)
        if lost is not None:
            raise RunFailed(f"The service does not know task {lost[:8]} any more.", "Run it again.", run_id=lost)
        return records

    def _note(self, id: str, status: str) -> str:
        state = state_of(status)
        if self._states.get(id) != state:
            self._states[id] = state
            self._told(id, state)
        return state

    def _check(self, id: str, left: float) -> None:
        state = self._states.get(id, "queued")
        if not self._silent and self._is_gone():
            what = "while the function ran there" if state == "running" else "and the task waits there"
            cure = "Start it again, then run this again, or choose another --endpoint."
            raise RunFailed(f"The endpoint is offline, {what}.", cure, run_id=id)
        if left <= 0:
            raise RunFailed(
                f"The function has not ended within {self._patience.timeout:g} s; it is {state}.",
                "Give it longer with --timeout. What was started goes on at the endpoint.",
                run_id=id,
            )

    def _is_gone(self) -> bool:
        try:
            here = self._service.is_online(self._endpoint)
        except ClientError:
            here = True  # whoever cannot be asked has not said that it is gone
        self._here = self._clock() if here else self._here
        return self._clock() - self._here >= self._patience.offline


def outcome_of(id: str, record: Record) -> Outcome:
    """Read the record of a task that has ended.

    A result that is not JSON is refused: unpickling runs what somebody else wrote.
    """
    if record.get("status") != "success":
        text = str(record.get("exception") or record.get("reason") or "")
        return Outcome(id, error=reason(text), traceback=text)
    payload = record.get("result")
    if not isinstance(payload, str) or not payload.startswith(_JSON):
        return Outcome(id, error="The endpoint sent a result that is not JSON, and nothing else is read here.")
    try:
        value = json.loads(payload[len(_JSON) :])
    except ValueError:
        return Outcome(id, error="The endpoint sent a result that is broken.")
    return Outcome(id, value)


def told_by(outcome: Outcome) -> Outcome:
    """Read what the runtime tells of one call: its value or its error, and what was printed."""
    if outcome.error is not None:
        return outcome
    told = outcome.value
    if not isinstance(told, dict) or not ({"value", "error"} & told.keys()):
        return Outcome(outcome.task_id, error="The endpoint sent a result that this runtime did not make.")
    error, trace = told.get("error"), str(told.get("traceback") or "")
    printed = str(told.get("printed") or "")
    return Outcome(outcome.task_id, told.get("value"), printed, None if error is None else str(error), trace)
