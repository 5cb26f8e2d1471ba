"""The calls of a replay, run in parallel on an endpoint and stored in a journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any  # JSON values

from aero_jupyter.compute.replay_source import REPLAY_ENTRY
from aero_jupyter.compute.task_results import TaskResult, TaskWaiter, parse_call_result, parse_task_state, task_result
from aero_jupyter.core.run_states import OPEN_STATES
from aero_jupyter.session.replay_journal import ReplayJournal, call_key, journal_of
from aero_jupyter.session.replay_tables import with_table
from aero_jupyter.session.versions_reader import Progress

if TYPE_CHECKING:
    from aero_jupyter.session.replay_plan import ReplayCall
    from aero_jupyter.session.replayed_function import ReplayedFunction
    from aero_jupyter.session.session import Session

#: Calls of one submission; the journal has each submission before the next one.
_SUBMITTED_CALLS = 50


class ReplayRunner:
    """Runs the calls of a replay that have no stored result.

    Parameters
    ----------
    session : Session
    function : ReplayedFunction
    timeout : float
        Seconds for each call, on average.
    progress : callable or None
    """

    def __init__(self, session: Session, function: ReplayedFunction, timeout: float, progress: Progress | None) -> None:
        self._compute, self._function = session.compute, function
        self._timeout, self._progress = timeout, progress
        session.require_endpoint_config(function.endpoint, function.endpoint_config)
        server = str(session.home) if session.is_local else session.client.base_url
        self.journal: ReplayJournal = journal_of(server, function.endpoint, function.source)

    def run(self, calls: Sequence[ReplayCall]) -> list[TaskResult]:
        """Return the result of each call, in their order."""
        keys = [self._key(call) for call in calls]
        runnable = {key: call for key, call in zip(keys, calls, strict=True) if call.error is None}
        stored = self.journal.results
        tasks = self._resumed({key for key in runnable if key not in stored})
        missing = [key for key in runnable if key not in stored and key not in tasks.values()]
        for start in range(0, len(missing), _SUBMITTED_CALLS):
            tasks |= self._submitted({key: runnable[key] for key in missing[start : start + _SUBMITTED_CALLS]})
        answers = {key: parse_call_result(TaskResult("", dict(stored[key]))) for key in runnable if key in stored}
        self._report(len(answers), len(runnable))
        waiter = TaskWaiter(
            self._compute, self._function.endpoint, self._compute.polling_policy(self._timeout * max(len(tasks), 1))
        )
        for task, record in waiter.as_they_end(list(tasks)) if tasks else ():
            answers[tasks[task]] = self._received(tasks[task], task_result(task, record))
            self._report(len(answers), len(runnable))
        return [
            with_table(answers[key]) if call.error is None else TaskResult("", error=call.error)
            for key, call in zip(keys, calls, strict=True)
        ]

    def returned(self, call: ReplayCall) -> Any:
        """Return the value of a call as its task returned it; None if it failed."""
        stored = self.journal.results.get(self._key(call))
        return None if stored is None else parse_call_result(TaskResult("", dict(stored))).value

    def _key(self, call: ReplayCall) -> str:
        return call_key(self._function.kwargs, call.entries, self._function.outputs.get("output"))

    def _resumed(self, open_keys: set[str]) -> dict[str, str]:
        """Return the tasks of an interrupted replay that still run or have ended well, with their calls."""
        open_tasks = {task: key for key, task in self.journal.tasks.items() if key in open_keys}
        records = self._compute.statuses(list(open_tasks)) if open_tasks else {}
        return {
            task: key
            for task, key in open_tasks.items()
            if task in records and parse_task_state(str(records[task].get("status"))) in {*OPEN_STATES, "done"}
        }

    def _submitted(self, calls: Mapping[str, ReplayCall]) -> dict[str, str]:
        function = self._function
        payloads = [
            {"kwargs": dict(function.kwargs), "aero": {**function.outputs, "input_data": dict(call.entries)}}
            for call in calls.values()
        ]
        ids = self._compute.register_and_submit(
            function.source,
            REPLAY_ENTRY,
            function.endpoint,
            payloads,
            description=function.name,
            endpoint_config=function.endpoint_config,
        )
        self.journal.submitted(dict(zip(calls, ids, strict=True)))
        return dict(zip(ids, calls, strict=True))

    def _received(self, key: str, result: TaskResult) -> TaskResult:
        parsed = parse_call_result(result)
        if parsed.error is None:
            self.journal.returned(key, result.value)
        else:
            self.journal.failed(key)
        return parsed

    def _report(self, count: int, total: int) -> None:
        if self._progress is not None:
            self._progress(count, total)
