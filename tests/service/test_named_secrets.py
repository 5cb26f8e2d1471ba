"""The local AERO: a secret reaches the download, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from support.http_serving import serve_in_thread
from support.rest_caller import RestCaller, start_run, wait_for_runs

from aero_jupyter.testing import local_aero

pytestmark = pytest.mark.slow

SECRET = "s3cr3t-of-the-portal"
_SHOWS = """
import json, os
from aero_jupyter import AeroOutput

def shows(raw):
    with open("seen.json", "w") as file:
        json.dump({"environment": dict(os.environ), "data": open(raw).read()}, file)
    return AeroOutput("raw", "seen.json")
"""


class Portal(ThreadingHTTPServer):
    """A source that wants a token, and records what it is asked with."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/a.csv"
        self.seen: list[str | None] = []


class _Handler(BaseHTTPRequestHandler):
    server: Portal

    def do_GET(self) -> None:
        token = self.headers.get("X-App-Token")
        self.server.seen.append(token)
        body = b"a,b\n1,2\n" if token == SECRET else f"{token} may not".encode()
        self.send_response(200 if token == SECRET else 403)
        self.send_header("Content-Type", "text/csv" if token == SECRET else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def portal() -> Iterator[Portal]:
    with serve_in_thread(Portal()) as server:
        yield server


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PORTAL_TOKEN", SECRET)
    monkeypatch.setenv("WRONG_TOKEN", SECRET + "-of-yesterday")
    return tmp_path


@pytest.fixture
def call(home: Path) -> Iterator[RestCaller]:
    with local_aero(home) as state:
        caller = RestCaller(state)
        yield caller
        caller.session.close()


def registered(call: RestCaller, url: str, **entry: Any) -> Any:
    return call.flow(
        rule=0,
        timer=86_400,
        function_uuid=call.function(_SHOWS),
        output_data={"raw": {"url": url, **entry}},
        input_data={},
        flow_kwargs={},
    )


def test_the_download_gets_the_secret_and_nothing_else_does(call: RestCaller, portal: Portal, home: Path) -> None:
    answer = registered(call, portal.url, headers={"X-App-Token": "$PORTAL_TOKEN"})
    assert answer.status_code == 200, answer.text
    (run,) = wait_for_runs(call, answer.json())
    assert run["state"] == "done", run
    assert portal.seen == [SECRET]
    kept = [path for path in home.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert not kept
    assert "$PORTAL_TOKEN" in json.dumps(call("GET", f"flow/{answer.json()['id']}").json())


def test_a_source_that_repeats_a_wrong_secret_does_not_show_it(call: RestCaller, portal: Portal, home: Path) -> None:
    answer = registered(call, portal.url, headers={"X-App-Token": "${WRONG_TOKEN}"})
    (run,) = wait_for_runs(call, answer.json())
    assert (run["state"], "--header or --auth" in run["error"]) == ("failed", True)
    assert not [path for path in home.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]


def test_a_name_that_is_not_set_fails_the_run_in_a_sentence(call: RestCaller, portal: Portal) -> None:
    answer = registered(call, portal.url, auth="ann:$NOT_SET_HERE")
    (run,) = wait_for_runs(call, answer.json())
    assert (run["state"], "needs NOT_SET_HERE" in run["error"]) == ("failed", True)
    assert "aero-jupyter local stop" in start_run(call, answer.json())["error"]
    assert not portal.seen


@pytest.mark.parametrize(
    "entry",
    [
        {"headers": {"X-App-Token": SECRET}},
        {"auth": f"ann:{SECRET}"},
        {"headers": {"Authorization": f"Basic {SECRET}"}},
    ],
)
def test_a_secret_itself_is_refused_and_not_repeated(call: RestCaller, portal: Portal, entry: dict[str, Any]) -> None:
    answer = registered(call, portal.url, **entry)
    assert answer.status_code == 422
    assert SECRET not in answer.text
    assert "keyring:SERVICE/USER" in answer.text
