"""The results of steps in the store: kept while a run is unfinished, and no longer."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import aero_jupyter
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.service.catalogue.runs import Runs
from aero_jupyter.service.catalogue.serializers import CatalogueRecords
from aero_jupyter.service.storage.connection import new_id, stamp
from aero_jupyter.service.storage.database import Store
from aero_jupyter.testing import local_aero

MAKE = "def endures(n=''):\n    open('k.csv', 'w').write('n\\n1\\n')\n    return 'k.csv'\n"


def test_what_has_run_does_not_stay_in_the_store(aero: Any, aero_home: Any) -> None:
    session = aero_jupyter.local()
    flow = session.register(portable(MAKE), outputs=["endures"], kwargs={"n": "x" * 100_000})
    for _ in range(3):
        assert session.client.wait_for_run(session.client.run_flow(flow.id).id, 120).is_final
    with contextlib.closing(sqlite3.connect(f"file:{aero_home / 'aero.db'}?mode=ro", uri=True, timeout=120)) as store:
        assert store.execute("SELECT count(*) FROM run_step WHERE result IS NOT NULL").fetchone() == (0,)


def test_the_second_database_of_an_older_local_aero_is_removed(tmp_path: Path) -> None:
    for name in ("engine.db", "engine.db-wal", "engine.db-shm"):
        (tmp_path / name).write_bytes(b"old")
    with local_aero(tmp_path):
        assert list(tmp_path.glob("engine.db*")) == []


def test_a_step_that_is_done_is_known_until_its_run_has_ended(tmp_path: Path) -> None:
    store = Store(tmp_path / "aero.db")
    runs, id = Runs(CatalogueRecords(store, "http://127.0.0.1/"), tmp_path), new_id()
    with store.transaction() as db:
        db.insert("run", id=id, flow_id="f", state="pulling", cause="manual", created_at=stamp())
    assert runs.enter_step(id, "pulling")
    assert runs.step_results(id) == {}
    assert runs.enter_step(id, "running", ("pulling", [{"kwargs": {}}]))
    assert runs.step_results(id) == {"pulling": [{"kwargs": {}}]}
    assert runs.end(id, "done")
    assert runs.step_results(id) == {}
    assert not runs.enter_step(id, "committing", ("running", []))
