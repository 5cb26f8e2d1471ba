"""The watch on drift: each version is judged once, in its order, and a new one that drifted makes one notice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aero_jupyter.service.catalogue.commits import add_version
from aero_jupyter.service.catalogue.dataset_rows import add_data
from aero_jupyter.service.catalogue.notices import newest_notices
from aero_jupyter.service.catalogue.serializers import CatalogueRecords
from aero_jupyter.service.engine.drift_watch import DriftWatch
from aero_jupyter.service.engine.table_worker import TableWorker
from aero_jupyter.service.storage.content import ContentStore
from aero_jupyter.service.storage.database import Store
from aero_jupyter.service.workers.task_request import TaskFailed

_LIMIT_SECONDS = 120.0


class RecordingWorker(TableWorker):
    """A worker that records which versions it read; `gate` holds it back, and version 10 lacks a column."""

    def __init__(self, catalogue: CatalogueRecords, home: Path) -> None:
        super().__init__(catalogue, ContentStore(catalogue.store, home), home)
        self.read: list[int] = []
        self.unreadable: set[int] = set()
        self.gate = threading.Event()
        self.gate.set()

    def table_of(self, data: dict[str, Any], version: dict[str, Any]) -> dict[str, Any]:
        if version["data_file"] is None:
            return super().table_of(data, version)
        return {"number": version["version"]}

    def run(self, function: str, *args: Any) -> Any:
        assert self.gate.wait(_LIMIT_SECONDS)
        number = args[0]["number"]
        self.read.append(number)
        if number in self.unreadable:
            raise TaskFailed("It took too long.")
        notes = ["column cases is gone"] if number == 10 else []
        return {"profile": {"rows": number}, "notes": notes}


@pytest.fixture
def catalogue(tmp_path: Path) -> CatalogueRecords:
    return CatalogueRecords(Store(tmp_path / "aero.db"), "http://127.0.0.1/")


@pytest.fixture
def worker(catalogue: CatalogueRecords, tmp_path: Path) -> Iterator[RecordingWorker]:
    made = RecordingWorker(catalogue, tmp_path)
    yield made
    made.stop()


@pytest.fixture
def commit(catalogue: CatalogueRecords) -> Callable[[int], str]:
    """Return a function that adds versions to one dataset, and returns the id of the dataset."""
    store = catalogue.store
    place = {"collection_uuid": "elsewhere", "collection_url": "https://h.example/"}
    with store.transaction() as db:
        id = add_data(db, "weekly", place)

    def commit_versions(count: int) -> str:
        for _ in range(count):
            with store.transaction() as db:
                data = catalogue.data(id)
                number = data["newest"] + 1
                entry = {"checksum": f"{number:064}", "file_bn": f"f{number}", "file_format": ".csv", "size": 1}
                add_version(db, store, data, entry)
        return id

    return commit_versions


def judge_all(catalogue: CatalogueRecords, worker: RecordingWorker) -> None:
    """Run a watch until nothing has to be judged."""
    watch, is_done = DriftWatch(catalogue, worker), threading.Event()
    due = "SELECT count(*) FROM drift WHERE notes IS NULL"

    def check() -> None:
        if not catalogue.store.db.value(due):
            is_done.set()

    watch.start(check)
    assert is_done.wait(_LIMIT_SECONDS)
    watch.stop()


def drifted(catalogue: CatalogueRecords) -> list[str]:
    return [each["text"] for each in newest_notices(catalogue.store, 100) if each["event"] == "drifted"]


def test_each_version_is_read_once_and_a_notice_is_made_once(
    catalogue: CatalogueRecords, worker: RecordingWorker, commit: Callable[[int], str]
) -> None:
    id = commit(8)
    assert not catalogue.store.db.rows("SELECT * FROM drift")
    commit(1)
    judge_all(catalogue, worker)
    assert worker.read == list(range(1, 10))
    commit(2)
    judge_all(catalogue, worker)
    assert worker.read == list(range(1, 12))
    assert [each["drift"] for each in catalogue.versions(id)[8:]] == [[], ["column cases is gone"], []]
    assert drifted(catalogue) == ["weekly: version 10 drifted: column cases is gone."]
    # As if the service had been killed before the notes were stored.
    with catalogue.store.transaction() as db:
        db.run("UPDATE drift SET notes = NULL WHERE version = 10")
    judge_all(catalogue, worker)
    assert len(drifted(catalogue)) == 1


def test_a_commit_does_not_wait_for_the_worker(
    catalogue: CatalogueRecords, worker: RecordingWorker, commit: Callable[[int], str]
) -> None:
    worker.gate.clear()
    watch = DriftWatch(catalogue, worker)
    commit(9)
    watch.start(lambda: None)
    id = commit(1)
    assert catalogue.data(id)["newest"] == 10
    assert drifted(catalogue) == []
    watch.stop()
    worker.gate.set()


def test_a_version_that_cannot_be_read_is_left_out_and_not_tried_again(
    catalogue: CatalogueRecords, worker: RecordingWorker, commit: Callable[[int], str]
) -> None:
    worker.unreadable = {9}
    id = commit(10)
    judge_all(catalogue, worker)
    assert worker.read == list(range(1, 11))
    assert catalogue.versions(id, 9)[0]["drift"] == []


def test_versions_whose_content_stays_at_the_source_are_left_out(
    catalogue: CatalogueRecords, worker: RecordingWorker, commit: Callable[[int], str]
) -> None:
    id = commit(9)
    with catalogue.store.transaction() as db:
        db.run("UPDATE version SET file_name = NULL WHERE version > 5")
    judge_all(catalogue, worker)
    assert worker.read == list(range(1, 6))
    assert catalogue.versions(id, 9)[0]["drift"] == []


def test_an_old_version_is_judged_without_a_notice(
    catalogue: CatalogueRecords, worker: RecordingWorker, commit: Callable[[int], str]
) -> None:
    id = commit(10)
    with catalogue.store.transaction() as db:
        db.run("UPDATE version SET created_at = '2026-01-01T00:00:00.000000Z'")
    judge_all(catalogue, worker)
    assert catalogue.versions(id, 10)[0]["drift"] == ["column cases is gone"]
    assert drifted(catalogue) == []
