"""Versions in their compact form are sent, read and summarized like all others."""

from __future__ import annotations

import contextlib
import sqlite3
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from support.bare_store import Home, daily
from support.file_site import FileSite
from support.rest_caller import RestCaller, register_ingestion, start_run, wait_for_last_run

from aero_jupyter.service import home_lock
from aero_jupyter.service.engine import upkeep as upkeeping
from aero_jupyter.service.engine.upkeep import Upkeep
from aero_jupyter.service.storage.compaction import Compaction
from aero_jupyter.service.storage.database import Store
from aero_jupyter.service.storage.stored_content import compact_path_of, path_of

KEEP = "def keep(raw):\n    return raw\n"
LENGTH = "def length(given):\n    print(len(open(given, 'rb').read()))\n"


@pytest.fixture
def versions(call: RestCaller, site: FileSite) -> tuple[str, list[bytes]]:
    """A dataset of three versions, and their bytes."""
    bodies = [b"date,key,value\n" + body for body in daily(3, rows=400)]
    site.content = bodies[0]
    flow, data = register_ingestion(call, site.url, call.function(KEEP))
    wait_for_last_run(call, flow)
    for body in bodies[1:]:
        site.content = body
        start_run(call, {"id": flow})
        wait_for_last_run(call, flow)
    return data, bodies


@pytest.fixture
def compact(aero_home: Path) -> Callable[[], None]:
    """Compact all versions now, as the service does when it is idle."""

    def work() -> None:
        store = Store(aero_home / "aero.db", migrate=False)
        with home_lock.exclusive(home_lock.operation_lock(aero_home), "test", 30):
            compaction = Compaction(store, aero_home)
            while compaction.step():
                pass
        store.close()

    return work


def forms(home: Path, checksum: str) -> tuple[bool, bool]:
    return path_of(home / "content", checksum).exists(), compact_path_of(home / "content", checksum).exists()


def url_of(call: RestCaller, record: dict) -> str:
    collection = call("GET", "status").json()["collection"]
    return f"collections/{collection}/{record['data_file']['file_name']}"


def test_a_compact_version_is_sent_whole_and_in_ranges(
    call: RestCaller, versions: tuple[str, list[bytes]], compact: Callable[[], None], aero_home: Path
) -> None:
    data, bodies = versions
    compact()
    records = call("GET", f"data/{data}/versions").json()
    assert [forms(aero_home, record["checksum"])[1] for record in records] == [True, True, False]
    for record, body in zip(records, bodies, strict=True):
        assert call("GET", url_of(call, record)).content == body
        part = call("GET", url_of(call, record), headers={"Range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, body[100:200])
        head = call("HEAD", url_of(call, record))
        assert (head.status_code, int(head.headers["Content-Length"]), head.content) == (200, len(body), b"")
    assert not list((aero_home / "tmp").iterdir())


def test_a_function_reads_a_compact_version_of_its_input(
    call: RestCaller, versions: tuple[str, list[bytes]], compact: Callable[[], None], aero_home: Path
) -> None:
    data, bodies = versions
    compact()
    inputs = {"given": {"id": data, "version": 1}}
    name = f"length_{uuid.uuid4().hex[:8]}"
    flow = call.flow(
        function_uuid=call.function(LENGTH), flow_kwargs={}, input_data=inputs, output_data={name: {}}, rule=-1
    ).json()
    start_run(call, flow)
    run = wait_for_last_run(call, flow["id"])
    assert str(len(bodies[0])) in run["log"]
    assert not list(aero_home.glob("work/*/*.decoded"))


def test_a_compact_version_is_summarized(
    call: RestCaller, versions: tuple[str, list[bytes]], compact: Callable[[], None], aero_home: Path
) -> None:
    data, _ = versions
    compact()
    deadline = time.monotonic() + 60
    while (answer := call("GET", f"data/{data}/summary?version=1").json())["state"] == "working":
        assert time.monotonic() < deadline
    assert answer["summary"]["rows"] == 401
    assert not list(aero_home.glob("summaries/*.decoded"))


def test_no_flow_is_pinned_to_a_removed_version(
    call: RestCaller, versions: tuple[str, list[bytes]], aero_home: Path
) -> None:
    data, _ = versions
    with contextlib.closing(sqlite3.connect(aero_home / "aero.db", timeout=30)) as store, store:
        store.execute("UPDATE version SET removed_at = created_at WHERE data_id = ? AND version = 1", (data,))
    try:
        inputs = {"given": {"id": data, "version": 1}}
        refused = call.flow(
            function_uuid=call.function(LENGTH), flow_kwargs={}, input_data=inputs, output_data={}, rule=-1
        )
        assert refused.status_code == 422
        assert "which retention has removed" in refused.json()["detail"]
    finally:
        with contextlib.closing(sqlite3.connect(aero_home / "aero.db", timeout=30)) as store, store:
            store.execute("UPDATE version SET removed_at = NULL")


def test_the_space_of_the_content_is_reported(
    call: RestCaller, versions: tuple[str, list[bytes]], compact: Callable[[], None]
) -> None:
    compact()
    space = call("GET", "space").json()
    assert 0 < space["stored"] < space["versions"]


def test_the_service_compacts_when_it_is_idle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeeping, "_SETTLED_SECONDS", 0.0)
    monkeypatch.setattr(upkeeping, "_LEAST_PAUSE_SECONDS", 0.0)
    home = Home(tmp_path)
    data, bodies = home.dataset("cases"), daily(4, rows=200)
    sums = [home.commit(data, body) for body in bodies]
    upkeep = Upkeep(home.store, tmp_path)
    upkeep.start()
    deadline = time.monotonic() + 30
    while any(forms(tmp_path, checksum)[0] for checksum in sums[:-1]):
        assert time.monotonic() < deadline
        upkeep.wake()
    upkeep.stop()
    assert [home.read(checksum) for checksum in sums] == bodies
    home.store.close()
