"""A run survives the death of the service."""

import contextlib
import http.server
import os
import signal
import threading
import time

import requests

from aero_jupyter.client import AeroClient
from aero_jupyter.compute.functions import portable
from aero_jupyter.service import daemon
from aero_jupyter.testing import local_aero


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"a\n1\n")

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def source():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/a.csv"
        finally:
            server.shutdown()
            thread.join()


def client_of(state):
    from globus_sdk import AccessTokenAuthorizer

    return AeroClient(state.url, authorizer=AccessTokenAuthorizer(state.token))


def test_a_run_under_way_when_the_service_is_killed_ends_with_one_version(tmp_path):
    function = portable("def slow(raw):\n    import time\n    time.sleep(1)\n    return raw\n")
    with source() as url, local_aero(tmp_path) as state:
        headers = {"Authorization": f"Bearer {state.token}"}
        body = {"function_name": function.entry, "function_code": function.source, "serialized": False}
        answer = requests.post(state.url + "compute/v3/functions", json=body, headers=headers, timeout=10)
        flow = client_of(state).register_flow({
            "gc_endpoint": state.endpoint, "function_uuid": answer.json()["function_uuid"], "rule": 0,
            "pull_function_uuid": None, "commit_function_uuid": None, "output_data": {"slow": {"url": url}},
        })  # fmt: skip
        deadline = time.monotonic() + 30
        # Its timer fires in the background.
        while (run := next(iter(client_of(state).list("run", match=flow.id)), None)) is None:
            assert time.monotonic() < deadline
        while client_of(state).get_run(run.id).state != "running":
            assert time.monotonic() < deadline
        os.kill(state.pid, signal.SIGKILL)
        again = client_of(daemon.ensure(tmp_path))
        assert again.wait_for_run(run.id, 60).state == "done"
        assert [version.version for version in again.versions(flow.outputs[0].id)] == [1]
        assert len(again.provenance(flow_id=flow.id)) == 1
