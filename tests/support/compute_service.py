"""Globus Compute's web API on loopback, in front of endpoints that are connected to its broker.

The real ``globus_compute_sdk.Client`` talks to it, and the real ``globus-compute-endpoint`` works for it.
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aero_jupyter.testing.web import JsonServer, Refusal
from support.amqp import Broker
from support.amqp_connection import Message

#: Bytes of one submission that Globus Compute takes.
LIMIT = 10 << 20
_OWNER = "11111111-1111-4111-8111-111111111111"
_RESULTS, _HEARTBEATS = "results", "heartbeats"


@dataclass
class Endpoint:
    """A registered endpoint and the time of its last heartbeat."""

    id: str
    name: str
    python: str | None
    schema: dict[str, Any] | None = None
    state: dict[str, Any] = field(default_factory=dict)
    last_heartbeat: float | None = None

    def is_online(self, now: float) -> bool:
        """Return whether the last heartbeat is at most two periods old and the endpoint did not sign off."""
        if self.last_heartbeat is None or not self.state.get("active", True):
            return False
        return now - self.last_heartbeat <= 2 * float(self.state.get("heartbeat_period", 30))

    def to_record(self) -> dict[str, Any]:
        """Return the endpoint's record in the web API."""
        record = {"uuid": self.id, "name": self.name, "display_name": self.name, "owner": _OWNER, "multi_user": False}
        facts = {"python_version": self.python, "user_config_schema": self.schema}
        return {**record, "metadata": {key: value for key, value in facts.items() if value}}


