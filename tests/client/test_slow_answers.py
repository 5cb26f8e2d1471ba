"""An answer or a version that is too slow or takes too long fails with the name of the setting that allows more."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator

import pytest
import requests
from support.http_serving import serve_in_thread

from aero_jupyter.client import AeroClient
from aero_jupyter.core import errors
from aero_jupyter.jobs.answer_limits import AnswerLimits, OverLimit, Pace, pieces


class Dripping(socketserver.BaseRequestHandler):
    """Answers each request with headers and then one byte after the other, for as long as somebody listens."""

    def handle(self) -> None:
        self.request.recv(65536)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n["
        stopped = self.server.stopped  # type: ignore[attr-defined]
        try:
            self.request.sendall(head)
            while not stopped.wait(0.02):
                self.request.sendall(b" ")
        except OSError:
            pass


@pytest.fixture
def dripping() -> Iterator[str]:
    with serve_in_thread(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Dripping)) as server:
        server.daemon_threads = True
        server.stopped = threading.Event()  # type: ignore[attr-defined]
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.stopped.set()  # type: ignore[attr-defined]


@pytest.mark.parametrize("setting", ["AERO_ANSWER_SECONDS", "AERO_SLOW_SECONDS"])
def test_a_dripping_answer_ends_with_the_name_of_its_setting(
    dripping: str, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    monkeypatch.setenv(setting, "1")
    with AeroClient(dripping) as client, pytest.raises(errors.Unreachable, match=setting):
        client.get_data("00000000-0000-4000-8000-000000000000")


def test_dripping_bytes_of_a_version_are_given_up(dripping: str) -> None:
    with requests.get(dripping, stream=True, timeout=120) as response, pytest.raises(OverLimit, match="less than 100"):
        list(pieces(response, Pace(1.0)))


@pytest.mark.parametrize("text", ["8GB", "-1", "1.5", "0", "²"])
def test_a_setting_that_is_no_number_is_refused(dripping: str, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("AERO_ANSWER_BYTES", text)
    with pytest.raises(errors.InvalidArgument, match="AERO_ANSWER_BYTES is"):
        AnswerLimits.of()
    with AeroClient(dripping) as client, pytest.raises(errors.InvalidArgument, match="AERO_ANSWER_BYTES is"):
        client.get_data("00000000-0000-4000-8000-000000000000")
