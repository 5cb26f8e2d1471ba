"""A source with scripted faults, down to single bytes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from support.http_serving import serve_in_thread

BODY = b"day,value\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(20_000))


class FaultySource(ThreadingHTTPServer):
    """A source that sends scripted responses in order and repeats the last one."""

    daemon_threads = True

    def __init__(self, *answers: Callable[[Any], None]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = list(answers)
        self.requests: list[dict[str, str]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/x.csv"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        source = self.server
        assert isinstance(source, FaultySource)
        source.requests.append(dict(self.headers))
        answer = source.answers.pop(0) if len(source.answers) > 1 else source.answers[0]
        answer(self)

    def log_message(self, *_: Any) -> None:
        """Suppress the access log."""


def respond(
    body: bytes = BODY, status: int = 200, *, cut: int | None = None, etag: str = '"one"', **headers: str
) -> Callable[[Any], None]:
    """Build a response: a range where one is requested and the ETag matches, cut off after `cut` bytes."""

    def answer(handler: Any) -> None:
        range_header = handler.headers.get("Range")
        begin = (
            int(range_header[6:-1]) if range_header and handler.headers.get("If-Range") == etag and status == 200 else 0
        )
        handler.send_response(206 if begin else status)
        handler.send_header("ETag", etag)
        handler.send_header("Accept-Ranges", "bytes")
        if begin:
            handler.send_header("Content-Range", f"bytes {begin}-{len(body) - 1}/{len(body)}")
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body) - begin))
        handler.end_headers()
        handler.wfile.write(body[begin:] if cut is None else body[begin : begin + cut])

    return answer


def drip(text: bytes) -> Callable[[Any], None]:
    """Build a response that is sent byte by byte until the client disconnects."""

    def answer(handler: Any) -> None:
        clock = threading.Event()
        for each in text:
            try:
                handler.wfile.write(bytes([each]))
            except OSError:
                return
            clock.wait(0.05)

    return answer


@contextmanager
def serve_responses(*answers: Callable[[Any], None]) -> Iterator[FaultySource]:
    """Serve these responses until the block ends."""
    with serve_in_thread(FaultySource(*answers)) as server:
        yield server