class ComputeService:
    """The service; use it as a context.

    Parameters
    ----------
    clock : callable
        Seconds that only grow; an endpoint goes offline by them.

    Attributes
    ----------
    url, token : str
        The URL of the API and the token that it accepts.
    functions, tasks : dict
        What was registered and submitted, by id.
    endpoints : dict of str to Endpoint
    requests : list of tuple of str
        Method and path of each request.
    request_times : list of float
        The time of each request, in seconds of ``time.monotonic``.
    starters : dict of str to callable
        For each endpoint with a template, what starts it with the options of a submission.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.token = secrets.token_urlsafe(16)
        self.functions: dict[str, dict[str, Any]] = {}
        self.tasks: dict[str, dict[str, Any]] = {}
        self.endpoints: dict[str, Endpoint] = {}
        self.requests: list[tuple[str, str]] = []
        self.request_times: list[float] = []
        self.starters: dict[str, Callable[[dict[str, Any]], None]] = {}
        self._changed = threading.Condition()
        self._broker = Broker()
        self._server = JsonServer(self._answer)
        self.url = self._server.url

    def __enter__(self) -> ComputeService:
        self._broker.__enter__()
        for queue, on_message in ((_RESULTS, self._store_result), (_HEARTBEATS, self._store_heartbeat)):
            self._broker.declare(queue, queue)
            self._broker.subscribe(queue, on_message)
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__()
        self._broker.__exit__()

    def add_endpoint(self, name: str, python: str | None = None, schema: dict[str, Any] | None = None) -> str:
        """Register an endpoint, with the schema of its template's options; return its id."""
        id = str(uuid.uuid4())
        self.endpoints[id] = Endpoint(id, name, python, schema)
        self._broker.declare(f"{id}.tasks")
        return id

    def is_online(self, endpoint: str) -> bool:
        """Return whether an endpoint is online."""
        return self.endpoints[endpoint].is_online(self.clock())

    def credentials(self, endpoint: str) -> dict[str, Any]:
        """Return the connection settings of an endpoint, in the format of its standard input."""
        url = self._broker.url

        def out(name: str) -> dict[str, Any]:
            to = {"exchange": name, "routing_key": f"{endpoint}.{name}"}
            return {"connection_url": url, "exchange": name, "queue": name, "queue_publish_kwargs": to}

        return {
            "endpoint_id": endpoint,
            "task_queue_info": {"connection_url": url, "exchange": "", "queue": f"{endpoint}.tasks"},
            "result_queue_info": out(_RESULTS),
            "heartbeat_queue_info": out(_HEARTBEATS),
        }

    def wait_until(self, happened: Callable[[], Any], timeout: float = 60) -> bool:
        """Wait until a condition holds, such as an endpoint online or a task ended."""
        with self._changed:
            return bool(self._changed.wait_for(happened, timeout))

    def _change(self, record: dict[str, Any], **news: Any) -> None:
        with self._changed:
            record.update(news)
            self._changed.notify_all()

    def _store_heartbeat(self, message: Message) -> None:
        report = _unpack(message)
        endpoint = self.endpoints[str(report.endpoint_id)]
        endpoint.last_heartbeat = self.clock()
        self._change(endpoint.state, **report.global_state)

    def _store_result(self, message: Message) -> None:
        result = _unpack(message)
        task = self.tasks.get(str(getattr(result, "task_id", "")))
        if task is None:
            return
        details = {key: str(value) for key, value in (result.details or {}).items()}
        outcome = {"exception": result.data} if result.is_error else {"result": result.data}
        status = "failed" if result.is_error else "success"
        self._change(task, status=status, details=details, completion_t=str(time.time()), **outcome)

    def _answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, Any]:
        self.requests.append((method, path))
        self.request_times.append(time.monotonic())
        given = headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self.token.encode()):
            raise Refusal(401, "The request carries no valid token.")
        if len(body) > LIMIT:
            raise Refusal(413, f"The submission is larger than {LIMIT >> 20} MB.")
        words = path.partition("?")[0].strip("/").split("/")
        for verb, pattern, answer in _ROUTES:
            if verb == method and len(pattern) == len(words):
                pairs = list(zip(pattern, words, strict=True))
                if all(part in ("*", word) for part, word in pairs):
                    ids = [word for part, word in pairs if part == "*"]
                    return 200, answer(self, json.loads(body) if body else {}, *ids)
        raise Refusal(404, f"There is nothing at {path}.")

    def _register(self, body: dict[str, Any]) -> Any:
        id = str(uuid.uuid4())
        self.functions[id] = body
        return {"function_uuid": id}

    def _show_function(self, _: Any, id: str) -> Any:
        return {"function_uuid": id, **_find(self.functions, id, "Function")}

    def _list_endpoints(self, _: Any) -> Any:
        return [each.to_record() for each in self.endpoints.values()]

    def _show_endpoint(self, _: Any, id: str) -> Any:
        return _find(self.endpoints, id, "Endpoint").to_record()

    def _endpoint_status(self, _: Any, id: str) -> Any:
        endpoint = _find(self.endpoints, id, "Endpoint")
        return {"status": "online" if self.is_online(id) else "offline", "details": endpoint.state}

    def _submit(self, body: dict[str, Any], endpoint: str) -> Any:
        _find(self.endpoints, endpoint, "Endpoint")
        if endpoint in self.starters:
            self.starters[endpoint](body.get("user_endpoint_config") or {})
        made: dict[str, list[str]] = {}
        for function, payloads in body["tasks"].items():
            code = _serialized_code(_find(self.functions, function, "Function"))
            for payload in payloads:
                id = self._send(endpoint, function, code + payload, body.get("result_serializers") or [])
                made.setdefault(function, []).append(id)
        return {"request_id": str(uuid.uuid4()), "task_group_id": None, "endpoint_id": endpoint, "tasks": made}

    def _send(self, endpoint: str, function: str, buffer: str, serializers: list[str]) -> str:
        from globus_compute_common import messagepack
        from globus_compute_common.messagepack.message_types import Task
        from pika.spec import BasicProperties

        number = uuid.uuid4()
        id = str(number)
        task = self.tasks[id] = {"task_id": id, "status": "waiting-for-ep"}
        headers = {"function_uuid": function, "task_uuid": id, "result_serializers": serializers}
        packed = messagepack.pack(Task(task_id=number, task_buffer=buffer))

        def mark_running() -> None:
            if task["status"] == "waiting-for-ep":
                self._change(task, status="running")

        self._broker.publish(Message(packed, BasicProperties(headers=headers), "", f"{endpoint}.tasks", mark_running))
        return id

    def _show_task(self, _: Any, id: str) -> Any:
        return dict(_find(self.tasks, id, "Task"))

    def _batch(self, body: dict[str, Any]) -> Any:
        return {"response": "batch", "results": {id: self.tasks[id] for id in body["task_ids"] if id in self.tasks}}

    def _version(self, _: Any) -> Any:
        return {"api": "1.99.0", "min_sdk_version": "2.0.0", "min_ep_version": "2.0.0"}


def _unpack(message: Message) -> Any:
    from globus_compute_common import messagepack

    return messagepack.unpack(message.body)


def _find(records: dict[str, Any], id: str, what: str) -> Any:
    if id not in records:
        raise Refusal(404, f"{what} {id} could not be resolved.", f"{what.upper()}_NOT_FOUND")
    return records[id]


def _serialized_code(function: dict[str, Any]) -> str:
    if function.get("serialized", True):
        return str(function["function_code"])
    text = f"st\n{function['function_name']}:{function['function_code']}"
    return f"{len(text)}\n{text}"


_ROUTES: list[tuple[str, list[str], Callable[..., Any]]] = [
    ("GET", ["v2", "version"], ComputeService._version),
    ("POST", ["v3", "functions"], ComputeService._register),
    ("GET", ["v2", "functions", "*"], ComputeService._show_function),
    ("GET", ["v2", "endpoints"], ComputeService._list_endpoints),
    ("GET", ["v2", "endpoints", "*"], ComputeService._show_endpoint),
    ("GET", ["v2", "endpoints", "*", "status"], ComputeService._endpoint_status),
    ("POST", ["v3", "endpoints", "*", "submit"], ComputeService._submit),
    ("GET", ["v2", "tasks", "*"], ComputeService._show_task),
    ("POST", ["v2", "batch_status"], ComputeService._batch),
]
