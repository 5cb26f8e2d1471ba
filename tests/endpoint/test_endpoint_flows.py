"""Whole flows whose three steps run on the real endpoint, against a real AERO server on loopback."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import requests
from support.compute_service import ComputeService
from support.older_server import OlderServer, older_server
from support.real_endpoint import RealEndpoint, real_endpoint

from aero_jupyter import jobs
from aero_jupyter.compute.compute_client import Registrar
from aero_jupyter.compute.portable_function import portable, portable_from
from aero_jupyter.service.local_home import State
from aero_jupyter.session.check_files import read_checks
from aero_jupyter.testing import local_aero

pytestmark = pytest.mark.slow

CELL = """\
import pandas as pd


def clean(raw):
    frame = pd.read_csv(raw)
    print(len(frame), "rows")
    return frame.dropna()[["day", "load"]]


def smooth(sewage, window=2):
    frame = pd.read_csv(sewage)
    frame["smoothed"] = frame["load"].rolling(window, min_periods=1).mean()
    return frame
"""
OLDER_COMMIT = ("POST", "/osprey/api/v1.0/prov/new")
SOURCE = b"day,load,note\n2026-01-01,10,a\n2026-01-02,30,b\n2026-01-03,,c\n2026-01-04,50,d\n"


class Server:
    """An AERO server, and how it looks to the endpoint: as itself, or as one of the older generation."""

    def __init__(self, state: State, older: OlderServer | None) -> None:
        self.state = state
        self.older = older

    @property
    def url(self) -> str:
        """Where the endpoint finds it."""
        return self.older.url if self.older else self.state.url

    def ask(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.state.token}"}
        answer = requests.request(method, f"{self.state.url}{path}", headers=headers, timeout=120, **options)
        answer.raise_for_status()
        return answer.json()

    def bytes(self, version: Mapping[str, Any]) -> bytes:
        url = f"{self.state.url}collections/{self.state.collection}/{version['data_file']['file_name']}"
        answer = requests.get(url, headers={"Authorization": f"Bearer {self.state.token}"}, timeout=120)
        answer.raise_for_status()
        return answer.content

    def flow(self, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, Any]:
        function = {"function_name": "f", "function_code": "def f(): pass", "serialized": False}
        made = self.ask("POST", "compute/v3/functions", json=function)
        body = {
            "gc_endpoint": self.state.endpoint,
            "function_uuid": made["function_uuid"],
            "pull_function_uuid": None,
            "commit_function_uuid": None,
            "rule": -1,
            "flow_kwargs": {"n": str(uuid.uuid4())},
            "input_data": dict(inputs),
            "output_data": dict(outputs),
        }
        return dict(self.ask("POST", "flow/register", json=body))


@pytest.fixture(scope="module", params=["newest", "older"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with local_aero() as state, older_server(state.url, state.token) as older:
        yield Server(state, older if request.param == "older" else None)


@pytest.fixture(scope="module")
def equipped(
    _linux: None, service: ComputeService, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RealEndpoint]:
    """An endpoint whose owner has given it an AERO server and a token, as the guide tells."""
    environ = {"AERO_SERVER": server.url, "AERO_ACCESS_TOKEN": server.state.token}
    with real_endpoint(service, tmp_path_factory.mktemp("equipped"), "equipped", environ=environ) as endpoint:
        yield endpoint


@pytest.fixture
def run(compute: Registrar, equipped: RealEndpoint) -> Any:
    def run(source: str, entry: str, kwargs: Mapping[str, Any]) -> Any:
        (outcome,) = compute.run(source, entry, equipped.id, [kwargs])
        assert outcome.error is None, outcome.report
        return outcome.value

    return run


def of_jobs(function: Any) -> tuple[str, str]:
    made = portable_from(function)
    return made.source, made.entry


def of_cell(name: str, source_parameter: str | None = None) -> tuple[str, str]:
    made = portable(CELL, name, source_parameter=source_parameter)
    return made.source, made.entry


def data_of(flow: Mapping[str, Any]) -> str:
    return str(flow["contributed_to"][0]["id"])


def place_of(server: Server, data: str) -> dict[str, Any]:
    record = server.ask("GET", f"data/{data}")
    place = {key: record[key] for key in ("id", "collection_uuid", "collection_url")}
    return {**place, "collection_url": place["collection_url"].replace(server.state.url, server.url)}


def test_an_ingestion_and_an_analysis_run_there_from_source_to_provenance(
    server: Server, run: Any, web_file: Any
) -> None:
    raw, smoothed = f"sewage-{uuid.uuid4()}", f"smoothed-{uuid.uuid4()}"
    address = web_file(SOURCE)
    ingestion = server.flow({}, {raw: {"url": address}})
    sewage = data_of(ingestion)

    given = {"aero": {"flow_id": ingestion["id"], "input_data": {}}}
    given["aero"]["output_data"] = {raw: {**place_of(server, sewage), "url": address}}
    _, pulled = run(*of_jobs(jobs.download), given)
    made = run(*of_cell("clean", source_parameter="raw"), pulled)
    run(*of_jobs(jobs.database_commit), made)

    (version,) = server.ask("GET", f"data/{sewage}/versions")
    latest = server.ask("GET", f"data/{sewage}/latest")
    frame = pd.read_csv(io.BytesIO(server.bytes(latest)))
    assert version["version"] == 1
    assert list(frame["load"]) == [10, 30, 50]

    analysis = server.flow({"sewage": {"id": sewage, "version": None}}, {smoothed: {}})
    result = data_of(analysis)
    task = {"kwargs": {"window": 2, "aero": {"flow_id": analysis["id"], "output_data": {}}}, "function": "f"}
    task["kwargs"]["aero"]["input_data"] = {"sewage": {"id": sewage, "version": None}}
    task["kwargs"]["aero"]["output_data"] = {smoothed: place_of(server, result)}
    source, entry = of_jobs(jobs.get_versions)
    (pinned,) = run(*called_with_tasks(source, entry), {"tasks": [task]})
    analysed = run(*of_cell("smooth"), pinned["kwargs"])
    source, entry = of_jobs(jobs.commit_analysis)
    run(*called_with_tasks(source, entry), {"tasks": [analysed]})

    latest = server.ask("GET", f"data/{result}/latest")
    frame = pd.read_csv(io.BytesIO(server.bytes(latest)))
    assert list(frame["smoothed"]) == [10, 20, 40]
    record = next(row for row in server.ask("GET", "prov/") if row["flow_id"] == analysis["id"])
    text = json.dumps(record)
    assert version["id"] in text
    assert latest["id"] in text
    if server.older:
        bodies = [json.loads(body) for method, path, body in server.older.requests if (method, path) == OLDER_COMMIT]
        assert [list(body) for body in bodies] == [["aero"], ["aero"]]


def called_with_tasks(source: str, entry: str) -> tuple[str, str]:
    """Call with the tasks one after another, as the Globus flow's definition does."""
    return f"{source}\n\ndef of_tasks(tasks):\n    return {entry}(*tasks)\n", "of_tasks"


