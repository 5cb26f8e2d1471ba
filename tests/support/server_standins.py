"""Stand-ins for AERO's two server generations, with their quirks."""

from __future__ import annotations

import hashlib
import json
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from support.http_serving import serve_in_thread

Row = dict[str, Any]
COLLECTION = "13ba0000-0000-4000-8000-000000000001"
CREATED = "2026-11-23T21:32:55.966251Z"


class ReceivedRequest(NamedTuple):
    """A received request."""

    method: str
    path: str
    query: dict[str, str]
    token: str | None


class Reply(NamedTuple):
    """A response to send."""

    status: int
    body: bytes
    headers: Mapping[str, str] = MappingProxyType({})


def json_reply(body: object, status: int = 200, **headers: str) -> Reply:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(body).encode(), {"Content-Type": "application/json", **sent})


def html_reply(status: int, text: str = "<!doctype html><title>404 Not Found</title>") -> Reply:
    return Reply(status, text.encode(), {"Content-Type": "text/html; charset=utf-8"})


@dataclass
class Standin:
    """The common part of both server generations: the records, and the received requests."""

    prefix: str = ""
    data: list[Row] = field(default_factory=list)
    flow: list[Row] = field(default_factory=list)
    prov: list[Row] = field(default_factory=list)
    versions: dict[str, list[Row]] = field(default_factory=dict)
    files: dict[str, Reply] = field(default_factory=dict)
    #: Answers to send once instead, by path below the prefix.
    faults: dict[str, list[Reply]] = field(default_factory=dict)
    #: Called before each answer, with the number of requests that are open.
    before_reply: Callable[[int], None] = lambda _: None
    requests: list[ReceivedRequest] = field(default_factory=list)
    most_open_requests: int = 0
    url: str = ""
    #: Maximum number of rows in an answer, whatever is requested.
    cap: int = 15

    def __post_init__(self) -> None:
        self._open_requests = 0
        self._lock = threading.Lock()

    def add_data(self, name: str, **more: Any) -> Row:
        row = {
            "id": str(uuid.uuid4()),
            "name": name,
            "url": f"https://example.org/{name}.csv",
            "collection_uuid": COLLECTION,
            "collection_url": f"{self.url}collections/{COLLECTION}/",
            "description": f"about {name}",
            **more,
        }
        self.data.append(row)
        self.versions[row["id"]] = []
        return row

    def add_version(self, data: Row, content: bytes, file_type: str | None = ".csv", **more: Any) -> Row:
        rows = self.versions[data["id"]]
        name = str(uuid.uuid4())
        row = {
            "id": str(uuid.uuid4()),
            "created_at": CREATED,
            "data_id": data["id"],
            "version": len(rows) + 1,
            "checksum": hashlib.md5(content).hexdigest(),
            "source_key": None,
            "data_file": {"file_name": name, "file_type": file_type, "encoding": "utf-8", "size": float(len(content))},
            **more,
        }
        rows.append(row)
        self.files[f"/collections/{COLLECTION}/{name}"] = Reply(200, content, {"Content-Type": "text/plain"})
        return row

    def add_flow(self, inputs: list[Row], outputs: list[Row], **more: Any) -> Row:
        row = {
            "id": str(uuid.uuid4()),
            "function_id": str(uuid.uuid4()),
            "policy": 2,
            "description": "smooths",
            "derived_from": inputs,
            "contributed_to": outputs,
            "last_executed": None,
            **more,
        }
        self.flow.append(row)
        return row

    def respond(self, request: ReceivedRequest, body: Any) -> Reply:
        with self._lock:
            self.requests.append(request)
            self._open_requests += 1
            self.most_open_requests = max(self.most_open_requests, self._open_requests)
            open_requests = self._open_requests
        try:
            self.before_reply(open_requests)
            return self._fault_or_route(request, body)
        finally:
            with self._lock:
                self._open_requests -= 1

    def _fault_or_route(self, request: ReceivedRequest, body: Any) -> Reply:
        path = request.path.removeprefix(self.prefix)
        if self.faults.get(path):
            return self.faults[path].pop(0)
        if request.path in self.files:
            return self.files[request.path]
        return self.route(request.method, path, request.query, body)

    def route(self, method: str, path: str, query: dict[str, str], body: Any) -> Reply:
        raise NotImplementedError

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]


