"""Calls of a local AERO over plain HTTP, and the runs that they lead to."""

from __future__ import annotations

import time
import uuid
from typing import Any

import requests

from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.run_states import FINAL_STATES
from aero_jupyter.service.local_home import State

RUNS_END_SECONDS = 120


class RestCaller:
    """Calls a local AERO over plain HTTP, so that no client of ours hides what it answers."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {state.token}"

    def __call__(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        return self.session.request(method, self.state.url + path, timeout=120, **kwargs)

    def function(self, cell: str) -> str:
        """Register the function of a cell; return its id."""
        function = portable(cell)
        body = {"function_name": function.entry, "function_code": function.source, "serialized": False}
        made = self("POST", "compute/v3/functions", json={**body, "description": function.name})
        return str(made.json()["function_uuid"])

    def flow(self, **values: Any) -> requests.Response:
        """Register a flow on the local endpoint, without functions of its own for download and commit."""
        body = {"gc_endpoint": self.state.endpoint, "pull_function_uuid": None, "commit_function_uuid": None}
        return self("POST", "flow/register", json={**body, **values})


def wait_for_runs(call: RestCaller, flow: dict[str, Any], count: int = 1) -> list[dict[str, Any]]:
    """Return the runs of a flow, newest first, once there are at least `count` and all have ended."""
    deadline = time.monotonic() + RUNS_END_SECONDS
    while time.monotonic() < deadline:
        rows: list[dict[str, Any]] = call("GET", "runs/", params={"match": flow["id"]}).json()
        if len(rows) >= count and all(row["state"] in FINAL_STATES for row in rows):
            return rows
        time.sleep(0.05)
    raise TimeoutError(str(rows))


def start_run(call: RestCaller, flow: dict[str, Any]) -> dict[str, Any]:
    """Run a flow, wait for its end, and return the run."""
    before = len(call("GET", "runs/", params={"match": flow["id"]}).json())
    assert call("POST", "runs/", json={"flow_id": flow["id"]}).status_code == 202
    return wait_for_runs(call, flow, before + 1)[0]


def wait_for_last_run(call: RestCaller, flow_id: str, count: int = 1) -> dict[str, Any]:
    """Return the newest run of a flow with its details, once `count` of its runs have ended."""
    newest = wait_for_runs(call, {"id": flow_id}, count)[0]
    return dict(call("GET", f"runs/{newest['id']}").json())


def latest_content(call: RestCaller, data_id: str) -> bytes:
    """Return the bytes of the newest version of a dataset."""
    file = call("GET", f"data/{data_id}/latest").json()["data_file"]["file_name"]
    return call("GET", f"collections/{call.state.collection}/{file}").content


def register_ingestion(call: RestCaller, site_url: str, function_id: str, **values: Any) -> tuple[str, str]:
    """Register an ingestion of a file below a URL under a new name; return the ids of the flow and its dataset."""
    name = f"raw_{uuid.uuid4().hex[:8]}"
    body = {"output_data": {name: {"url": f"{site_url}{name}.csv"}}, "rule": 0, "timer": 86_400, **values}
    answer = call.flow(function_uuid=function_id, **body)
    assert answer.status_code == 200, answer.text
    flow = answer.json()
    return flow["id"], flow["contributed_to"][0]["id"]


def replace_ingestion(
    call: RestCaller, flow_id: str | None, data_id: str, url: str | None, **values: Any
) -> requests.Response:
    """Register an ingestion without a function on another URL of a dataset, in place of a flow where one is named."""
    body = {"output_data": {"again": {"id": data_id, "url": url}}, "rule": 0, "timer": 86_400}
    return call.flow(**{"function_uuid": str(uuid.UUID(int=0)), **body, **values}, replaces=flow_id)
