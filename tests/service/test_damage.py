"""A store that is gone, empty or damaged is said, and nothing that is left of it is thrown away."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from aero_jupyter.cli import main
from aero_jupyter.core.errors import LocalServiceFailed
from aero_jupyter.service import daemon, local_home
from aero_jupyter.service.maintenance import backup

pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "home"
    monkeypatch.setenv("AERO_HOME", str(folder))
    yield folder
    daemon.stop(folder)


def keep(home: Path) -> local_home.State:
    """Start a local AERO that keeps one file, and write its store out."""
    state = daemon.ensure(home)
    url = f"{state.url}collections/{state.collection}/x.csv"
    headers = {"Authorization": f"Bearer {state.token}"}
    assert requests.put(url, data=b"n\n1\n", headers=headers, timeout=120).status_code == 200
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
    with pytest.raises(LocalServiceFailed, match=r"is damaged.*restore a backup with"):
        daemon.ensure(home)
    assert main.main(["local", "check"]) == 1
    assert "The store cannot be read" in capsys.readouterr().out
    for what in (["local", "gc"], ["local", "backup", str(home.parent / "b.tar")]):
        assert main.main(what) == (0 if how == "gone" and what[1] == "gc" else 1)
    assert sorted((home / "content").glob("*/*")) == kept
    assert not (home / "aero.db").exists() or (home / "aero.db").stat().st_size == 0


def test_a_backup_brought_back_over_the_content_of_a_store_that_is_gone_keeps_that_aside(
    home: Path, tmp_path: Path
) -> None:
    keep(home)
    daemon.stop(home)
    backup.backup(home, tmp_path / "b.tar")
    (home / "aero.db").unlink()
    assert backup.restore(home, tmp_path / "b.tar") == 1
    assert len(list(home.glob("aside-*/content/*/*"))) == 1


def test_a_store_that_is_deleted_while_it_is_used_takes_nothing_more(home: Path) -> None:
    state = keep(home)
    (home / "aero.db").rename(home / "elsewhere.db")
    body = {"name": "later", "url": "https://example.org/later.csv"}
    headers = {"Authorization": f"Bearer {state.token}"}
    answer = requests.post(f"{state.url}data/source", json=body, headers=headers, timeout=120)
    assert answer.status_code == 503
    assert "deleted while it was in use" in answer.json()["detail"]
    assert not (home / "aero.db").exists()


@pytest.mark.parametrize("left", [8_192, 0])
def test_a_store_that_is_cut_while_it_is_used_is_said_and_the_service_can_be_stopped(
    home: Path, left: int, capsys: pytest.CaptureFixture[str]
) -> None:
    state = keep(home)
    os.truncate(home / "aero.db", left)
    headers = {"Authorization": f"Bearer {state.token}"}
    for path in ("data/", "flow/", "runs/", "prov/"):
        answer = requests.get(state.url + path, headers=headers, timeout=120)
        assert answer.status_code == 503
        assert "aero-jupyter local restore FILE" in answer.json()["cure"]
    assert main.main(["local", "check"]) == 1
    assert "aero-jupyter local restore FILE" in capsys.readouterr().out
    assert main.main(["local", "stop"]) == 0
    assert "is stopped" in capsys.readouterr().out


def _write_logs_out(home: Path) -> None:
    """Remove the write-ahead logs of all databases, as the last connection does that is closed."""
    for path in home.glob("*.db"):
        with contextlib.closing(sqlite3.connect(path)) as store:
            store.execute("SELECT count(*) FROM sqlite_master").fetchone()
    assert not list(home.glob("*.db-*"))


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root can mount a small disk.")
@pytest.mark.parametrize("free_pages", [0, 1, 2, 200])
def test_a_disk_that_is_full_at_the_start_is_said(tmp_path: Path, free_pages: int) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("No disk can be mounted here.")
    try:
        service = psutil.Process(keep(small).pid)
        processes = [service, *service.children(recursive=True)]
        daemon.stop(small)
        # A process that still ends frees space later, and logs left by one that was killed need none at the start.
        assert not psutil.wait_procs(processes, 60)[1]
        _write_logs_out(small)
        with contextlib.suppress(OSError), (small / "fill").open("wb", buffering=0) as file:
            while True:
                file.write(b"0" * 4096)
        # Too little to start, and called an I/O error by SQLite.
        os.truncate(small / "fill", (small / "fill").stat().st_size - free_pages * 4096)
        with pytest.raises(
            LocalServiceFailed, match=r"did not start: The disk of the local AERO is full.*Free some space"
        ):
            daemon.ensure(small)
        (small / "fill").unlink()
        assert daemon.ensure(small).url
    finally:
        daemon.stop(small)
        subprocess.run(["umount", "-l", str(small)], check=True)
