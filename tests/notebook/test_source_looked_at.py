"""The findings of preflight on a source that is busy, slow or unknown."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from aero_jupyter.notebook.registration import source_probe


class _Source(BaseHTTPRequestHandler):
    released = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/slow":
            self.released.wait(180)
        self.send_response(int(self.path[1:]) if self.path[1:].isdigit() else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def source() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Source)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    _Source.released.clear()
    yield f"http://127.0.0.1:{server.server_port}"
    _Source.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("code", [429, 503])
def test_a_busy_source_is_said_to_be_busy(source: str, code: int) -> None:
    (remark,) = source_probe.check_source(f"{source}/{code}")
    assert remark.text == f"The source is busy right now ({code})."
    assert remark.mark == source_probe.WARNING


def test_a_slow_source_is_said_to_be_slow(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_probe, "ANSWER_SECONDS", 0.2)
    (remark,) = source_probe.check_source(f"{source}/slow")
    assert "slow here" in remark.text


def test_a_source_is_waited_for_as_long_as_in_a_run() -> None:
    from aero_jupyter.jobs import http_client

    limits = (source_probe.CONNECT_SECONDS, source_probe.ANSWER_SECONDS)
    assert limits == (http_client.CONNECT_SECONDS, http_client.READ_SECONDS)


def test_causes_are_told_apart() -> None:
    unknown = requests.ConnectionError("NameResolutionError(no.example)")
    causes = [
        source_probe._unanswered(each)[0] for each in (unknown, requests.ConnectionError(), requests.ConnectTimeout())
    ]
    assert "not known" in causes[0]
    assert "connection" in causes[1]
    assert "slow" in causes[2]
    assert not any("does not answer" in each for each in causes)
