"""A run survives the death of the service, and a store that cannot be written for a while."""

import contextlib
import functools
import http.server
import os
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
import requests
from support.http_serving import serve_in_thread

import aero_jupyter
from aero_jupyter.client import AeroClient
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.service import daemon
from aero_jupyter.service.engine.run_retries import RunRetries, Stopping
from aero_jupyter.service.maintenance.integrity import violations
from aero_jupyter.service.storage.connection import RequestError
from aero_jupyter.testing import local_aero

pytestmark = pytest.mark.slow


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
    with serve_in_thread(http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}/a.csv"


def client_of(state):
    from globus_sdk import AccessTokenAuthorizer

    return AeroClient(state.url, authorizer=AccessTokenAuthorizer(state.token))


def test_a_run_under_way_when_the_service_is_killed_ends_with_one_version(tmp_path):
    function = portable("def slow(raw):\n    import time\n    time.sleep(1)\n    return raw\n")
    with source() as url, local_aero(tmp_path) as state:
        headers = {"Authorization": f"Bearer {state.token}"}
        body = {"function_name": function.entry, "function_code": function.source, "serialized": False}
        answer = requests.post(state.url + "compute/v3/functions", json=body, headers=headers, timeout=120)
        flow = client_of(state).register_flow({
            "gc_endpoint": state.endpoint, "function_uuid": answer.json()["function_uuid"], "rule": 0,
            "pull_function_uuid": None, "commit_function_uuid": None, "output_data": {"slow": {"url": url}},
        })  # fmt: skip
        deadline = time.monotonic() + 180
        # Its timer fires in the background.
        while (run := next(iter(client_of(state).list("run", match=flow.id)), None)) is None:
            assert time.monotonic() < deadline
        while client_of(state).get_run(run.id).state != "running":
            assert time.monotonic() < deadline
        os.kill(state.pid, signal.SIGKILL)
        again = client_of(daemon.ensure(tmp_path))
        assert again.wait_for_run(run.id, 180).state == "done"
        assert [version.version for version in again.versions(flow.outputs[0].id)] == [1]
        assert len(again.provenance(flow_id=flow.id)) == 1


def registered(name, body, outputs):
    text = f"def {name}():\n    {body}\n    open('f.csv', 'w').write('a\\n1\\n')\n    return 'f.csv'\n"
    return aero_jupyter.local().register(portable(text), outputs=[outputs])


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The folder of a local AERO of this test's own."""
    monkeypatch.setenv("AERO_HOME", str(tmp_path / "home"))
    with local_aero(tmp_path / "home"):
        yield tmp_path / "home"


def under_way(client, flow):
    """Run a flow, and wait until its function is called."""
    run = client.run_flow(flow.id)
    deadline = time.monotonic() + 180
    while client.get_run(run.id).state != "running":
        assert time.monotonic() < deadline
    return run


def again(home):
    """The client of the local AERO of a folder, started again."""
    return client_of(daemon.ensure(home))


def test_a_run_under_way_when_the_service_is_stopped_goes_on_at_the_next_start(home):
    flow = registered("rests", "import time; time.sleep(1)", "rested")
    run = under_way(aero_jupyter.local().client, flow)
    assert daemon.stop(home)
    client = again(home)
    assert (client.wait_for_run(run.id, 180).state, client.get_run(run.id).error) == ("done", None)
    assert [version.version for version in client.versions(flow.outputs[0].id)] == [1]


@pytest.mark.parametrize("state", ["pulling", "running", "committing"])
def test_a_run_that_a_crash_left_open_ends_at_the_next_start(home, state):
    flow = registered("left", "pass", "left_open")
    client = aero_jupyter.local().client
    run = client.wait_for_run(client.run_flow(flow.id).id, 180)
    daemon.stop(home)
    with contextlib.closing(sqlite3.connect(home / "aero.db")) as store, store:
        store.execute("UPDATE run SET state = ?, ended_at = NULL", (state,))
    client = again(home)
    assert client.wait_for_run(run.id, 180).state == "done"
    assert client.wait_for_run(client.run_flow(flow.id).id, 180).state == "unchanged"
    assert len(client.provenance(flow_id=flow.id)) == 2
    assert violations(home, quiet=True) == []