class Newest(Standin):
    """The FastAPI server: pages of 15 at most, no totals, no relations in lists, search fails."""

    extra_paths: tuple[str, ...] = ()

    def route(self, method: str, path: str, query: dict[str, str], body: Any) -> Reply:
        kind, _, rest = path.strip("/").partition("/")
        if path == "/openapi.json":
            return json_reply({"paths": {path: {} for path in ("/data/", "/data/source", *self.extra_paths)}})
        if path == "/data/search":
            return Reply(500, b"Internal Server Error", {"Content-Type": "text/plain"})
        if path == "/flow/register" and method == "POST":
            return self._register(body)
        if kind not in ("data", "flow", "prov"):
            return json_reply({"detail": "Not Found"}, 404)
        if not rest:
            return self._list(kind, path, query)
        return self._one(kind, rest)

    def _list(self, kind: str, path: str, query: dict[str, str]) -> Reply:
        if not path.endswith("/"):
            return Reply(307, b"", {"Location": self.prefix + path + "/"})
        if int(query.get("limit", 15)) > 15:
            return json_reply({"detail": [{"loc": ["query", "limit"], "msg": "should be at most 15"}]}, 422)
        rows = sorted(self.visible_rows(kind, query), key=lambda row: str(row["id"]), reverse=True)
        start = int(query.get("offset", 0))
        return self._page(rows[start : start + min(self.cap, int(query.get("limit", 15)))], len(rows))

    def _page(self, rows: list[Row], total: int) -> Reply:
        return json_reply(rows)

    def visible_rows(self, kind: str, query: dict[str, str]) -> list[Row]:
        if kind == "prov":
            return [{"id": row["id"], "flow_id": row["flow_id"]} for row in self.prov]
        return list(getattr(self, kind))

    def _one(self, kind: str, rest: str) -> Reply:
        id_, _, what = rest.partition("/")
        row = next((row for row in getattr(self, kind) if row["id"] == id_), None)
        if row is None:
            return json_reply({"detail": f"{kind.capitalize()} with id {id_} not found."}, 404)
        if what == "flows":
            return json_reply([{"flow_id": flow["id"], "role": "analysis"} for flow in self.flow])
        if what == "versions":
            return json_reply([self.version_row(version) for version in reversed(self.versions[id_])])
        if what == "latest":
            return self._latest(row)
        return json_reply(row)

    def version_row(self, version: Row) -> Row:
        return {key: value for key, value in version.items() if key != "data_file"}

    def _latest(self, row: Row) -> Reply:
        if not self.versions[row["id"]]:
            return json_reply({"detail": "No versions exist for this data ID."}, 404)
        return json_reply({**self.versions[row["id"]][-1], "data": row, "trigger_url": row["url"]})

    def _register(self, body: Any) -> Reply:
        if any(row["function_id"] == body["function_uuid"] for row in self.flow):
            return json_reply({"detail": "Flow already exists"}, 501)
        return json_reply(self.add_flow([], [], function_id=body["function_uuid"], policy=body["rule"]))


class Local(Newest):
    """The newest dialect with what the local AERO adds: totals, `match`, relations, runs, files of all versions."""

    extra_paths = ("/runs/", "/collections/{collection}/{file}")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.run: list[Row] = []
        #: States the next looks at a run will show.
        self.states: list[str] = []

    def route(self, method: str, path: str, query: dict[str, str], body: Any) -> Reply:
        if path == "/data/search":
            words = query["query"]
            return self._list("data", "/data/", {**query, "match": words})
        if path.startswith("/runs/") and (path != "/runs/" or method == "POST"):
            state = self.states.pop(0) if self.states else "cancelled" if path.endswith("/cancel") else "queued"
            return json_reply(
                {"id": path.split("/")[2] or "r1", "flow_id": (body or {}).get("flow_id", "f1"), "state": state}
            )
        return self._list("run", path, query) if path == "/runs/" else super().route(method, path, query, body)

    def visible_rows(self, kind: str, query: dict[str, str]) -> list[Row]:
        match = query.get("match")
        if kind in ("prov", "run"):
            return [row for row in getattr(self, kind) if match in (None, row.get("flow_id"), row.get("id"))]
        return [row for row in getattr(self, kind) if match in (None, row.get("name"))]

    def _page(self, rows: list[Row], total: int) -> Reply:
        return json_reply(rows, X_Total_Count=str(total))

    def version_row(self, version: Row) -> Row:
        return version


class Flask(Standin):
    """The older server: page and per_page, a 404 web page past the end, errors as code and message."""

    def route(self, method: str, path: str, query: dict[str, str], body: Any) -> Reply:
        if not path.startswith("/osprey/api/v1.0/"):
            return html_reply(404)
        kind, _, rest = path.removeprefix("/osprey/api/v1.0/").partition("/")
        if rest == "register":
            return json_reply({"code": 501, "message": "Flow already exists"}, 404)
        if kind not in ("data", "flow", "prov"):
            return html_reply(404)
        return self._one(kind, rest) if rest else self._list(getattr(self, kind), query)

    def _list(self, rows: list[Row], query: dict[str, str]) -> Reply:
        number, size = int(query.get("page", 1)), min(self.cap, int(query.get("per_page", 15)))
        page = rows[(number - 1) * size : number * size]
        return json_reply(page) if page or number == 1 else html_reply(404)

    def _one(self, kind: str, rest: str) -> Reply:
        id_, _, what = rest.partition("/")
        row = next((row for row in getattr(self, kind) if row["id"] == id_), None)
        if row is None:
            return json_reply({"code": 404, "message": "Not found"}, 404)
        if what == "versions":
            return json_reply([self._version(version, row) for version in self.versions[id_]])
        if what == "latest":
            if not self.versions[id_]:
                # The older server fails if there is none.
                return html_reply(500)
            return json_reply({"code": 200, "data_version": self._version(self.versions[id_][-1], row)})
        return json_reply(row)

    def _version(self, version: Row, data: Row) -> Row:
        file = version["data_file"]
        file_record = {
            "file_name": file["file_name"],
            "collection_url": data["collection_url"],
            "file_size": file["size"],
        }
        version_fields = {key: version[key] for key in ("id", "version", "checksum")}
        return {
            **version_fields,
            "data": {"id": data["id"], "name": data["name"]},
            "created_at": "2024-10-01",
            "data_file": file_record,
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    standin: Standin

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        request = ReceivedRequest(
            self.command, parts.path, dict(parse_qsl(parts.query)), self.headers.get("Authorization")
        )
        reply = self.standin.respond(request, body)
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)
        if int(reply.headers.get("Content-Length", len(reply.body))) != len(reply.body):
            self.close_connection = True

    do_GET = do_POST = do_DELETE = _handle

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


@contextmanager
def serve_standin(standin: Standin) -> Iterator[Standin]:
    """Serve a stand-in on a free port of this machine."""
    handler = type("Handler", (_Handler,), {"standin": standin})
    with serve_in_thread(_Server(("127.0.0.1", 0), handler)) as server:
        standin.url = f"http://127.0.0.1:{server.server_port}{standin.prefix}/"
        yield standin
