"""A server whose lists are capped at 15 rows a page, and which takes 20 ms for each: run by `lists`.

Below ``/busy/`` it refuses every 60th request, with 429 and 503 by turns, and asks for a pause of a second. ``/told``
says how many requests it had at once, and how many came in such a pause, later than those that were on their way.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ROWS = 3_000
_PAGE, _SECONDS = 15, 0.02
_PAUSE, _ON_THEIR_WAY = 1, 0.25
_TABLE = [
    {"id": f"{number:08d}-0000-4000-8000-000000000000", "name": f"d{number}", "url": None, "description": "x" * 40}
    for number in range(ROWS)
]


class _Told:
    """The server's counts of requests."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now = self.most = self.busy = self.in_pause = 0
        self.paused = -_PAUSE

    def begins(self, busy: bool) -> int:
        """Count a request; return the status of its answer."""
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            if not busy:
                return 200
            self.busy += 1
            self.in_pause += _ON_THEIR_WAY < time.monotonic() - self.paused < _PAUSE
            if self.busy % 60:
                return 200
            self.paused = time.monotonic()
            return 429 if self.busy % 120 else 503

    def ends(self) -> None:
        with self.lock:
            self.now -= 1


_told = _Told()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path.endswith("/openapi.json"):
            return self._answer({"paths": {"/data/source": {}}})
        if parts.path == "/told":
            return self._answer({"at once": _told.most, "in pauses": _told.in_pause})
        offset = int(parse_qs(parts.query).get("offset", ["0"])[0])
        status = _told.begins(busy=parts.path.startswith("/busy/"))
        time.sleep(_SECONDS)
        _told.ends()
        return self._answer(_TABLE[offset : offset + _PAGE], status)

    def _answer(self, body: object, status: int = 200) -> None:
        content = json.dumps(body).encode()
        pause = "" if status == 200 else f"Retry-After: {_PAUSE}\r\n"
        form = f"Content-Type: application/json\r\n{pause}Content-Length: {len(content)}"
        head = f"HTTP/1.1 {status} So\r\n{form}\r\n\r\n"
        self.wfile.write(head.encode() + content)

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


def main() -> None:
    """Serve until the standard input ends; the first line tells the port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        sys.stdout.write(f"{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever(0.02)


if __name__ == "__main__":
    main()
