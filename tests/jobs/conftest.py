from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from support.faulty_source import FaultySource, serve_responses
from support.scripted_web import WebServer, serve_web

from aero_jupyter import jobs


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No configuration of this machine, and no waiting between tries."""
    monkeypatch.setenv("AERO_CONFIG_FILE", str(tmp_path / "none.toml"))
    for name in ("AERO_SERVER", "AERO_ACCESS_TOKEN", "AERO_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(jobs.http_client, "RETRY_PAUSES_SECONDS", (0.0, 0.0, 0.0))
    monkeypatch.setattr(jobs.transfer, "RETRY_PAUSES_SECONDS", (0.0, 0.0, 0.0))


@pytest.fixture(autouse=True)
def _no_stand_ins() -> Iterator[None]:
    yield
    for name in ("aero_client", "aero_client.utils"):
        sys.modules.pop(name, None)


@pytest.fixture
def web_server() -> Iterator[WebServer]:
    with serve_web() as web_server:
        yield web_server


@pytest.fixture
def other_web_server() -> Iterator[WebServer]:
    with serve_web() as web_server:
        yield web_server


@pytest.fixture
def serve_source() -> Iterator[Callable[..., FaultySource]]:
    with ExitStack() as running:
        yield lambda *answers: running.enter_context(serve_responses(*answers))


@pytest.fixture
def aero(web_server: WebServer, tmp_path: Path) -> dict[str, Any]:
    """The part of a task that AERO fills in, for one output in the collection."""
    folder = tmp_path / "run"
    folder.mkdir()
    return {
        "flow_id": "f1",
        "input_data": {},
        "output_data": {"clean": {"id": "d1", "collection_url": f"{web_server.url}/coll", "collection_uuid": "c0"}},
        "server": f"{web_server.url}/aero",
        "token": "s3cret",
        "temp_dir": str(folder),
    }
