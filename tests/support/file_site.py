"""A site whose every path is one file, which a test changes."""

from __future__ import annotations

import http.server


class FileSite(http.server.ThreadingHTTPServer):
    """A site of files; ``requested`` holds the path of each request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content, self.status = b"a\n1\n", 200
        self.requests: list[str] = []
        self.extra_headers: dict[str, str] = {}
        self.url = f"http://127.0.0.1:{self.server_port}/"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: FileSite

    def _respond(self, body: bytes) -> None:
        self.server.requests.append(self.path)
        self.send_response(self.server.status)
        for name, value in self.server.extra_headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/csv")
        self.send_header("ETag", '"tag-1"')
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self._respond(self.server.content)

    def do_HEAD(self) -> None:
        self._respond(b"")

    def log_message(self, *_: object) -> None:
        """Suppress the access log."""
