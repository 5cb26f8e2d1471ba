"""A small web on loopback: sources that may misbehave, an AERO server and a collection."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Answer:
    """What a path answers; ``promised`` overrides Content-Length, None in ``headers`` leaves one out."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    promised: int | None = None
    hang_up: bool = False


@dataclass
class Asked:
    method: str
    path: str
    token: str | None
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Place:
    """Answers what it was told to, keeps what was put, and remembers what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[str, list[Answer]] = {}
        self.files: dict[str, bytes] = {}
        self.asked: list[Asked] = []

    def gives(self, path: str, *answers: Answer) -> str:
        """Answer ``path`` so, the last one for ever, and return its url."""
        self.answers[path] = list(answers)
        return self.url + path

    def gives_json(self, path: str, body: Any, status: int = 200) -> str:
        headers = {"Content-Type": "application/json"}
        return self.gives(path, Answer(json.dumps(body).encode(), status, headers))

    def gives_version(self, data_id: str, content: bytes, *, version: int = 1, **more: Any) -> str:
        """Keep a version's bytes and make it the latest; return the file's name."""
        name = f"{data_id}-{version}.csv"
        self.files[f"/coll/{name}"] = content
        self.gives_json(f"/aero/data/{data_id}/latest", self.version(data_id, name, version, **more))
        return name

    def version(self, data_id: str, name: str, version: int, **more: Any) -> dict[str, Any]:
        content = self.files.get(f"/coll/{name}", b"")
        data = {"id": data_id, "name": "ww", "collection_url": f"{self.url}/coll/", "collection_uuid": "c0"}
        file = {"file_name": name, "file_type": ".csv", "encoding": "utf-8", "size": float(len(content))}
        checksum = hashlib.sha256(content).hexdigest()
        whole = {"id": f"v{version}", "version": version, "checksum": checksum, "data": data, "data_file": file}
        return {**whole, "no_copy": False, "trigger_url": None, **more}

    def times(self, path: str) -> int:
        return sum(1 for asked in self.asked if asked.path.partition("?")[0] == path)

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        path = asked.path.partition("?")[0]
        told = self.answers.get(path, [])
        if told:
            return told.pop(0) if len(told) > 1 else told[0]
        if asked.method == "PUT":
            self.files[path] = asked.body
            return Answer(status=201)
        if path in self.files:
            return Answer(self.files[path])
        return Answer(b'{"detail": "Not Found"}', 404, {"Content-Type": "application/json"})


def _handler(place: Place) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = place.answer(Asked(self.command, self.path, self.headers.get("Authorization"), body))
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
def open_place() -> Iterator[Place]:
    """Serve a place for as long as the block lasts."""
    place = Place()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(place))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    place.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield place
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
