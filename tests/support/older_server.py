"""The older AERO server's interface to a local AERO: its prefix, formats, and web pages for unknown paths."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from support.http_serving import serve_in_thread

PREFIX = "/osprey/api/v1.0"
_PAGE = b"<!doctype html><title>404 Not Found</title>"


class OlderServer(ThreadingHTTPServer):
    """Answers as the older server does, from a local AERO; ``requests`` holds method, path and body of each."""

    daemon_threads = True

    def __init__(self, upstream: str, token: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/"
        self.upstream, self.token = upstream, token
        self.requests: list[tuple[str, str, bytes]] = []

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        self.requests.append((method, path, body))
        if path.startswith("/collections/"):
            return self._forward(method, path, body)
        if not path.startswith(PREFIX):
            return 404, _PAGE
        path = path.removeprefix(PREFIX)
        if path == "/prov/new":
            body = json.dumps(json.loads(body)["aero"]).encode()
        status, content = self._forward(method, path, body)
        if path.endswith("/latest"):
            return (200, _json({"code": 200, "data_version": _version(content)})) if status == 200 else (500, b"")
        if status == 404:
            return 404, _json({"code": 404, "message": "Not found"})
        return status, content

    def _forward(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {self.token}"}
        headers |= {"Content-Type": "application/json"} if path == "/prov/new" else {}
        answer = requests.request(method, self.upstream + path[1:], data=body, headers=headers, timeout=120)
        return answer.status_code, answer.content.replace(self.upstream.encode(), self.url.encode())


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()


def _version(content: bytes) -> dict[str, Any]:
    row = json.loads(content)
    file, data = row["data_file"], row["data"]
    file_fields = {key: file[key] for key in ("file_name", "file_type", "encoding")}
    file_record = {**file_fields, "collection_url": data["collection_url"], "file_size": file["size"]}
    version = {key: row[key] for key in ("id", "version", "checksum")}
    return {
        **version,
        "created_at": "2024-10-01",
        "data": {key: data[key] for key in ("id", "name")},
        "data_file": file_record,
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: OlderServer

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Authorization") != f"Bearer {self.server.token}":
            # The older server does not handle its refusals, so they become failures.
            status, content = 500, b""
        else:
            status, content = self.server.answer(self.command, self.path, body)
        self.send_response(status)
        kind = "text/html" if content == _PAGE or not content else "application/json"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_HEAD = _serve

    def log_message(self, *_: object) -> None:
        """Suppress the access log."""


@contextmanager
def older_server(upstream: str, token: str) -> Iterator[OlderServer]:
    """Serve a local AERO through the older server's interface."""
    with serve_in_thread(OlderServer(upstream, token)) as server:
        yield server
