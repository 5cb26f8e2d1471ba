"""A web server with scripted answers: sources with faults, an AERO server and a collection."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from support.http_serving import serve_in_thread


@dataclass
class Answer:
    """The answer of a path; ``promised`` overrides Content-Length, None in ``headers`` omits a header."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    promised: int | None = None
    hang_up: bool = False


@dataclass
class ReceivedRequest:
    method: str
    path: str
    token: str | None
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class WebServer:
    """Sends scripted answers, stores uploaded files, and records the requests."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[str, list[Answer]] = {}
        self.files: dict[str, bytes] = {}
        self.requests: list[ReceivedRequest] = []

    def set_answers(self, path: str, *answers: Answer) -> str:
        """Send these answers for ``path`` in order, repeat the last one, and return its URL."""
        self.answers[path] = list(answers)
        return self.url + path

    def set_json(self, path: str, body: Any, status: int = 200) -> str:
        headers = {"Content-Type": "application/json"}
        return self.set_answers(path, Answer(json.dumps(body).encode(), status, headers))

    def set_version(self, data_id: str, content: bytes, *, version: int = 1, **more: Any) -> str:
        """Store a version's bytes and make it the latest; return the file's name."""
        name = f"{data_id}-{version}.csv"
        self.files[f"/coll/{name}"] = content
        self.set_json(f"/aero/data/{data_id}/latest", self.version(data_id, name, version, **more))
        return name

    def version(self, data_id: str, name: str, version: int, **more: Any) -> dict[str, Any]:
        content = self.files.get(f"/coll/{name}", b"")
        data = {"id": data_id, "name": "ww", "collection_url": f"{self.url}/coll/", "collection_uuid": "c0"}
        file = {"file_name": name, "file_type": ".csv", "encoding": "utf-8", "size": float(len(content))}
        checksum = hashlib.sha256(content).hexdigest()
        whole = {"id": f"v{version}", "version": version, "checksum": checksum, "data": data, "data_file": file}
        return {**whole, "no_copy": False, "trigger_url": None, **more}

    def count_requests(self, path: str) -> int:
        return sum(1 for request in self.requests if request.path.partition("?")[0] == path)

    def answer(self, request: ReceivedRequest) -> Answer:
        self.requests.append(request)
        path = request.path.partition("?")[0]
        answers = self.answers.get(path, [])
        if answers:
            return answers.pop(0) if len(answers) > 1 else answers[0]
        if request.method == "PUT":
            self.files[path] = request.body
            return Answer(status=201)
        if path in self.files:
            return Answer(self.files[path])
        return Answer(b'{"detail": "Not Found"}', 404, {"Content-Type": "application/json"})


def _handler(web_server: WebServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = web_server.answer(
                ReceivedRequest(self.command, self.path, self.headers.get("Authorization"), body)
            )
            self.close_connection = True
            if answer.hang_up:
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            length = len(answer.body) if answer.promised is None else answer.promised
            self.send_header("Content-Length", str(length))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_PUT = do_POST = _serve

        def log_message(self, *_: Any) -> None:
            return

    return Handler


@contextmanager
def serve_web() -> Iterator[WebServer]:
    """Serve a web server until the block ends."""
    web_server = WebServer()
    with serve_in_thread(ThreadingHTTPServer(("127.0.0.1", 0), _handler(web_server))) as server:
        web_server.url = f"http://127.0.0.1:{server.server_port}"
        yield web_server