def test_a_token_given_to_the_endpoint_is_in_no_result(server: Server, run: Any, web_file: Any) -> None:
    name, address = f"secret-{uuid.uuid4()}", web_file(SOURCE)
    flow = server.flow({}, {name: {"url": address}})
    given = {"aero": {"flow_id": flow["id"], "input_data": {}}}
    given["aero"]["output_data"] = {name: {**place_of(server, data_of(flow)), "url": address}}
    assert server.state.token not in json.dumps(run(*of_jobs(jobs.download), given))


@pytest.mark.parametrize("has_function", [True, False])
def test_a_failed_check_shows_the_failing_rows_and_makes_no_version(
    server: Server, compute: Registrar, equipped: RealEndpoint, run: Any, web_file: Any, has_function: bool
) -> None:
    name, address = f"checked-{uuid.uuid4()}", web_file(SOURCE)
    flow = server.flow({}, {name: {"url": address}})
    given = {"aero": {"flow_id": flow["id"], "input_data": {}}}
    given["aero"]["output_data"] = {name: {**place_of(server, data_of(flow)), "url": address}}
    _, pulled = run(*of_jobs(jobs.download), given)
    checks = read_checks(["load >= 20"], [name])
    checked = portable(CELL, "clean", source_parameter="raw", checks=checks)
    made = checked if has_function else portable_from(jobs.stage, checks)
    (outcome,) = compute.run(made.source, made.entry, equipped.id, [pulled])
    rows = 3 if has_function else 4
    assert f"Output {name} fails its check 'load >= 20': 1 of {rows} rows do not meet it." in str(outcome.error)
    head = [line.split() for line in str(outcome.error).splitlines()[1:3]]
    assert head[0][:3] == ["row", "load", "day"]
    assert (head[1][0], float(head[1][1]), head[1][2]) == ("1", 10, "2026-01-01")
    assert server.ask("GET", f"data/{data_of(flow)}/versions") == []


@pytest.fixture
def web_file(tmp_path: Path) -> Iterator[Any]:
    import functools
    import threading
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Suppress the access log."""

    handler = functools.partial(Quiet, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        thread = threading.Thread(target=web.serve_forever, args=(0.02,))
        thread.start()

        def publish(content: bytes) -> str:
            (tmp_path / "source.csv").write_bytes(content)
            return f"http://127.0.0.1:{web.server_port}/source.csv"

        yield publish
        web.shutdown()
        thread.join()
