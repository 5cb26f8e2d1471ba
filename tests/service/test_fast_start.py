"""The start of the local AERO: imports and work that wait until it is ready."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from support.rest_caller import RestCaller

from aero_jupyter.core import wire
from aero_jupyter.core.garbage import collection_paused
from aero_jupyter.core.token_proof import CHALLENGE_PATH
from aero_jupyter.service.http.app import make_app
from aero_jupyter.service.http.container import Service
from aero_jupyter.service.local_home import State

_TOKEN, _PORT = "a-token", 1
_UNNEEDED = (
    "pandas", "numpy", "IPython", "requests", "urllib3", "globus_sdk", "globus_compute_sdk", "parsl", "apprise",
    "aero_jupyter.client", "aero_jupyter.session", "aero_jupyter.vintages",
    "aero_jupyter.jobs.task", "aero_jupyter.jobs.tables", "aero_jupyter.jobs.source_download",
)  # fmt: skip


def status_of(app: FastAPI, method: str, path: str) -> tuple[int, str | None]:
    """Return the status and the Allow header of a response."""
    found: list[Any] = []
    headers = [(b"host", f"127.0.0.1:{_PORT}".encode()), (b"authorization", f"Bearer {_TOKEN}".encode())]
    scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "headers": headers}
    more = {"query_string": b"nonce=" + b"a" * 32, "http_version": "1.1", "scheme": "http", "client": ("127.0.0.1", 2)}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        found.append(message)

    async def call() -> None:
        await app({**scope, **more, "server": ("127.0.0.1", _PORT)}, receive, send)  # type: ignore[arg-type]

    # A browser's test leaves a loop in the main thread.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(call())).result(120)
    allowed = dict(found[0]["headers"]).get(b"allow")
    return found[0]["status"], allowed.decode() if allowed else None


def test_the_server_imports_only_what_its_first_requests_need() -> None:
    code = (
        "import sys\nimport aero_jupyter.service.server\nfrom aero_jupyter.service.http import routers\n"
        f"routers.all_routers()\nprint([name for name in {_UNNEEDED} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "[]"


def test_requests_do_not_build_the_description_of_the_service(tmp_path: Path) -> None:
    app = make_app(Service(tmp_path, "http://127.0.0.1:1/", _TOKEN, _PORT))
    requests = [
        ("GET", f"/{CHALLENGE_PATH}"), ("GET", "/data/"), ("PUT", "/data/"), ("POST", "/data/search"),
        ("PUT", "/runs/1"),
    ]  # fmt: skip
    assert [status_of(app, *each) for each in requests] == [
        (200, None), (200, None), (405, "GET"), (405, "GET"), (405, "GET"),
    ]  # fmt: skip
    assert app.openapi_schema is None


def test_the_description_has_the_schemas_that_it_refers_to(call: RestCaller) -> None:
    description = call("GET", "openapi.json").json()
    assert {"Problem", "HTTPValidationError", "ValidationError"} <= set(description["components"]["schemas"])
    responses = [each["responses"] for path in description["paths"].values() for each in path.values()]
    assert all({"400", "422", "507"} <= set(each) for each in responses)


def test_a_session_knows_what_its_service_can_do(aero: State, call: RestCaller) -> None:
    assert wire.dialect_from(call("GET", "openapi.json").json()) == wire.LOCAL


def test_a_pause_of_the_garbage_collection_ends_with_its_block() -> None:
    with collection_paused():
        assert not gc.isenabled()
        with collection_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
