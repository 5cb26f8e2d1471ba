from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from misbehaving import Web, begun
from place import Place, open_place

from aero_jupyter import jobs


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No configuration of this machine, and no waiting between tries."""
    monkeypatch.setenv("AERO_CONFIG_FILE", str(tmp_path / "none.toml"))
    for name in ("AERO_SERVER", "AERO_ACCESS_TOKEN", "AERO_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(jobs.web, "_WAITS", (0.0, 0.0, 0.0))
    monkeypatch.setattr(jobs.transfer, "_PAUSES", (0.0, 0.0, 0.0))


@pytest.fixture(autouse=True)
def _no_stand_ins() -> Iterator[None]:
    yield
    for name in ("aero_client", "aero_client.utils"):
        sys.modules.pop(name, None)


@pytest.fixture
def place() -> Iterator[Place]:
    with open_place() as place:
        yield place


@pytest.fixture
def other_place() -> Iterator[Place]:
    with open_place() as place:
        yield place


@pytest.fixture
def web() -> Iterator[Callable[..., Web]]:
    with ExitStack() as running:
        yield lambda *answers: running.enter_context(begun(*answers))


@pytest.fixture
def aero(place: Place, tmp_path: Path) -> dict[str, Any]:
    """The part of a task that AERO fills in, for one output in the collection."""
    folder = tmp_path / "run"
    folder.mkdir()
    return {
        "flow_id": "f1",
        "input_data": {},
        "output_data": {"clean": {"id": "d1", "collection_url": f"{place.url}/coll", "collection_uuid": "c0"}},
        "server": f"{place.url}/aero",
        "token": "s3cret",
        "temp_dir": str(folder),
    }
