"""Waiting for tasks, and what is read of their records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from aero_jupyter.compute.results import Outcome, Patience, Watch, outcome_of, told_by
from aero_jupyter.compute.tracebacks import reason, shortened
from aero_jupyter.core.errors import RunFailed, Unreachable

QUEUED, RUNNING, DONE = {"status": "waiting-for-ep"}, {"status": "running"}, {"status": "success"}
FAILED = {"status": "failed"}


class Tasks:
    """A service whose tasks go through given records, one a look; and a clock that only waiting moves."""

    def __init__(self, *looks: Mapping[str, Any] | Exception, online: bool = True) -> None:
        self.looks = list(looks)
        self.online = online
        self.asked: list[Sequence[str]] = []
        self.pauses: list[float] = []
        self.now = 0.0

    def statuses(self, ids: Sequence[str]) -> Mapping[str, Any]:
        self.asked.append(list(ids))
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(look, Exception):
            raise look
        return look

    def is_online(self, _: str) -> bool:
        return self.online

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def wait(self, *ids: str, patience: Patience | None = None, told: Any = None) -> dict[str, Any]:
        patience = patience or Patience()
        watch = Watch(self, "endpoint", patience, told, clock=lambda: self.now, pause=self.pause)
        return watch.until_ended(ids)


def test_all_open_tasks_are_asked_for_at_once_and_failed_ones_come_back_too() -> None:
    tasks = Tasks({"a": QUEUED, "b": RUNNING}, {"a": RUNNING, "b": FAILED}, {"a": DONE})
    assert tasks.wait("a", "b") == {"a": DONE, "b": FAILED}
    assert tasks.asked == [["a", "b"], ["a", "b"], ["a"]]


def test_pauses_grow_up_to_the_longest() -> None:
    tasks = Tasks(*[{"a": RUNNING}] * 9, {"a": DONE})
    tasks.wait("a", patience=Patience(first=1, longest=4))
    assert tasks.pauses == [1, 1.5, 2.25, 3.375, *[4] * 5]


def test_each_state_is_told_once() -> None:
    told: list[tuple[str, str]] = []
    tasks = Tasks({"a": QUEUED}, {"a": QUEUED}, {"a": {"status": "exec-start"}}, {"a": RUNNING}, {"a": DONE})
    tasks.wait("a", told=lambda *what: told.append(what))
    assert told == [("a", "queued"), ("a", "running"), ("a", "done")]


def test_a_service_that_is_away_for_a_moment_is_asked_again() -> None:
    tasks = Tasks({"a": QUEUED}, Unreachable(0, "No answer.", ""), {"a": DONE})
    assert tasks.wait("a") == {"a": DONE}


def test_a_service_that_stays_away_is_said() -> None:
    with pytest.raises(Unreachable):
        Tasks({"a": QUEUED}, Unreachable(0, "No answer.", "")).wait("a")


@pytest.mark.parametrize(
    ("record", "words"), [(QUEUED, "offline, and the task waits there"), (RUNNING, "offline, while the function ran")]
)
def test_an_endpoint_that_went_away_is_waited_for_so_long_and_no_longer(record: Any, words: str) -> None:
    tasks = Tasks({"a": record}, online=False)
    with pytest.raises(RunFailed, match=words):
        tasks.wait("a", patience=Patience(timeout=600, offline=20))
    assert 20 <= tasks.now <= 28


def test_the_time_to_wait_is_kept_and_the_last_look_is_at_its_end() -> None:
    tasks = Tasks({"a": RUNNING})
    with pytest.raises(RunFailed, match=r"has not ended within 30 s; it is running") as failed:
        tasks.wait("a", patience=Patience(timeout=30))
    assert tasks.now == 30
    assert failed.value.run_id == "a"


def test_a_task_that_is_not_known_yet_is_waited_for() -> None:
    assert Tasks({}, {"a": DONE}).wait("a") == {"a": DONE}


def test_a_task_that_the_service_forgets_is_said() -> None:
    with pytest.raises(RunFailed, match="does not know task a any more"):
        Tasks({"a": RUNNING}, {}).wait("a")


@pytest.mark.parametrize(
    ("record", "outcome"),
    [
        ({**DONE, "result": '11\n{"x": [1]}'}, Outcome("t", {"x": [1]})),
        ({**DONE, "result": '11\n{"x'}, Outcome("t", error="The endpoint sent a result that is broken.")),
        (
            {**DONE, "result": "01\ngASVKQAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjA5lY2hv"},
            Outcome("t", error="The endpoint sent a result that is not JSON, and nothing else is read here."),
        ),
        (
            {**DONE, "result": None},
            Outcome("t", error="The endpoint sent a result that is not JSON, and nothing else is read here."),
        ),
        ({**FAILED, "exception": "ValueError: no"}, Outcome("t", error="ValueError: no", traceback="ValueError: no")),
        ({**FAILED, "reason": "lost"}, Outcome("t", error="lost", traceback="lost")),
        (FAILED, Outcome("t", error="The endpoint gave no reason.")),
    ],
)
def test_a_record_is_read_without_unpickling(record: Mapping[str, Any], outcome: Outcome) -> None:
    assert outcome_of("t", record) == outcome


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ({"value": 3, "printed": "x"}, Outcome("t", 3, "x")),
        ({"value": None}, Outcome("t")),
        ({"error": "no", "traceback": "T", "printed": ""}, Outcome("t", None, "", "no", "T")),
        ([1], Outcome("t", error="The endpoint sent a result that this runtime did not make.")),
        ({}, Outcome("t", error="The endpoint sent a result that this runtime did not make.")),
    ],
)
def test_what_the_runtime_tells_is_read(told: Any, outcome: Outcome) -> None:
    assert told_by(Outcome("t", told)) == outcome


def test_a_task_that_failed_stays_failed() -> None:
    failed = Outcome("t", error="no")
    assert told_by(failed) is failed


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
    assert shortened(TRACE) == SHORT
    assert reason(TRACE) == "FileNotFoundError: No such file: 'x.csv'"


def test_what_is_no_traceback_stays_as_it_is() -> None:
    assert shortened("The worker was lost.\n") == "The worker was lost."
    assert reason("The worker was lost.\n") == "The worker was lost."
