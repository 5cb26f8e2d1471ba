"""A Globus Transfer that names one host for every collection, and finds one collection in each search."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

from support.http_serving import serve_in_thread


@contextmanager
def serve_transfer(host: str) -> Iterator[SimpleNamespace]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            record = {"DATA_TYPE": "endpoint", "id": "found", "https_server": host, "asked": self.path}
            is_search = "endpoint_search" in self.path
            body = json.dumps({"DATA_TYPE": "endpoint_list", "DATA": [record]} if is_search else record).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with serve_in_thread(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}")
