"""Notices: one message each for what happened, repeated only when it worsens, also across kills of the service."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from globus_sdk import AccessTokenAuthorizer
from support.http_serving import serve_in_thread
from support.local_server import LocalAeroServer

from aero_jupyter.client import AeroClient
from aero_jupyter.compute.compute_client import Registrar
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.service import daemon
from aero_jupyter.service.local_home import State
from aero_jupyter.session.registration import FlowRegistry

_LIMIT_SECONDS = 120.0
FLAKY = """
def flaky():
    import os
    if os.path.exists({flag!r}):
        raise ValueError("row 42: secret-patient")
    with open("o.csv", "w") as made:
        made.write("n\\n1\\n")
    return "o.csv"
"""


class Receiver(http.server.ThreadingHTTPServer):
    """A webhook that keeps what it received, and calls `before_answer` with the number of each request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hook)
        self.received: list[dict[str, Any]] = []
        self.came = threading.Condition()
        self.before_answer: Callable[[int], object] = lambda number: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/secret-path"

    def wait_for(self, holds: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        with self.came:
            assert self.came.wait_for(lambda: holds(self.received), _LIMIT_SECONDS), self.received
            return list(self.received)


class _Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        receiver = self.server
        assert isinstance(receiver, Receiver)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with receiver.came:
            receiver.received.append(body)
            number = len(receiver.received)
            receiver.came.notify_all()
        receiver.before_answer(number)
        with contextlib.suppress(OSError):
            self.send_response(204)
            self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Registry(FlowRegistry):
    """Registers flows at one local AERO."""

    def __init__(self, state: State) -> None:
        authorizer = AccessTokenAuthorizer(state.token)
        self.endpoint = state.endpoint
        self.client = AeroClient(state.url, authorizer=authorizer)
        self.compute = Registrar(state.url + "compute", authorizer)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made, serve_in_thread(made):
        yield made


@pytest.fixture
def home(tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    config = tmp_path / "config.toml"
    config.write_text(f'[[notices]]\nwebhook = "{receiver.url}"\n')
    monkeypatch.setenv("AERO_CONFIG_FILE", str(config))
    folder = tmp_path / "home"
    yield folder
    daemon.stop(folder)


def events_of(bodies: list[dict[str, Any]]) -> list[str]:
    return [body["event"] for body in bodies]


@pytest.mark.slow
def test_a_failure_is_told_once_and_its_end_once_without_rows_and_secrets(
    home: Path, receiver: Receiver, tmp_path: Path
) -> None:
    flag = tmp_path / "fails"
    flag.touch()
    registry = Registry(daemon.ensure(home))
    flow = registry.register(portable(FLAKY.format(flag=str(flag))), outputs=["weekly"])
    states = []
    for has_failed in (True, True, False, False):
        if not has_failed:
            flag.unlink(missing_ok=True)
        run = registry.client.run_flow(flow.id)
        states.append(registry.client.wait_for_run(run.id, _LIMIT_SECONDS).state)
    assert states == ["failed", "failed", "done", "unchanged"]
    bodies = receiver.wait_for(lambda bodies: len(bodies) >= 3)
    assert events_of(bodies) == ["failed", "new version", "recovered"]
    assert [body["dataset"] for body in bodies] == ["weekly"] * 3
    assert "flaky failed" in bodies[0]["text"]
    assert "secret" not in json.dumps(bodies)
    assert b"secret-path" not in (home / "aero.db").read_bytes()
    assert "secret-path" not in (home / "service.log").read_text()


@pytest.mark.slow
def test_kills_in_the_middle_of_a_delivery_lose_no_notice_and_make_none_anew(home: Path, receiver: Receiver) -> None:
    state = daemon.ensure(home)
    kills = {2, 5, 9}

    def kill(number: int) -> None:
        if number in kills:
            os.kill(state.pid, signal.SIGKILL)

    receiver.before_answer = kill
    server = LocalAeroServer(state)
    data = server.add_data("killed")
    # A new target receives what happens after the service has seen it.
    receiver_is_known(home)
    made = 0
    while made < 8:
        try:
            server.add_version(data, str(made).encode())
            made += 1
        except (requests.RequestException, OSError):
            made = versions_of(state := revived(home, state), data["id"])
            server = moved(server, state)
    while (found := {body["key"] for body in receiver.received}) and len(found) < 8:
        if not psutil.pid_exists(state.pid) or is_dead(state.pid):
            state = revived(home, state)
        with receiver.came:
            receiver.came.wait(1.0)
    keys = [body["key"] for body in receiver.received]
    first = list(dict.fromkeys(keys))
    texts = {body["key"]: body["text"] for body in receiver.received}
    assert [texts[key] for key in first] == [f"killed: version {number} is there." for number in range(1, 9)]
    # Only a delivery that a kill interrupted is repeated, with its key.
    assert len(keys) == 8 + len(kills)


def receiver_is_known(home: Path) -> None:
    deadline = time.monotonic() + _LIMIT_SECONDS
    while time.monotonic() < deadline:
        with contextlib.closing(sqlite3.connect(f"file:{home / 'aero.db'}?mode=ro", uri=True)) as store:
            if store.execute("SELECT count(*) FROM notice_target").fetchone()[0]:
                return
    raise TimeoutError


def is_dead(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def revived(home: Path, state: State) -> State:
    if not is_dead(state.pid):
        psutil.Process(state.pid).wait(_LIMIT_SECONDS)
    return daemon.ensure(home)


def versions_of(state: State, data_id: str) -> int:
    client = AeroClient(state.url, authorizer=AccessTokenAuthorizer(state.token))
    return len(client.versions(data_id))


def moved(server: LocalAeroServer, state: State) -> LocalAeroServer:
    again = LocalAeroServer(state)
    again.versions, again.flow_ids = server.versions, server.flow_ids
    return again


@pytest.mark.slow
def test_a_late_dataset_is_told_once_and_when_it_is_on_time_again(home: Path, receiver: Receiver) -> None:
    state = daemon.ensure(home)
    client, server = AeroClient(state.url, authorizer=AccessTokenAuthorizer(state.token)), LocalAeroServer(state)
    data = server.add_data("promised rates")
    receiver_is_known(home)
    client.store_promise(client.get_data(data["id"]), "daily by 00:00", "2026-03-01T00:00:00Z")
    receiver.wait_for(lambda bodies: events_of(bodies) == ["late"])
    client.store_promise(client.get_data(data["id"]), "daily by 00:00")
    server.add_version(data, b"1")
    bodies = receiver.wait_for(lambda bodies: len(bodies) >= 3)
    assert sorted(events_of(bodies)) == ["late", "new version", "recovered"]
    assert "late since 2026-03-02 00:00 UTC" in bodies[0]["text"]
    listed = requests.get(
        f"{state.url}notices/", headers={"Authorization": f"Bearer {state.token}"}, timeout=120
    ).json()
    assert [each["event"] for each in listed[::-1]] == events_of(bodies)


@pytest.mark.slow
def test_apprise_sends_to_its_own_kinds_of_targets(home: Path, receiver: Receiver, tmp_path: Path) -> None:
    pytest.importorskip("apprise")
    address = f"json://127.0.0.1:{receiver.server_port}/hook"
    (tmp_path / "config.toml").write_text(f'[[notices]]\napprise = "{address}"\ndatasets = ["told*"]\n')
    server = LocalAeroServer(daemon.ensure(home))
    receiver_is_known(home)
    for name in ("untold", "told"):
        server.add_version(server.add_data(name), b"1")
    (body,) = receiver.wait_for(lambda bodies: len(bodies) >= 1)
    assert (body["title"], body["message"]) == ("AERO: new version", "told: version 1 is there.")