def test_a_run_resumes_at_the_step_that_the_crash_interrupted(home):
    with source() as url:
        body = "import time; time.sleep(1)"
        text = f"def resumes(raw):\n    {body}\n    return raw\n"
        session = aero_jupyter.local()
        flow = session.register(
            portable(text), outputs=["resumed"], source=url, policy=PolicyEnum.INGESTION, timer=86_400
        )
        deadline = time.monotonic() + 180
        while not (runs := session.client.list("run", match=flow.id).page(1)) or runs[0].state != "running":
            assert time.monotonic() < deadline
        os.kill(session.state.pid, signal.SIGKILL)
    # The source is gone: what was downloaded before the crash is used.
    client = again(home)
    assert (client.wait_for_run(runs[0].id, 180).state, client.get_run(runs[0].id).error) == ("done", None)


def test_what_a_task_left_when_the_service_was_killed_is_removed_at_the_next_start(home):
    flow = registered("leaves", "open('left.bin', 'w').write('x'); import time; time.sleep(1)", "leaving")
    session = aero_jupyter.local()
    under_way(session.client, flow)
    os.kill(session.state.pid, signal.SIGKILL)
    (home / "work" / "of-a-task").mkdir()
    client = again(home)
    for run in client.list("run", match=flow.id):
        assert client.wait_for_run(run.id, 180).state == "done"
    deadline = time.monotonic() + 180
    while list((home / "work").iterdir()):
        assert time.monotonic() < deadline


class Locked:
    """A write to a store that another program locks for a number of tries."""

    def __init__(self, tries):
        self.tries = tries

    def __call__(self):
        self.tries -= 1
        if self.tries >= 0:
            raise sqlite3.OperationalError("database is locked")
        return "written"


def test_what_writes_the_store_is_tried_until_it_can_or_the_service_ends():
    patiently = RunRetries(pause=0)
    assert patiently(Locked(5)) == "written"
    with pytest.raises(RequestError):
        patiently(functools.partial(refuse, patiently))
    patiently.end()
    with pytest.raises(Stopping):
        patiently(Locked(0))


def refuse(_):
    raise RequestError(404, "There is no such flow.")


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="Only root mounts a small disk.")
def test_a_disk_that_was_full_during_a_run_leaves_no_run_behind(home):
    daemon.stop(home)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m,mode=700", "tmpfs", str(home)], check=False)
    if mounted.returncode:
        pytest.skip("No disk can be mounted here.")
    try:
        client, flow = again(home), registered("fills", "import time; time.sleep(1)", "filled")
        run = under_way(client, flow)
        filled = home / "filled"
        with contextlib.suppress(OSError), filled.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 16))
        with contextlib.suppress(OSError), filled.open("ab", buffering=0) as file:
            while True:
                file.write(bytes(64))
        # The function ends meanwhile, and its output cannot be stored.
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline and not client.get_run(run.id).is_final:
            pass
        filled.unlink()
        assert client.wait_for_run(run.id, 180).is_final
        assert client.wait_for_run(client.run_flow(flow.id).id, 180).state in ("done", "unchanged")
        assert violations(home, quiet=True) == []
    finally:
        daemon.stop(home)
        subprocess.run(["umount", "-l", str(home)], check=True)


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_a_lock_held_longer_than_a_write_waits_leaves_no_run_behind(home):
    flow = registered("waits", "import time; time.sleep(1)", "waited")
    client = aero_jupyter.local().client
    run = under_way(client, flow)
    with contextlib.closing(sqlite3.connect(home / "aero.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        deadline = time.monotonic() + 180
        while "Trying again" not in (home / "service.log").read_text() and not client.get_run(run.id).is_final:
            assert time.monotonic() < deadline
        other.execute("ROLLBACK")
    assert client.wait_for_run(run.id, 180).is_final
    assert client.wait_for_run(client.run_flow(flow.id).id, 180).state in ("done", "unchanged")
