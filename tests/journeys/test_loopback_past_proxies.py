"""A proxy of the environment receives nothing that is meant for this machine."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from aero_jupyter import demo
from aero_jupyter.cli import demo as quickstart
from aero_jupyter.cli import doctor
from aero_jupyter.client.responses import unreachable
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.jobs.http_client import send_request
from aero_jupyter.jobs.loopback import bypass_proxies, is_loopback
from aero_jupyter.notebook.registration.source_probe import check_source
from aero_jupyter.service import local_home
from aero_jupyter.service.workers.task_request import environment
from aero_jupyter.session import connections as session
from aero_jupyter.session.single_run import run_once
from aero_jupyter.testing import local_aero

NAMES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
PROBE = """
import requests
def f(url):
    return requests.get(url + "status").status_code
"""


class Recorder:
    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            connection, _ = self.socket.accept()
            with connection:
                text = connection.recv(65536)
                if text == b"end":
                    return
                self.received.append(text)
                connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")

    def stop(self) -> None:
        with socket.create_connection(self.socket.getsockname()) as connection:
            connection.sendall(b"end")
        self._thread.join()
        self.socket.close()


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    recorder = Recorder()
    for name in NAMES:
        monkeypatch.setenv(name, recorder.url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield recorder
    recorder.stop()


@pytest.fixture
def behind_proxy(proxy: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A local AERO that was started with the proxy in the environment."""
    monkeypatch.setenv("AERO_HOME", str(tmp_path / "aero"))
    with local_aero(tmp_path / "aero") as state:
        yield state
    monkeypatch.setattr(session, "_current", None)


def test_a_flow_from_source_to_lineage_sends_nothing_to_a_proxy(proxy: Recorder, behind_proxy: Any) -> None:
    here = session.local()
    with demo.Plant() as plant:
        pull = here.register(
            portable("def take(raw):\n    return raw\n", source_parameter="raw"),
            outputs=["sewage"],
            source=plant.url,
            policy=PolicyEnum.INGESTION,
            timer=86_400,
        )
        follow = portable("def follow(sewage):\n    return sewage\n")
        here.register(follow, inputs={"sewage": "sewage"}, outputs=["level"], policy=PolicyEnum.ANY)
        data = here.client.resolve_data("level")
        here.client.wait_for_version(data.id, 1, 120)
        assert here.client.wait_for_run(here.client.run_flow(pull.id).id, 120).state == "unchanged"
    assert len(here.client.read(here.client.resolve_data("level").id)) > 0
    assert list(here.client.search("sewage"))
    assert here.client.lineage(data.id)
    assert run_once(here, portable("def one(n):\n    return n\n"), kwargs={"n": 1}).value == 1
    assert proxy.received == []


def test_a_proxy_sees_nothing_of_the_local_aero(proxy: Recorder, behind_proxy: Any) -> None:
    state, here = behind_proxy, session.local()
    assert list(here.client.list("data")) == []
    assert here.compute.is_online(str(here.endpoint))
    (outcome,) = here.compute.run(PROBE, "f", str(here.endpoint), [{"url": state.url}])
    assert "401" in repr(outcome) or "200" in repr(outcome)
    check_source(f"{state.url}status")
    assert {each.name for each in doctor.run_checks() if each.is_ok} >= {"server", "clock"}
    assert quickstart._counts(local_home.home())
    send_request("GET", f"{state.url}openapi.json", "The AERO server").close()
    assert proxy.received == []


def test_other_hosts_use_the_proxy_and_its_refusal_is_said_as_such(proxy: Recorder) -> None:
    (remark,) = check_source("https://data.example/x.csv")
    assert "proxy" in remark.text
    with pytest.raises(RuntimeError, match="proxy of this machine requires a login"):
        send_request("GET", "http://data.example/x.csv", "The source", retry=False)
    assert len(proxy.received) == 2


def test_a_proxy_that_refuses_is_named_by_the_client() -> None:
    assert "proxy" in unreachable("aero.example", requests.exceptions.ProxyError()).message


def test_a_session_goes_straight_to_this_machine_in_any_spelling(proxy: Recorder) -> None:
    with bypass_proxies(requests.Session()) as direct:
        for host in ("localhost", "127.0.0.2", "0.0.0.0"):
            with pytest.raises(requests.ConnectionError):
                direct.get(f"http://{host}:9/", timeout=1)
    assert proxy.received == []


@pytest.mark.parametrize("key", ["NO_PROXY", "no_proxy"])
def test_functions_keep_the_exceptions_of_the_user(key: str) -> None:
    passed = environment({**os.environ, key: "intra.example"})
    assert passed["NO_PROXY"] == passed["no_proxy"]
    assert passed["NO_PROXY"].split(",")[0] == "intra.example"
    assert "127.0.0.1" in passed["NO_PROXY"]


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:1/x", True),
        ("http://LOCALHOST./x", True),
        ("http://[::1]/", True),
        ("http://[::ffff:127.0.0.1]/", True),
        ("http://127.evil.example/", False),
        ("http://localhost.evil.example/", False),
        ("http://[", False),
    ],
)
def test_what_is_this_machine(url: str, here: bool) -> None:
    assert is_loopback(url) is here
