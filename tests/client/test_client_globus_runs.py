"""Runs in production: what Globus Flows tells of AERO's flows."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import globus_sdk
import pytest

from aero_jupyter.client.globus_runs import globus_runs
from aero_jupyter.core import errors, wire

RUNS = [
    {"run_id": "r1", "flow_id": wire.GLOBUS_FLOWS[0], "label": "pull sewage", "status": "SUCCEEDED",
     "start_time": "2026-11-23T10:00:00+00:00", "completion_time": "2026-11-23T10:00:30+00:00", "details": {}},
    {"run_id": "r2", "flow_id": wire.GLOBUS_FLOWS[1], "label": "smooth", "status": "FAILED",
     "start_time": "2026-11-23T11:00:00+00:00", "completion_time": "2026-11-23T11:01:00+00:00",
     "details": {"code": "FlowFailed", "description": "The endpoint is offline."}},
    {"run_id": "r3", "flow_id": wire.GLOBUS_FLOWS[1], "label": "smooth", "status": "ACTIVE",
     "start_time": "2026-11-23T12:00:00+00:00", "completion_time": None, "details": {}},
]  # fmt: skip


class Flows(ThreadingHTTPServer):
    """As much of Globus Flows as a list of runs asks, two a page."""

    daemon_threads = True
    refuses = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, list[str]]] = []


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = cast(Flows, self.server)
        query = parse_qs(urlsplit(self.path).query)
        server.asked.append(query)
        start = int(query.get("marker", ["0"])[0])
        body: dict[str, Any] = {"runs": RUNS[start : start + 2], "has_next_page": start + 2 < len(RUNS)}
        if body["has_next_page"]:
            body["marker"] = str(start + 2)
        text = json.dumps({"error": {"code": "FORBIDDEN", "detail": "no"}} if server.refuses else body).encode()
        self.send_response(403 if server.refuses else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[tuple[Flows, globus_sdk.FlowsClient]]:
    with Flows() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        authorizer = globus_sdk.AccessTokenAuthorizer("abc")
        with globus_sdk.FlowsClient(base_url=f"http://127.0.0.1:{server.server_port}", authorizer=authorizer) as client:
            yield server, client
        server.shutdown()
        thread.join()


def test_runs_of_aero_s_flows_are_listed_with_their_labels_and_causes() -> None:
    with serving() as (server, client):
        runs = globus_runs(client, 10)
    assert [(run.id, run.state, run.trigger) for run in runs] == [
        ("r1", "done", "pull sewage"), ("r2", "failed", "smooth"), ("r3", "running", "smooth"),
    ]  # fmt: skip
    assert runs[1].error == "The endpoint is offline."
    assert set(",".join(server.asked[0]["filter_flow_id"]).split(",")) == set(wire.GLOBUS_FLOWS)


def test_no_more_pages_are_asked_than_are_shown() -> None:
    with serving() as (server, client):
        assert [run.id for run in globus_runs(client, 2)] == ["r1", "r2"]
    assert len(server.asked) == 1


def test_who_may_not_see_runs_is_told_what_to_do() -> None:
    with serving() as (server, client):
        server.refuses = True
        with pytest.raises(errors.NotAuthorized, match="does not show you runs") as caught:
            globus_runs(client, 10)
    assert "%aero_login --force" in caught.value.cure
