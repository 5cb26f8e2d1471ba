"""A server whose lists are capped at 15 rows a page, and which takes 20 ms for each: run by `catalogue`."""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ROWS = 3_000
_PAGE, _SECONDS = 15, 0.02
_TABLE = [
    {"id": f"{number:08d}-0000-4000-8000-000000000000", "name": f"d{number}", "url": None, "description": "x" * 40}
    for number in range(ROWS)
]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/openapi.json":
            return self._answer({"paths": {"/data/source": {}}})
        offset = int(parse_qs(parts.query).get("offset", ["0"])[0])
        time.sleep(_SECONDS)
        return self._answer(_TABLE[offset : offset + _PAGE])

    def _answer(self, body: object) -> None:
        content = json.dumps(body).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
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
