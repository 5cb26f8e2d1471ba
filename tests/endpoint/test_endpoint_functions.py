"""Functions of cells on the real globus-compute-endpoint, with threads for workers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import pytest
from support.compute_service import ComputeService
from support.real_endpoint import RealEndpoint

from aero_jupyter.compute.compute_client import Registrar
from aero_jupyter.compute.portable_function import ONCE, portable
from aero_jupyter.compute.task_results import TaskResult, parse_call_result

pytestmark = pytest.mark.slow

CELL = """\
import math

SCALE = 10


def scaled(value):
    return math.floor(value) * SCALE


def smooth(values, window=7):
    print(f"smoothing {len(values)} values")
    return {"smoothed": [scaled(value) for value in values], "window": window}


def fragile(number):
    print("about to divide")
    return 1 / number


def large(size):
    return "x" * size


def odd():
    return {1, 2}
"""


def run_once(compute: Registrar, endpoint: RealEndpoint, name: str, *given: Mapping[str, Any]) -> list[TaskResult]:
    calls = [{"kwargs": dict(kwargs), "aero": {}} for kwargs in given]
    return [
        parse_call_result(outcome) for outcome in compute.run(portable(CELL, name).source, ONCE, endpoint.id, calls)
    ]


def test_a_cell_s_function_runs_there_and_its_result_and_what_it_printed_come_back(
    compute: Registrar, endpoint: RealEndpoint
) -> None:
    (outcome,) = run_once(compute, endpoint, "smooth", {"values": [1.5, 2.25], "window": 3})

    assert outcome.value == {"smoothed": [10, 20], "window": 3}
    assert outcome.printed == "smoothing 2 values\n"
    assert outcome.error is None


def test_it_ran_in_another_process(compute: Registrar, endpoint: RealEndpoint) -> None:
    function = portable("def where():\n    import os\n    return os.getpid()")
    (outcome,) = compute.run(function.source, function.entry, endpoint.id, [{}])
    assert isinstance(outcome.value, int)
    assert outcome.value != os.getpid()


def test_a_traceback_comes_back_short_with_the_lines_of_the_cell(compute: Registrar, endpoint: RealEndpoint) -> None:
    (outcome,) = run_once(compute, endpoint, "fragile", {"number": 0})

    line = CELL.splitlines().index("    return 1 / number") + 1
    assert outcome.error == "ZeroDivisionError: division by zero"
    assert f"→ line {line} of the cell, in fragile\n    return 1 / number" in outcome.report
    assert "It printed:\nabout to divide" in outcome.report
    assert "globus_compute" not in outcome.report


def test_what_raises_outside_a_single_run_fails_its_task_with_the_cell_s_lines(
    compute: Registrar, endpoint: RealEndpoint
) -> None:
    function = portable(CELL, "fragile")
    (outcome,) = compute.run(function.source, function.entry, endpoint.id, [{"number": 0}])
    assert outcome.error == "ZeroDivisionError: division by zero"
    assert "of the cell, in fragile" in outcome.report


def test_of_a_batch_each_task_tells_how_it_ended(compute: Registrar, endpoint: RealEndpoint) -> None:
    outcomes = run_once(compute, endpoint, "fragile", {"number": 2}, {"number": 0}, {"number": 4})
    assert [outcome.value for outcome in outcomes] == [0.5, None, 0.25]
    assert [outcome.error for outcome in outcomes] == [None, "ZeroDivisionError: division by zero", None]


def test_states_are_told_as_they_come(compute: Registrar, endpoint: RealEndpoint) -> None:
    function, states = portable(CELL, "smooth"), list[str]()
    compute.run(
        function.source, function.entry, endpoint.id, [{"values": []}], on_state=lambda _, state: states.append(state)
    )
    assert states[-1] == "done"
    assert len(states) == len(set(states))


def test_the_same_text_is_registered_once(compute: Registrar, service: ComputeService, endpoint: RealEndpoint) -> None:
    function = portable("def once_only():\n    return 'once'")
    first = compute.register(function.source, function.entry)
    count_before = len(service.requests)

    assert compute.register(function.source, function.entry) == first
    assert len(service.requests) == count_before


def test_a_result_larger_than_the_endpoint_sends_is_said(compute: Registrar, endpoint: RealEndpoint) -> None:
    (outcome,) = run_once(compute, endpoint, "large", {"size": 11 << 20})
    assert outcome.error is not None
    assert outcome.error.startswith("The result has 11.0 MB, and the endpoint sends 10 MB at most.")


def test_a_result_that_json_cannot_hold_is_refused_with_the_cure(compute: Registrar, endpoint: RealEndpoint) -> None:
    (outcome,) = run_once(compute, endpoint, "odd", {})
    assert outcome.error is not None
    assert outcome.error.startswith("odd() returned a set, which JSON cannot hold")
    assert "Return text, numbers, lists or dicts" in outcome.error


def test_both_packages_names_are_there(compute: Registrar, endpoint: RealEndpoint) -> None:
    cell = """
        from aero_client.utils import AeroOutput
        from aero_jupyter import AeroOutput as Same

        def made():
            return [[each.name, each.path] for each in (AeroOutput("a", "a.csv"), Same("b", "b.csv"))]
        """
    function = portable(cell)
    (outcome,) = compute.run(function.source, function.entry, endpoint.id, [{}])
    assert outcome.value == [["a", "a.csv"], ["b", "b.csv"]]
