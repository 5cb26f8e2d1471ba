"""Retention removes the content that no policy keeps, and nothing that something else needs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from support.bare_store import Home, daily

from aero_jupyter.service.catalogue import retention
from aero_jupyter.service.catalogue.retention import VersionNumber
from aero_jupyter.service.engine import upkeep as upkeeping
from aero_jupyter.service.engine.upkeep import Upkeep
from aero_jupyter.service.maintenance import backup, garbage
from aero_jupyter.service.maintenance.integrity import violations
from aero_jupyter.service.storage.connection import RequestError, new_id, stamp

NOW = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
DAYS = 60


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    yield made
    made.store.close()


def dataset(home: Home, name: str = "cases", days: int = DAYS, policy: str | None = "all 10d") -> tuple[str, list[str]]:
    """Return a dataset with one version a day, and the checksums of its versions."""
    data = home.dataset(name)
    sums = [home.commit(data, name.encode() + body) for body in daily(days, rows=120)]
    with home.store.transaction() as db:
        for number in range(1, days + 1):
            made = stamp(NOW - timedelta(days=days - number))
            db.run("UPDATE version SET created_at = ? WHERE data_id = ? AND version = ?", (made, data, number))
    retention.store_policy(home.store, data, policy)
    return data, sums


def with_content(home: Home, data: str) -> list[int]:
    sql = "SELECT version FROM version WHERE data_id = ? AND removed_at IS NULL ORDER BY version"
    return [row["version"] for row in home.store.db.rows(sql, (data,))]


def version_id(home: Home, data: str, number: int) -> str:
    return str(home.store.db.value("SELECT id FROM version WHERE data_id = ? AND version = ?", (data, number)))


@pytest.mark.parametrize(
    ("policy", "left"),
    [
        (None, list(range(1, 61))),
        ("all", list(range(1, 61))),
        ("all 10d", list(range(50, 61))),
        ("daily 5d, weekly", [*range(4, 61, 7), *range(55, 61)]),
        ("monthly", [31, 59, 60]),
    ],
)
def test_the_policy_of_a_dataset_decides(home: Home, policy: str | None, left: list[int]) -> None:
    data, sums = dataset(home, policy=policy)
    home.compact()
    removed = retention.apply_retention(home.store, NOW)
    expected = sorted(set(left))
    assert with_content(home, data) == expected
    assert removed == DAYS - len(expected)
    assert all(home.read(sums[number - 1]).startswith(b"cases") for number in expected)
    assert violations(home.folder) == []


def test_records_checksums_and_numbers_stay(home: Home) -> None:
    data, sums = dataset(home)
    retention.apply_retention(home.store, NOW)
    rows = home.store.db.rows("SELECT version, checksum FROM version WHERE data_id = ? ORDER BY version", (data,))
    assert [row["checksum"] for row in rows] == sums
    home.commit(data, b"new\n")
    assert home.store.db.value("SELECT newest FROM data") == DAYS + 1
    assert not any(home.forms(checksum)[0] for checksum in sums[:40])


def test_reading_a_removed_version_says_what_happened(home: Home) -> None:
    data, _ = dataset(home)
    name = home.store.db.value("SELECT file_name FROM version WHERE data_id = ? AND version = 1", (data,))
    retention.apply_retention(home.store, NOW)
    with pytest.raises(RequestError) as refusal:
        home.content.find(home.store.collection, name)
    assert refusal.value.detail == "Retention removed the content of cases@1 on 2026-03-01."
    assert refusal.value.cure == "Read the newest version: %aero_get cases"


def test_what_is_held_pinned_or_read_by_a_run_is_kept(home: Home) -> None:
    data, _ = dataset(home)
    assert retention.hold_versions(home.store, [VersionNumber(data, 3), VersionNumber(data, 999)], "lock") == 1
    assert retention.hold_versions(home.store, [VersionNumber(data, 5)], "citation") == 1
    with home.store.transaction() as db:
        db.insert(
            "flow", id="f", function_id="g", endpoint="e", policy=3, flow_kwargs="{}", arg_hash="h", created_at=stamp()
        )
        db.insert("flow_input", flow_id="f", parameter="x", data_id=data, pinned=7)
        db.insert("run", id="r", flow_id="f", state="running", cause="manual", created_at=stamp())
        db.insert("run_input", run_id="r", parameter="x", data_id=data, version=9)
    retention.apply_retention(home.store, NOW)
    assert with_content(home, data) == [3, 5, 7, 9, *range(50, 61)]
    with home.store.transaction() as db:
        db.run("UPDATE run SET state = 'done'")
        db.run("DELETE FROM flow_input")
    retention.apply_retention(home.store, NOW)
    assert with_content(home, data) == [3, 5, *range(50, 61)]


def test_the_inputs_of_a_kept_version_are_kept_and_go_with_it(home: Home) -> None:
    source, _ = dataset(home, "source")
    made, _ = dataset(home, "made", policy=None)
    with home.store.transaction() as db:
        for number in range(1, DAYS + 1):
            prov = new_id()
            db.insert("prov", id=prov, flow_id="f", run_id=None, task=number, created_at=stamp())
            db.run("INSERT INTO prov_used VALUES (?, ?)", (prov, version_id(home, source, number)))
            db.run("INSERT INTO prov_made VALUES (?, ?, 1)", (prov, version_id(home, made, number)))
    assert retention.apply_retention(home.store, NOW) == 0
    retention.store_policy(home.store, made, "all 20d")
    # The made versions go first, and their inputs with them, as far as both policies allow.
    retention.apply_retention(home.store, NOW)
    assert with_content(home, made) == list(range(40, 61))
    assert with_content(home, source) == list(range(40, 61))
    assert violations(home.folder) == []


def test_the_same_bytes_in_another_dataset_stay(home: Home) -> None:
    _, sums = dataset(home)
    other = home.dataset("other")
    home.commit(other, home.read(sums[0]))
    retention.apply_retention(home.store, NOW)
    assert home.read(sums[0]).startswith(b"cases")
    assert violations(home.folder) == []


def test_a_removed_version_stays_only_as_what_a_kept_one_is_decoded_with(home: Home) -> None:
    data, sums = dataset(home)
    home.compact()
    before = retention.space(home.store)
    retention.hold_versions(home.store, [VersionNumber(data, 2)], "lock")
    retention.apply_retention(home.store, NOW)
    after = retention.space(home.store)
    assert after["stored"] < before["stored"] < before["versions"]
    assert after["removed"] == 48
    assert home.read(sums[1]).startswith(b"cases")
    garbage.gc(home.folder, fresh=-60)
    assert retention.space(home.store)["stored"] <= after["stored"]
    assert home.read(sums[1]).startswith(b"cases")
    assert violations(home.folder) == []


class Killed(BaseException):
    """The end of the process."""


def test_a_crash_between_record_and_content_loses_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    data, sums = dataset(home)
    home.compact()

    def end(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(retention, "remove_unused", end)
    with pytest.raises(Killed):
        retention.apply_retention(home.store, NOW)
    monkeypatch.undo()
    assert violations(home.folder) == []
    assert with_content(home, data) == list(range(50, 61))
    retention.apply_retention(home.store, NOW)
    garbage.gc(home.folder, fresh=-60)
    assert violations(home.folder) == []
    assert all(home.read(sums[number - 1]).startswith(b"cases") for number in range(50, 61))


def test_a_backup_of_a_store_with_removed_versions_is_restored(home: Home, tmp_path: Path) -> None:
    data, sums = dataset(home)
    home.compact()
    retention.apply_retention(home.store, NOW)
    file, target = tmp_path / "kept.tar", tmp_path / "restored"
    backup.backup(home.folder, file)
    backup.restore(target, file)
    restored = Home(target)
    assert with_content(restored, data) == list(range(50, 61))
    assert restored.read(sums[-5]) == home.read(sums[-5])
    assert violations(target) == []
    restored.store.close()


def test_an_object_whose_version_was_removed_gets_a_new_version(home: Home) -> None:
    data, body = home.dataset("objects"), b"a\n1\n"
    first = home.commit(data, body, source_key="one.csv")
    home.commit(data, b"b\n2\n", source_key="two.csv")
    assert home.commit(data, body, source_key="one.csv") == first
    assert with_content(home, data) == [1, 2]
    with home.store.transaction() as db:
        db.run("UPDATE version SET removed_at = created_at WHERE version = 1")
    home.commit(data, body, source_key="one.csv")
    assert with_content(home, data) == [2, 3]


def test_a_version_that_stands_for_an_earlier_time_has_the_age_of_that_time(home: Home) -> None:
    data, _ = dataset(home, days=20)
    backfilled = home.commit(data, b"then\n" * 2_000, as_of=stamp(NOW - timedelta(days=15)))
    home.compact()
    assert home.forms(backfilled) == (False, True)
    retention.apply_retention(home.store, NOW)
    assert with_content(home, data) == list(range(10, 21))
    assert home.forms(backfilled) == (False, False)


def test_the_upkeep_applies_new_policies(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeeping, "_SETTLED_SECONDS", 0.0)
    data, _ = dataset(home, days=5, policy=None)
    removed = threading.Event()

    def apply(*args: Any) -> int:
        count = retention.apply_retention(home.store, NOW + timedelta(days=100))
        if count:
            removed.set()
        return count

    monkeypatch.setattr(upkeeping, "apply_retention", apply)
    upkeep = Upkeep(home.store, home.folder)
    upkeep.start()
    retention.store_policy(home.store, data, "all 10d")
    upkeep.wake(has_new_policy=True)
    assert removed.wait(30)
    upkeep.stop()
    assert with_content(home, data) == [5]
