"""A small JSON server on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[str, str, Any, bytes], tuple[int, Any]]


class Refusal(Exception):
    """A request that is refused with an error in the format of Globus Compute."""

    def __init__(self, status: int, reason: str, code: str = "REFUSED") -> None:
        super().__init__(reason)
        self.status = status
        self.body = {"status": "Failed", "code": code, "http_status_code": status, "reason": reason}


class JsonServer:
    """A server that answers requests by a function of method, path, headers and body; use it as a context manager."""

    def __init__(self, answer: Answer) -> None:
        handler = type("Handler", (_JsonHandler,), {"answer": staticmethod(answer)})
        self._server = Server(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> JsonServer:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="web")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Server(ThreadingHTTPServer):
    """A server that accepts many connections at once, such as the revocation of all tokens."""

    daemon_threads = True
    request_queue_size = 64


class _JsonHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    answer: Answer

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            status, shown = self.answer(self.command, self.path, self.headers, body)
        except Refusal as refusal:
            status, shown = refusal.status, refusal.body
        content = json.dumps(shown).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = _serve

    def log_message(self, *_: Any) -> None:
        """Discard log messages."""
