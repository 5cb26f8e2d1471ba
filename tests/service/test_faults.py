"""Every fault of a source, through the service: a failed run with its cause, and no version."""

from __future__ import annotations

import base64
import gzip
import hashlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import pytest

import aero_jupyter
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.models import Run
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.service import daemon
from aero_jupyter.session.session import Session

ROWS = b"day,value\n" + b"2026-01-01,1\n" * 100
WRONG = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
Says = Callable[["_Handler"], None]


def says(*headers: str, body: bytes = ROWS, status: str = "200 OK", kind: str | None = "text/csv") -> Says:
    """Answer at once; the length is told truly where no header tells another."""
    header_lines = [f"Content-Type: {kind}"] * (kind is not None) + list(headers)
    if not any(each.startswith(("Content-Length", "Transfer-Encoding")) for each in header_lines):
        header_lines.append(f"Content-Length: {len(body)}")
    text = "".join(f"{line}\r\n" for line in (f"HTTP/1.1 {status}", *header_lines, "Connection: close", ""))
    return lambda handler: handler.send(text.encode() + body)


def resets(handler: _Handler) -> None:
    handler.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 9999\r\n\r\n" + ROWS)
    handler.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hangs(handler: _Handler) -> None:
    handler.server.over.wait(60)


def drips(text: bytes) -> Says:
    def answer(handler: _Handler) -> None:
        for each in text:
            if handler.server.over.wait(0.1):
                return
            handler.send(bytes([each]))

    return answer


_START = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n"
FAULTS: dict[str, tuple[Says, str]] = {
    "404": (says(status="404 Not Found"), "answered 404 (Not Found)"),
    "410": (says(status="410 Gone"), "answered 410 (Gone)"),
    "429": (says("Retry-After: 1", status="429 Too Many Requests"), "answered 429 (Too Many Requests)"),
    "500": (says(status="500 Internal Server Error"), "answered 500 (Internal Server Error)"),
    "reset": (resets, "promised 9,999 bytes and sent"),
    "no_answer": (lambda handler: None, "did not answer: the connection broke"),
    "short": (says(f"Content-Length: {len(ROWS) + 1}"), f"promised {len(ROWS) + 1:,} bytes and sent {len(ROWS):,}"),
    "long": (says("Content-Length: 100"), "promised 100 bytes and sent more"),
    "no_length": (says("Content-Length: abc"), "declares a length that is not a number, 'abc'"),
    "cut_chunks": (says("Transfer-Encoding: chunked", body=b"5\r\na,b\n1\r\n"), "broke off after 5 bytes"),
    "cut_gzip": (says("Content-Encoding: gzip", body=gzip.compress(ROWS)[:-9]), "a body that cannot be decoded"),
    "encoding": (says("Content-Encoding: br"), "compressed as br, which cannot be decoded here"),
    "part": (says("Content-Range: bytes 0-9/99", status="206 Partial Content"), "answered 206 (Partial Content)"),
    "bomb": (says("Content-Encoding: gzip", body=gzip.compress(b"0,0\n" * (1 << 19))), "more than 1,000,000 bytes"),
    "hang": (hangs, "did not answer within 1 s"),
    "drip": (drips(_START + b"Content-Length: 9999\r\n\r\n" + ROWS), "sends less than 100 bytes a second"),
    "drip_headers": (drips(_START + b"X-Long: " + ROWS), "sends less than 100 bytes a second"),
    "loop": (says("Location: /loop.csv", status="302 Found"), "redirects without end"),
    "to_file": (says("Location: file:///etc/hosts", status="302 Found"), "a file of this machine"),
    "to_link_local": (says("Location: http://[::ffff:169.254.169.254]/", status="302 Found"), "a link-local address"),
    "checksum": (says(f"Content-Digest: sha-256=:{WRONG}:"), "do not match its own sha256 checksum"),
    "page": (says(body=b"<!doctype html><p>log in"), "answered with a web page"),
    "empty": (says(body=b""), "sent an empty body"),
    "no_type": (says(kind=None), "declares no content type"),
}


class _Handler(StreamRequestHandler):
    server: _Source

    def handle(self) -> None:
        path = self.rfile.readline().split()[1].decode()
        while self.rfile.readline().strip():
            pass
        FAULTS[path.strip("/").removesuffix(".csv")][0](self)

    def send(self, data: bytes) -> None:
        self.wfile.write(data)


class _Source(ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.over = threading.Event()

    def handle_error(self, *_: Any) -> None:
        """Whoever asked has gone, as they should."""


def _register(session: Session, url: str, fault: str) -> tuple[str, str]:
    keep = portable(f"def keep_{fault}(raw):\n    return raw\n", source_parameter="raw")
    address = f"{url}/{fault}" + ("" if fault == "no_type" else ".csv")
    flow = session.register(keep, outputs=[f"kept_{fault}"], source=address, policy=PolicyEnum.INGESTION, timer=9000)
    return flow.id, flow.outputs[0].id


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], tuple[Run, int]]]:
    """Pull from every bad source at once; give the run of one and how many versions there are then."""
    home = tmp_path_factory.mktemp("faults")
    limits = {"AERO_LOCAL_PULL_SECONDS": "1", "AERO_LOCAL_PULL_BYTES": "1000000", "AERO_HOME": str(home)}
    with _Source() as source, pytest.MonkeyPatch.context() as patch:
        for name, value in limits.items():
            patch.setenv(name, value)
        threading.Thread(target=source.serve_forever, args=(0.02,), daemon=True).start()
        session = aero_jupyter.local()
        url = f"http://127.0.0.1:{source.server_address[1]}"
        ids = {fault: _register(session, url, fault) for fault in FAULTS}

        def outcome(fault: str) -> tuple[Run, int]:
            flow_id, data_id = ids[fault]
            run = next(iter(session.client.list("run", match=flow_id)))
            return session.client.wait_for_run(run.id, 180), len(session.client.versions(data_id))

        yield outcome
        source.over.set()
        daemon.stop(home)
        source.shutdown()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_a_source_is_a_failed_run_with_its_cause_and_no_version(
    tried: Callable[[str], tuple[Run, int]], fault: str
) -> None:
    run, versions = tried(fault)
    assert run.state == "failed"
    assert FAULTS[fault][1] in (run.error or "")
    assert versions == 0
