"""Forty writers that wait for the store: the service stays known, is used again, and can be stopped."""

from __future__ import annotations

import contextlib
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from aero_jupyter.cli import main
from aero_jupyter.core.errors import LocalServiceFailed
from aero_jupyter.service import daemon, local_home
from aero_jupyter.testing import local_aero

WRITERS = 40


def found(home: Path) -> str:
    """Return the process id of the service, or the error that names it."""
    try:
        return str(daemon.ensure(home).pid)
    except LocalServiceFailed as error:
        return str(error)


@pytest.mark.slow
def test_forty_waiting_writers_lose_neither_the_service_nor_a_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AERO_HOME", str(tmp_path))
    with local_aero(tmp_path) as state, ThreadPoolExecutor(WRITERS) as pool:
        headers = {"Authorization": f"Bearer {state.token}"}

        def write(number: int) -> int:
            body = {"name": f"writer {number}", "url": f"https://example.org/{number}.csv"}
            return requests.post(f"{state.url}data/source", json=body, headers=headers, timeout=120).status_code

        with contextlib.closing(sqlite3.connect(tmp_path / "aero.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            writes = [pool.submit(write, number) for number in range(WRITERS)]
            # All of them wait now; whoever looks meanwhile finds the service, or is told that it is there.
            assert str(state.pid) in found(tmp_path)
            assert local_home.state_file(tmp_path).exists()
            main.main(["local", "status"])
            printed = capsys.readouterr()
            assert str(state.pid) in printed.out + printed.err
            other.execute("ROLLBACK")
        answers = [each.result() for each in writes]
        # A write that has waited too long is refused, and nothing of it is kept.
        assert set(answers) <= {200, 503}
        assert daemon.ensure(tmp_path).pid == state.pid
        with contextlib.closing(sqlite3.connect(tmp_path / "aero.db")) as store:
            assert store.execute("SELECT count(*) FROM data").fetchone() == (answers.count(200),)
        assert main.main(["local", "stop"]) == 0
    assert daemon.find_holder(tmp_path) is None
