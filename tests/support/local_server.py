"""The local AERO itself behind the interface of the stand-ins, filled through its REST API."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from aero_jupyter.service.local_home import State
from aero_jupyter.testing import local_aero
from support.server_standins import Row, Standin


class LocalAeroServer(Standin):
    """The real service with a stand-in's methods; it records no requests."""

    def __init__(self, state: State) -> None:
        super().__init__(url=state.url)
        self.state = state
        self.flow_ids: dict[str, str] = {}

    def call(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.state.token}"}
        answer = requests.request(method, self.url + path, headers=headers, timeout=120, **options)
        answer.raise_for_status()
        return answer.json()

    def add_data(self, name: str, **more: Any) -> Row:
        body = {"name": name, "url": f"https://example.org/{uuid.uuid4()}.csv", "description": f"about {name}"}
        row = self.call("POST", "data/source", json={**body, **more})
        self.versions[row["id"]] = []
        return dict(row)

    def add_version(self, data: Row, content: bytes, file_type: str | None = ".csv", **more: Any) -> Row:
        checksum, name = hashlib.sha256(content).hexdigest(), str(uuid.uuid4())
        self.call("PUT", f"collections/{self.state.collection}/{name}", data=content)
        entry = {"id": data["id"], "file_bn": name, "file_format": file_type, "checksum": checksum}
        body = {"input_data": {}, "output_data": {"o": {**entry, "size": len(content), "encoding": "utf-8"}}}
        self.call("POST", "prov/new", json={**body, "flow_id": self._flow_id(data)})
        row = self.call("GET", f"data/{data['id']}/latest")
        self.versions[data["id"]].append(row)
        return dict(row)

    def _flow_id(self, data: Row) -> str:
        if data["id"] not in self.flow_ids:
            self.flow_ids[data["id"]] = self.add_flow([], [data])["id"]
        return self.flow_ids[data["id"]]

    def add_flow(self, inputs: list[Row], outputs: list[Row], **more: Any) -> Row:
        function = {"function_name": "f", "function_code": "def f(): pass", "serialized": False}
        made = self.call("POST", "compute/v3/functions", json={**function, "description": str(uuid.uuid4())})
        body = {
            "gc_endpoint": self.state.endpoint,
            "function_uuid": made["function_uuid"],
            "pull_function_uuid": None,
            "commit_function_uuid": None,
            "rule": -1,
            "flow_kwargs": {"n": str(uuid.uuid4())},
            "input_data": {row["name"]: {"id": row["id"], "version": None} for row in inputs},
            "output_data": {row["name"]: {"id": row["id"]} for row in outputs},
        }
        return dict(self.call("POST", "flow/register", json=body))


@contextmanager
def serve_local_aero() -> Iterator[LocalAeroServer]:
    """Run a separate local AERO until the block ends."""
    with local_aero() as state:
        yield LocalAeroServer(state)
