"""The engine's own database: on every SQLite, and when it cannot be opened."""

import sqlite3
import time

import aero_jupyter
from aero_jupyter.compute.functions import portable
from aero_jupyter.service.durable import seconds_since_1970
from aero_jupyter.testing import local_aero


def test_fractions_of_a_second_are_told_where_sqlite_cannot():
    connection = sqlite3.connect(":memory:")
    connection.create_function("unixepoch", 1, seconds_since_1970)
    (told,) = connection.execute("SELECT unixepoch('subsec')").fetchone()
    assert abs(told - time.time()) < 60
    connection.execute("CREATE TABLE t (a, at INTEGER NOT NULL DEFAULT (unixepoch('subsec') * 1000))")
    connection.execute("INSERT INTO t (a) VALUES (1)")
    assert connection.execute("SELECT at FROM t").fetchone()[0] > 1e12
    connection.close()


def test_an_engine_that_does_not_start_fails_runs_with_the_cause(tmp_path, monkeypatch):
    (tmp_path / "engine.db").mkdir()
    monkeypatch.setenv("AERO_HOME", str(tmp_path))
    with local_aero(tmp_path):
        session = aero_jupyter.local()
        flow = session.register(portable("def f():\n    return None\n"))
        run = session.client.wait_for_run(session.client.run_flow(flow.id).id, 30)
    assert (run.state, "engine of the local AERO did not start" in run.error) == ("failed", True)
