"""Deleting the flows of a dataset ends what they run, and leaves no error in the log."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from support.rest_caller import RestCaller

from aero_jupyter.service.local_home import log_file

WAITS = """
def waits():
    import time
    open({started!r}, "w").close()
    time.sleep(600)
"""
FAST = "def fast():\n    open('f.csv', 'w').write('n\\n1\\n')\n    return 'f.csv'\n"


def errors_in(log: str) -> list[str]:
    return [line for line in log.splitlines() if "Traceback" in line or " ERROR" in line or "Error:" in line]


def _until(holds: Any) -> None:
    deadline = time.monotonic() + 180
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_running_task_of_a_deleted_flow_is_ended(call: RestCaller, aero_home: Path, tmp_path: Path) -> None:
    before = len(log_file(aero_home).read_text())
    started = tmp_path / "started"
    cell = WAITS.format(started=str(started))
    flow = call.flow(function_uuid=call.function(cell), output_data={"deleted while running": {}}, rule=-1).json()
    data = flow["contributed_to"][0]["id"]
    running = call("POST", "runs/", json={"flow_id": flow["id"]}).json()["id"]
    _until(started.exists)
    waiting = call("POST", "runs/", json={"flow_id": flow["id"]}).json()["id"]
    deleted = call("DELETE", f"data/{data}/flows").json()
    assert [each["flow_id"] for each in deleted] == [flow["id"]]
    for run in (running, waiting):
        _until(lambda run=run: call("GET", f"runs/{run}").json()["state"] == "cancelled")
        assert call("GET", f"runs/{run}").json()["error"] == "The flow of this run was deleted."
    assert errors_in(log_file(aero_home).read_text()[before:]) == []
    assert call("GET", "status").status_code == 200


@pytest.mark.parametrize("pause", [0.0, 0.02, 0.1])
def test_flows_deleted_while_their_runs_start_or_end_leave_no_error(
    call: RestCaller, aero_home: Path, pause: float
) -> None:
    before = len(log_file(aero_home).read_text())
    for number in range(5):
        name = f"deleted early {pause} {number}".replace(".", "_")
        flow = call.flow(function_uuid=call.function(FAST), output_data={name: {}}, rule=-1).json()
        run = call("POST", "runs/", json={"flow_id": flow["id"]}).json()["id"]
        time.sleep(pause)
        call("DELETE", f"data/{flow['contributed_to'][0]['id']}/flows")
        _until(
            lambda run=run: call("GET", f"runs/{run}").json()["state"] in ("cancelled", "done", "unchanged", "failed")
        )
        assert call("GET", f"runs/{run}").json()["state"] != "failed"
    assert errors_in(log_file(aero_home).read_text()[before:]) == []
