"""A store that is lost, damaged or not the right one is never replaced: it is refused, restored or rebuilt."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from aero_jupyter.cli import main
from aero_jupyter.service import daemon
from aero_jupyter.service.maintenance import backup
from aero_jupyter.service.maintenance.integrity import violations
from aero_jupyter.service.storage.commit_mark import mark_file
from aero_jupyter.service.storage.connection import new_id, stamp
from aero_jupyter.service.storage.content import path_of
from aero_jupyter.service.storage.database import Store


def add(store: Store, home: Path, name: str, content: bytes) -> None:
    """Keep a version of a dataset, as the service does."""
    import hashlib

    checksum = hashlib.sha256(content).hexdigest()
    path = path_of(home / "content", checksum)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    with store.transaction() as db:
        id = new_id()
        db.insert("data", id=id, name=name, collection_uuid=store.collection, newest=1, created_at=stamp())
        about = {"checksum": checksum, "size": len(content), "created_at": stamp()}
        db.insert("file", collection=store.collection, name=name, **about)
        db.insert("version", id=new_id(), data_id=id, version=1, file_name=name, file_type="csv", **about)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a local AERO with three datasets, which is not running; a backup of it is beside it."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("AERO_HOME", str(home))
    store = Store(home / "aero.db")
    for number in range(3):
        add(store, home, f"kept{number}", b"n\n%d\n" % number)
    store.close()
    backup.backup(home, tmp_path / "whole.tar")
    yield home
    daemon.stop(home)


def empty(home: Path) -> None:
    os.truncate(home / "aero.db", 0)


def gone(home: Path) -> None:
    (home / "aero.db").unlink()


def cut(home: Path) -> None:
    os.truncate(home / "aero.db", (home / "aero.db").stat().st_size // 2)


def first_page(home: Path) -> None:
    """Leave what is left of a new store whose write-ahead log was deleted."""
    gone(home)
    with contextlib.closing(sqlite3.connect(home / "aero.db")) as store:
        store.execute("PRAGMA journal_mode = WAL")
    assert (home / "aero.db").stat().st_size == 4096


def tables_missing(home: Path) -> None:
    with contextlib.closing(sqlite3.connect(home / "aero.db")) as store, store:
        store.execute("PRAGMA foreign_keys = OFF")
        store.execute("DROP TABLE version")


def identity_missing(home: Path) -> None:
    with contextlib.closing(sqlite3.connect(home / "aero.db")) as store, store:
        store.execute("DELETE FROM meta WHERE key = 'collection'")


def cut_to_first_page(home: Path) -> None:
    os.truncate(home / "aero.db", 4096)


def versions_emptied(home: Path) -> None:
    with contextlib.closing(sqlite3.connect(home / "aero.db")) as store, store:
        store.execute("DELETE FROM version")


def versions_of_one_emptied(home: Path) -> None:
    with contextlib.closing(sqlite3.connect(home / "aero.db")) as store, store:
        store.execute("DELETE FROM version WHERE file_name = 'kept1'")


def text(home: Path) -> None:
    (home / "aero.db").write_bytes(b"name,count\n" * 900)


def another_program(home: Path) -> None:
    gone(home)
    with contextlib.closing(sqlite3.connect(home / "aero.db")) as store, store:
        store.execute("CREATE TABLE meta (id INTEGER)")
        store.execute("CREATE TABLE places (url TEXT)")


def another_user(home: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("Only root makes files of other users.")
    os.chown(home / "aero.db", 65534, 65534)


def scribbled(home: Path) -> None:
    with (home / "aero.db").open("r+b") as file:
        file.seek(2 * 4096)
        file.write(b"\xff" * 4096 * 3)


def older(home: Path) -> None:
    """Put a copy back that was made before more content came."""
    shutil.copyfile(home / "aero.db", home.parent / "older.db")
    store = Store(home / "aero.db")
    add(store, home, "newer", b"n\n9\n")
    store.close()
    (home.parent / "older.db").replace(home / "aero.db")


def log_lost(home: Path, content: bytes) -> None:
    """Lose the log of a service that was killed after it had written a part of the log into the store."""
    store = Store(home / "aero.db")
    store.db.run("PRAGMA wal_autocheckpoint = 0")
    add(store, home, "checkpointed", b"n\n8\n")
    store.db.run("PRAGMA wal_checkpoint(TRUNCATE)")
    add(store, home, "in_the_log", content)
    shutil.copyfile(home / "aero.db", home.parent / "without_log.db")
    store.close()
    (home.parent / "without_log.db").replace(home / "aero.db")


def log_lost_with_new_content(home: Path) -> None:
    log_lost(home, b"n\n9\n")


def log_lost_with_known_content(home: Path) -> None:
    log_lost(home, b"n\n8\n")


BROKEN = [
    *(empty, gone, cut, first_page, tables_missing, identity_missing, text, another_program),
    *(
        another_user,
        scribbled,
        older,
        log_lost_with_new_content,
        log_lost_with_known_content,
        cut_to_first_page,
        versions_emptied,
        versions_of_one_emptied,
    ),
]


@pytest.mark.parametrize("breaks", BROKEN)
def test_a_store_that_is_not_whole_is_refused_and_comes_back_by_each_cure(
    home: Path, breaks: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    breaks(home)
    before = {path.name: path.read_bytes() for path in home.glob("content/*/*")}
    left = (home / "aero.db").read_bytes() if (home / "aero.db").exists() else None
    with pytest.raises(RuntimeError, match=r"is damaged.*aero-jupyter local restore FILE.*aero-jupyter local rebuild"):
        Store(home / "aero.db")
    assert left == ((home / "aero.db").read_bytes() if left is not None else None)
    assert main.main(["local", "check"]) == 1
    assert "The store cannot be read" in capsys.readouterr().out
    copy = home.parent / "copy"
    shutil.copytree(home, copy)
    if left is not None:
        os.chown(copy / "aero.db", (home / "aero.db").stat().st_uid, -1)

    assert backup.restore(home, home.parent / "whole.tar") == 3
    assert violations(home) == []
    (aside,) = home.glob("aside-*")
    assert {path.name: path.read_bytes() for path in aside.glob("content/*/*")} == before

    os.environ["AERO_HOME"] = str(copy)
    assert main.main(["local", "rebuild"]) == 0
    assert "recovered" in capsys.readouterr().out
    assert violations(copy) == []
    assert {path.name: path.read_bytes() for path in copy.glob("content/*/*")} == before
    with contextlib.closing(sqlite3.connect(copy / "aero.db")) as store:
        (versions,) = store.execute("SELECT count(DISTINCT checksum) FROM version").fetchone()
    assert versions == len(before)


def test_a_service_does_not_start_on_a_store_whose_log_was_deleted(home: Path) -> None:
    first_page(home)
    with pytest.raises(daemon.LocalServiceFailed, match=r"3 contents exist.*restore FILE"):
        daemon.ensure(home)
    assert main.main(["local", "rebuild"]) == 0
    state = daemon.ensure(home)
    answer = requests.get(f"{state.url}data/", headers={"Authorization": f"Bearer {state.token}"}, timeout=120)
    assert {row["name"][:10] for row in answer.json()} == {"recovered-"}
    assert len(answer.json()) == 3


def test_a_whole_store_is_neither_rebuilt_nor_replaced(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["rebuild"], ["restore", str(home.parent / "whole.tar")]):
        assert main.main(["local", *command]) == 1
        assert "contains a local AERO already" in capsys.readouterr().err
    assert violations(home) == []


@pytest.mark.parametrize("breaks", [empty, gone, first_page])
def test_a_store_without_content_that_lost_its_log_is_refused_and_made_anew_on_demand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, breaks: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AERO_HOME", str(tmp_path))
    store = Store(tmp_path / "aero.db")
    with store.transaction() as db:
        db.insert("data", id=new_id(), name="planned", collection_uuid=store.collection, created_at=stamp())
    store.close()
    breaks(tmp_path)
    with pytest.raises(RuntimeError, match=r"it had 2 transactions.*aero-jupyter local rebuild"):
        Store(tmp_path / "aero.db")
    assert main.main(["local", "check"]) == 1
    assert "it had 2 transactions" in capsys.readouterr().out
    assert main.main(["local", "rebuild"]) == 0
    assert violations(tmp_path) == []
    assert Store(tmp_path / "aero.db").collection


def test_transactions_that_change_nothing_write_nothing(home: Path) -> None:
    store = Store(home / "aero.db")
    mark = mark_file(home)
    mark.unlink()
    with store.transaction() as db:
        db.rows("SELECT * FROM data")
    assert not mark.exists()
    with store.transaction() as db:
        db.run("UPDATE data SET description = 'changed'")
    assert mark.exists()


def test_a_mark_behind_the_store_as_after_a_power_failure_does_no_harm(home: Path) -> None:
    collection, count = mark_file(home).read_text().split()
    mark_file(home).write_text(f"{collection} {int(count) - 2:020d}")
    assert violations(home) == []
    assert Store(home / "aero.db").collection == collection


def test_a_store_ended_before_its_first_transaction_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "aero.db").touch()
    first_page(tmp_path)
    assert Store(tmp_path / "aero.db").collection


@pytest.mark.parametrize("left", [0, 4096, 8192])
def test_a_store_that_is_cut_while_it_is_used_is_refused_at_once_by_a_new_thread(home: Path, left: int) -> None:
    store = Store(home / "aero.db")
    assert store.db.value("SELECT count(*) FROM data") == 3
    with contextlib.closing(sqlite3.connect(home / "aero.db")) as log:
        log.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    os.truncate(home / "aero.db", left)
    refused: list[sqlite3.DatabaseError] = []

    def read() -> None:
        with contextlib.closing(store):
            try:
                store.db.rows("SELECT * FROM data ORDER BY name")
            except sqlite3.DatabaseError as error:
                refused.append(error)

    begin = time.monotonic()
    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    store.close()
    assert len(refused) == 1
    assert "locked" not in str(refused[0])
    assert time.monotonic() - begin < 15


def test_the_leftovers_of_killed_operations_are_removed_by_the_next(home: Path) -> None:
    left = [home / "restoring-x", home / "backing-up-y", home / "rebuilding-z"]
    for each in left:
        (each / "content").mkdir(parents=True)
    part = home.parent / "next.tar.4711.part"
    part.write_bytes(b"half")
    backup.backup(home, home.parent / "next.tar")
    assert not any(each.exists() for each in (*left, part))


def test_a_restore_killed_between_content_and_store_is_done_again(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    backup.restore(target, tmp_path / "whole.tar")
    (target / "restoring-x").mkdir()
    (target / "aero.db").replace(target / "restoring-x" / "aero.db")
    assert backup.restore(target, tmp_path / "whole.tar") == 3
    assert violations(target) == []
    assert not list(target.glob("restoring-*"))
