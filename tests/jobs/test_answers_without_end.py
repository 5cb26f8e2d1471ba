"""A server whose answer does not end, or unpacks to too much, fails a task in a sentence that names the setting."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from support.http_serving import serve_in_thread

from aero_jupyter.jobs import AeroJobError, http_client
from aero_jupyter.jobs.aero_server import ask_aero


class _Server(BaseHTTPRequestHandler):
    released = threading.Event()

    def do_GET(self) -> None:
        kind = self.path.rpartition("/")[2]
        packed = gzip.compress(b'["' + b"x" * 3_000_000 + b'"]')
        self.send_response(404 if kind == "refusal" else 200)
        self.send_header("Content-Type", "application/json")
        if kind == "packed":
            self.send_header("Content-Encoding", "gzip")
        if kind in ("packed", "cut"):
            self.send_header("Content-Length", str(len(packed) + (kind == "cut")))
        self.end_headers()
        if kind in ("packed", "cut"):
            self.wfile.write(packed)
            return
        try:
            while not self.released.wait(0.002):
                self.wfile.write(b" " * 5000)
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AERO_ANSWER_BYTES", "1000000")
    _Server.released.clear()
    with serve_in_thread(ThreadingHTTPServer(("127.0.0.1", 0), _Server)) as server:
        yield f"http://127.0.0.1:{server.server_port}"
        _Server.released.set()


@pytest.mark.parametrize("kind", ["endless", "packed"])
def test_an_answer_over_its_limit_is_given_up(server: str, kind: str) -> None:
    with pytest.raises(AeroJobError, match=r"more than 1,000,000 bytes, the limit of AERO_ANSWER_BYTES"):
        http_client.request_json("GET", f"{server}/{kind}", "Globus Transfer")
    with pytest.raises(AeroJobError, match=r"The AERO server .* the limit of AERO_ANSWER_BYTES"):
        ask_aero({"server": server}, "GET", f"/data/{kind}")


def test_an_answer_that_drips_is_given_up(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AERO_ANSWER_SECONDS", "1")
    monkeypatch.setenv("AERO_ANSWER_BYTES", "1000000000")
    with pytest.raises(AeroJobError, match="still answers after 1 s, the limit of AERO_ANSWER_SECONDS"):
        http_client.request_json("GET", f"{server}/endless", "Globus Transfer")


def test_an_endless_refusal_is_read_at_its_beginning_only(server: str) -> None:
    with pytest.raises(AeroJobError, match="answered 404"):
        http_client.request_json("GET", f"{server}/refusal", "Globus Transfer")


def test_an_answer_that_breaks_off_is_said_to(server: str) -> None:
    with pytest.raises(AeroJobError, match="closed the connection in the middle"):
        http_client.request_json("GET", f"{server}/cut", "Globus Transfer")


def test_an_answer_within_its_limits_is_read(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AERO_ANSWER_BYTES", "5000000")
    assert len(json.dumps(http_client.request_json("GET", f"{server}/packed", "Globus Transfer"))) == 3_000_004
