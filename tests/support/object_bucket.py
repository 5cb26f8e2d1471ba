"""A bucket of objects that stay where they are, and notifications of their changes."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from support.rest_caller import RestCaller, wait_for_runs


class Bucket(ThreadingHTTPServer):
    """Objects by path; one with a secret is served only where the query holds it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.objects: dict[str, tuple[bytes, str]] = {}
        self.secret = self.refused_method = ""
        self.requests: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: Bucket

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        self.server.requests.append(f"{self.command} {self.path}")
        body, etag = self.server.objects.get(path, (b"", ""))
        is_open = (
            bool(etag)
            and self.command != self.server.refused_method
            and (not self.server.secret or self.server.secret in query)
        )
        self.send_response(200 if is_open else 403)
        self.send_header("ETag", f'"{etag}"')
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Length", str(len(body) if is_open else 0))
        self.end_headers()
        if is_open and self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *_: Any) -> None:
        """Suppress the access log."""


def add_source(call: RestCaller, name: str, url: str, **more: Any) -> str:
    """Add a source that is not copied; return its id."""
    answer = call("POST", "data/source", json={"name": name, "url": url, "no_copy": True, **more})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def notify(call: RestCaller, **note: Any) -> dict[str, Any]:
    """Send a notification of a changed object; return the answer."""
    answer = call("POST", "data/notify", json=note)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def output_fields(call: RestCaller, flow: dict[str, Any], count: int) -> list[str]:
    """Wait for `count` runs of a flow; return the fields that the newest has written, which `|` separates."""
    run = wait_for_runs(call, flow, count)[0]
    assert run["state"] == "done", run["error"]
    out = call("GET", f"data/{flow['contributed_to'][0]['id']}/latest").json()
    url = f"{out['data']['collection_url'].rstrip('/')}/{out['data_file']['file_name']}"
    return str(call.session.get(url, timeout=120).text).split("|")
