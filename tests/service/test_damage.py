"""A store that is gone, empty or damaged is said, and nothing that is left of it is thrown away."""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

import aero_jupyter
from aero_jupyter import cli
from aero_jupyter.compute.functions import portable
from aero_jupyter.core.errors import InvalidArgument, LocalServiceFailed
from aero_jupyter.service import daemon, keeping
from aero_jupyter.service.aside import set_aside
from aero_jupyter.service.check import violations
from aero_jupyter.service.store import Store

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "home"
    monkeypatch.setenv("AERO_HOME", str(folder))
    yield folder
    daemon.stop(folder)


def keep(home: Path) -> daemon.State:
    """Start a local AERO that keeps one file, and write its store out."""
    state = daemon.ensure(home)
    url = f"{state.url}collections/{state.collection}/x.csv"
    headers = {"Authorization": f"Bearer {state.token}"}
    assert requests.put(url, data=b"n\n1\n", headers=headers, timeout=30).status_code == 201
    with contextlib.closing(sqlite3.connect(home / "aero.db")) as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return state


@pytest.mark.parametrize("how", ["empty", "gone"])
def test_a_store_whose_content_is_there_is_never_replaced_by_an_empty_one(
    home: Path, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(home)
    daemon.stop(home)
    kept = sorted((home / "content").glob("*/*"))
    if how == "empty":
        os.truncate(home / "aero.db", 0)
    else:
        (home / "aero.db").unlink()
    with pytest.raises(LocalServiceFailed, match=r"is damaged.*move its folder away, and bring a backup back"):
        daemon.ensure(home)
    assert cli.main(["local", "check"]) == 1
    assert "The store cannot be read" in capsys.readouterr().out
    for what in (["local", "gc"], ["local", "backup", str(home.parent / "b.tar")]):
        assert cli.main(what) == (0 if how == "gone" and what[1] == "gc" else 1)
    assert sorted((home / "content").glob("*/*")) == kept
    assert not (home / "aero.db").exists() or (home / "aero.db").stat().st_size == 0


def test_a_backup_is_not_brought_back_over_the_content_of_a_store_that_is_gone(home: Path, tmp_path: Path) -> None:
    keep(home)
    daemon.stop(home)
    keeping.backup(home, tmp_path / "b.tar")
    (home / "aero.db").unlink()
    with pytest.raises(InvalidArgument, match="holds a local AERO already"):
        keeping.restore(home, tmp_path / "b.tar")


@pytest.mark.parametrize("left", [8_192, 0])
def test_a_store_that_is_cut_while_it_is_used_is_said_and_the_service_can_be_stopped(
    home: Path, left: int, capsys: pytest.CaptureFixture[str]
) -> None:
    state = keep(home)
    os.truncate(home / "aero.db", left)
    headers = {"Authorization": f"Bearer {state.token}"}
    for path in ("data/", "flow/", "runs/", "prov/"):
        answer = requests.get(state.url + path, headers=headers, timeout=30)
        assert answer.status_code == 503
        assert "aero-jupyter local restore FILE" in answer.json()["cure"]
    assert cli.main(["local", "check"]) == 1
    assert "aero-jupyter local restore FILE" in capsys.readouterr().out
    assert cli.main(["local", "stop"]) == 0
    assert "is stopped" in capsys.readouterr().out


@pytest.mark.parametrize("how", ["garbage", "cut"])
def test_a_damaged_database_of_the_engine_is_moved_aside_and_made_anew(home: Path, how: str) -> None:
    session = aero_jupyter.local()
    flow = session.register(portable("def nothing():\n    return None\n"), outputs=[])
    assert session.client.wait_for_run(session.client.run_flow(flow.id).id, 60).state == "done"
    daemon.stop(home)
    path = home / "engine.db"
    with contextlib.closing(sqlite3.connect(path)) as engine:
        engine.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = path.read_bytes()
    path.write_bytes(b"garbage" * 1_000 if how == "garbage" else whole[: len(whole) // 3])
    damaged = path.read_bytes()
    client = aero_jupyter.local().client
    assert client.wait_for_run(client.run_flow(flow.id).id, 60).state == "done"
    (aside,) = home.glob("engine.db.damaged-*[0-9]")
    assert aside.read_bytes() == damaged
    assert "was damaged" in daemon.log_file(home).read_text()
    assert violations(home, quiet=True) == []


def test_a_whole_database_stays_where_it_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Store(tmp_path / "aero.db")
    with caplog.at_level(logging.WARNING):
        assert set_aside(tmp_path / "aero.db") is None
        assert set_aside(tmp_path / "nothing.db") is None
    assert caplog.records == []


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can mount a small disk.")
def test_a_disk_that_is_full_at_the_start_is_said(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("No disk can be mounted here.")
    try:
        keep(small)
        daemon.stop(small)
        with contextlib.suppress(OSError), (small / "fill").open("wb", buffering=0) as file:
            while True:
                file.write(b"0" * 4096)
        with pytest.raises(
            LocalServiceFailed, match=r"did not start: The disk of the local AERO is full.*Free some space"
        ):
            daemon.ensure(small)
        (small / "fill").unlink()
        assert daemon.ensure(small).url
    finally:
        daemon.stop(small)
        subprocess.run(["umount", "-l", str(small)], check=True)
