"""A stand-in for Globus Flows: the runs of AERO's two flows, two a page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import globus_sdk

from aero_jupyter.core import wire
from support.http_serving import serve_in_thread

RUNS = [
    {"run_id": "r1", "flow_id": wire.GLOBUS_FLOWS[0], "label": "pull sewage", "status": "SUCCEEDED",
     "start_time": "2026-11-23T10:00:00+00:00", "completion_time": "2026-11-23T10:00:30+00:00", "details": {}},
    {"run_id": "r2", "flow_id": wire.GLOBUS_FLOWS[1], "label": "smooth", "status": "FAILED",
     "start_time": "2026-11-23T11:00:00+00:00", "completion_time": "2026-11-23T11:01:00+00:00",
     "details": {"code": "FlowFailed", "description": "The endpoint is offline."}},
    {"run_id": "r3", "flow_id": wire.GLOBUS_FLOWS[1], "label": "smooth", "status": "ACTIVE",
     "start_time": "2026-11-23T12:00:00+00:00", "completion_time": None, "details": {}},
]  # fmt: skip


class GlobusFlowsServer(ThreadingHTTPServer):
    """The routes of Globus Flows that list runs, two a page."""

    daemon_threads = True
    is_forbidden = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[dict[str, list[str]]] = []


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = cast(GlobusFlowsServer, self.server)
        query = parse_qs(urlsplit(self.path).query)
        server.requests.append(query)
        start = int(query.get("marker", ["0"])[0])
        body: dict[str, Any] = {"runs": RUNS[start : start + 2], "has_next_page": start + 2 < len(RUNS)}
        if body["has_next_page"]:
            body["marker"] = str(start + 2)
        text = json.dumps({"error": {"code": "FORBIDDEN", "detail": "no"}} if server.is_forbidden else body).encode()
        self.send_response(403 if server.is_forbidden else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serve_globus_flows() -> Iterator[tuple[GlobusFlowsServer, globus_sdk.FlowsClient]]:
    with serve_in_thread(GlobusFlowsServer()) as server:
        authorizer = globus_sdk.AccessTokenAuthorizer("abc")
        with globus_sdk.FlowsClient(base_url=f"http://127.0.0.1:{server.server_port}", authorizer=authorizer) as client:
            yield server, client
