"""Waiting for tasks, and decoding their records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from aero_jupyter.compute.task_results import PollingPolicy, TaskResult, TaskWaiter, parse_call_result, task_result
from aero_jupyter.compute.tracebacks import elide_frames, reason
from aero_jupyter.core.errors import RunFailed, Unreachable

QUEUED, RUNNING, DONE = {"status": "waiting-for-ep"}, {"status": "running"}, {"status": "success"}
FAILED = {"status": "failed"}


class Tasks:
    """A service whose tasks go through given records, one a look; and a clock that only waiting moves."""

    def __init__(self, *looks: Mapping[str, Any] | Exception, online: bool = True) -> None:
        self.looks = list(looks)
        self.online = online
        self.requested_ids: list[Sequence[str]] = []
        self.pauses: list[float] = []
        self.now = 0.0

    def statuses(self, ids: Sequence[str]) -> Mapping[str, Any]:
        self.requested_ids.append(list(ids))
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(look, Exception):
            raise look
        return look

    def is_online(self, _: str) -> bool:
        return self.online

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def wait(self, *ids: str, polling: PollingPolicy | None = None, on_state: Any = None) -> dict[str, Any]:
        polling = polling or PollingPolicy()
        watch = TaskWaiter(self, "endpoint", polling, on_state, clock=lambda: self.now, pause=self.pause)
        return watch.wait_for(ids)


def test_all_open_tasks_are_asked_for_at_once_and_failed_ones_come_back_too() -> None:
    tasks = Tasks({"a": QUEUED, "b": RUNNING}, {"a": RUNNING, "b": FAILED}, {"a": DONE})
    assert tasks.wait("a", "b") == {"a": DONE, "b": FAILED}
    assert tasks.requested_ids == [["a", "b"], ["a", "b"], ["a"]]


def test_pauses_grow_up_to_the_longest() -> None:
    tasks = Tasks(*[{"a": RUNNING}] * 9, {"a": DONE})
    tasks.wait("a", polling=PollingPolicy(first=1, longest=4))
    assert tasks.pauses == [1, 1.5, 2.25, 3.375, *[4] * 5]


def test_each_state_is_told_once() -> None:
    messages: list[tuple[str, str]] = []
    tasks = Tasks({"a": QUEUED}, {"a": QUEUED}, {"a": {"status": "exec-start"}}, {"a": RUNNING}, {"a": DONE})
    tasks.wait("a", on_state=lambda *what: messages.append(what))
    assert messages == [("a", "queued"), ("a", "running"), ("a", "done")]


def test_a_service_that_is_away_for_a_moment_is_asked_again() -> None:
    tasks = Tasks({"a": QUEUED}, Unreachable(0, "No answer.", ""), {"a": DONE})
    assert tasks.wait("a") == {"a": DONE}


def test_a_service_that_stays_away_is_said() -> None:
    with pytest.raises(Unreachable):
        Tasks({"a": QUEUED}, Unreachable(0, "No answer.", "")).wait("a")


@pytest.mark.parametrize(
    ("record", "words"), [(QUEUED, "offline, and the task waits for it"), (RUNNING, "offline, while the function ran")]
)
def test_an_endpoint_that_went_away_is_waited_for_so_long_and_no_longer(record: Any, words: str) -> None:
    tasks = Tasks({"a": record}, online=False)
    with pytest.raises(RunFailed, match=words):
        tasks.wait("a", polling=PollingPolicy(timeout=600, offline=20))
    assert 20 <= tasks.now <= 28


def test_the_time_to_wait_is_kept_and_the_last_look_is_at_its_end() -> None:
    tasks = Tasks({"a": RUNNING})
    with pytest.raises(RunFailed, match=r"has not ended within 30 s; it is running") as failed:
        tasks.wait("a", polling=PollingPolicy(timeout=30))
    assert tasks.now == 30
    assert failed.value.run_id == "a"


def test_a_task_that_is_not_known_yet_is_waited_for() -> None:
    assert Tasks({}, {"a": DONE}).wait("a") == {"a": DONE}


def test_a_task_that_the_service_forgets_is_said() -> None:
    with pytest.raises(RunFailed, match="no longer knows task a"):
        Tasks({"a": RUNNING}, {}).wait("a")


@pytest.mark.parametrize(
    ("record", "outcome"),
    [
        ({**DONE, "result": '11\n{"x": [1]}'}, TaskResult("t", {"x": [1]})),
        ({**DONE, "result": '11\n{"x'}, TaskResult("t", error="The endpoint sent a result that is not valid JSON.")),
        (
            {**DONE, "result": "01\ngASVKQAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjA5lY2hv"},
            TaskResult("t", error="The endpoint sent a result that is not JSON; other formats are not read."),
        ),
        (
            {**DONE, "result": None},
            TaskResult("t", error="The endpoint sent a result that is not JSON; other formats are not read."),
        ),
        (
            {**FAILED, "exception": "ValueError: no"},
            TaskResult("t", error="ValueError: no", traceback="ValueError: no"),
        ),
        ({**FAILED, "reason": "lost"}, TaskResult("t", error="lost", traceback="lost")),
        (FAILED, TaskResult("t", error="The endpoint returned no reason.")),
    ],
)
def test_a_record_is_read_without_unpickling(record: Mapping[str, Any], outcome: TaskResult) -> None:
    assert task_result("t", record) == outcome


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        ({"value": 3, "printed": "x"}, TaskResult("t", 3, "x")),
        ({"value": None}, TaskResult("t")),
        ({"error": "no", "traceback": "T", "printed": ""}, TaskResult("t", None, "", "no", "T")),
        ([1], TaskResult("t", error="The endpoint sent a result that this runtime did not make.")),
        ({}, TaskResult("t", error="The endpoint sent a result that this runtime did not make.")),
    ],
)
def test_what_the_runtime_tells_is_read(value: Any, outcome: TaskResult) -> None:
    assert parse_call_result(TaskResult("t", value)) == outcome


def test_a_task_that_failed_stays_failed() -> None:
    failed = TaskResult("t", error="no")
    assert parse_call_result(failed) is failed


TRACE = """Traceback (most recent call last):
  File "/lib/globus_compute_endpoint/engines/helper.py", line 140, in execute_task
    result_data = _call_user_function(task_body)
  File "<string>", line 812, in aero_once
  File "<cell smooth>", line 7, in smooth
    return helper(table)
           ^^^^^^^^^^^^^
  File "<cell smooth>", line 3, in helper
    return pd.read_csv(table)
  File "/lib/pandas/io/parsers/readers.py", line 873, in read_csv
    return _read(filepath_or_buffer, kwds)
  File "/lib/pandas/io/common.py", line 926, in get_handle
    handle = open(
FileNotFoundError: No such file: 'x.csv\'"""
SHORT = """Traceback (most recent call last):
→ line 7 of the cell, in smooth
    return helper(table)
→ line 3 of the cell, in helper
    return pd.read_csv(table)
  … 1 more
  io/common.py, line 926, in get_handle
    handle = open(
FileNotFoundError: No such file: 'x.csv\'"""


def test_of_a_traceback_the_cell_s_lines_and_the_last_place_are_left() -> None:
    assert elide_frames(TRACE) == SHORT
    assert reason(TRACE) == "FileNotFoundError: No such file: 'x.csv'"


def test_a_message_of_several_lines_is_the_reason_as_a_whole() -> None:
    message = "AeroJobError: 1 of 3 rows do not meet it.\nrow  cases\n2    -7"
    assert reason(f'Traceback (most recent call last):\n  File "x.py", line 1, in f\n    f()\n{message}\n') == message


def test_what_is_no_traceback_stays_as_it_is() -> None:
    assert elide_frames("The worker was lost.\n") == "The worker was lost."
    assert reason("The worker was lost.\n") == "The worker was lost."
