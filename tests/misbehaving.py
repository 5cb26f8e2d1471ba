"""A source that does what a test says, byte by byte if need be."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BODY = b"day,value\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(20_000))


class Web(ThreadingHTTPServer):
    """A source that does what a test says, once for each request; the last one for ever."""

    daemon_threads = True

    def __init__(self, *answers: Callable[[Any], None]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = list(answers)
        self.asked: list[dict[str, str]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/x.csv"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        web = self.server
        assert isinstance(web, Web)
        web.asked.append(dict(self.headers))
        answer = web.answers.pop(0) if len(web.answers) > 1 else web.answers[0]
        answer(self)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def says(
    body: bytes = BODY, status: int = 200, *, cut: int | None = None, etag: str = '"one"', **headers: str
) -> Callable[[Any], None]:
    """Answer a range where one is asked for and the tag still fits, and break off after so many bytes."""

    def answer(handler: Any) -> None:
        asked = handler.headers.get("Range")
        begin = int(asked[6:-1]) if asked and handler.headers.get("If-Range") == etag and status == 200 else 0
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


def drips(text: bytes) -> Callable[[Any], None]:
    """Send an answer byte by byte, until nobody listens."""

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
def begun(*answers: Callable[[Any], None]) -> Iterator[Web]:
    """Serve these answers for as long as the block lasts."""
    with Web(*answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
