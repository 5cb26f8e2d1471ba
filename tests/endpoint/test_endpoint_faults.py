"""The messages for an endpoint that dies, is offline or has another Python."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.compute_service import ComputeService
from support.real_endpoint import PARSL, RealEndpoint, real_endpoint

from aero_jupyter.compute.compute_client import Registrar
from aero_jupyter.compute.portable_function import ONCE, portable
from aero_jupyter.compute.task_results import PollingPolicy, parse_call_result
from aero_jupyter.core.errors import RunFailed

pytestmark = pytest.mark.slow

WAITING = "def wait():\n    import threading\n    threading.Event().wait(120)"


def test_an_endpoint_that_dies_in_the_middle_of_a_task_ends_the_wait_with_that_cause(
    service: ComputeService, compute: Registrar, tmp_path: Path
) -> None:
    function = portable(WAITING)
    with real_endpoint(service, tmp_path, "dying") as endpoint:

        def die(_: str, state: str) -> None:
            if state == "running":
                endpoint.kill()

        polling = PollingPolicy(timeout=60, offline=0.5, first=0.05, longest=0.2)
        with pytest.raises(RunFailed, match="The endpoint is offline, while the function ran on it") as failed:
            compute.run(function.source, function.entry, endpoint.id, [{}], polling=polling, on_state=die)
    assert failed.value.cure.startswith("Start it again")


def test_what_never_ends_is_given_up_when_the_time_is_over(compute: Registrar, endpoint: RealEndpoint) -> None:
    function = portable("def short():\n    import threading\n    threading.Event().wait(3)")
    polling = PollingPolicy(timeout=0.5, first=0.05, longest=0.2)
    with pytest.raises(RunFailed, match=r"has not ended within 0\.5 s"):
        compute.run(function.source, function.entry, endpoint.id, [{}], polling=polling)


def test_an_offline_endpoint_and_another_python_are_remarked(
    service: ComputeService, compute: Registrar, endpoint: RealEndpoint
) -> None:
    away = service.add_endpoint("away", "3.9.1")
    warning = compute.endpoint_warning(away)
    assert warning is not None
    assert warning.startswith("▲ Endpoint away is offline, and works when it is back; it runs Python 3.9, and this")
    assert compute.endpoint_warning(endpoint.id) is None


@pytest.mark.slow
def test_the_distributed_engine_runs_it_too(service: ComputeService, compute: Registrar, tmp_path: Path) -> None:
    function = portable("def double(x):\n    print('doubling')\n    return 2 * x")
    with real_endpoint(service, tmp_path, "parsl", PARSL) as endpoint:
        calls = [{"kwargs": {"x": x}, "aero": {}} for x in (1, "a", None)]
        outcomes = [parse_call_result(each) for each in compute.run(function.source, ONCE, endpoint.id, calls)]
    assert [outcome.value for outcome in outcomes] == [2, "aa", None]
    assert [outcome.printed for outcome in outcomes] == ["doubling\n"] * 3
    assert outcomes[2].error is not None
    assert outcomes[2].error.startswith("TypeError")
    assert "of the cell, in double" in outcomes[2].report
