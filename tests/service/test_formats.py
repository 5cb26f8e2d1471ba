"""Stores that older versions wrote are opened, whole; stores of newer ones are refused."""

from __future__ import annotations

import contextlib
import sqlite3
import zipfile
from pathlib import Path

import pytest
from support.bare_store import Home, daily

from aero_jupyter.service.catalogue.list_queries import ListParams
from aero_jupyter.service.catalogue.run_records import run_summary
from aero_jupyter.service.catalogue.serializers import CatalogueRecords
from aero_jupyter.service.maintenance.integrity import violations
from aero_jupyter.service.storage import database as stores
from aero_jupyter.service.storage.database import SCHEMA_VERSION, Store

#: The store and the content of a local AERO of the first format, with an analysis that ran; kept for ever.
FIRST = Path(__file__).with_name("first_format.zip")


@pytest.fixture
def first(tmp_path: Path) -> Path:
    with zipfile.ZipFile(FIRST) as kept:
        kept.extractall(tmp_path)
    return tmp_path


def test_a_store_of_the_first_format_is_brought_forward(first: Path) -> None:
    assert violations(first, quiet=True) == []
    store = Store(first / "aero.db")
    catalogue = CatalogueRecords(store, "http://127.0.0.1/")
    flows, total = catalogue.page("flow", ListParams())
    assert total == 2
    assert {row["function_name"] for row in map(catalogue.flow_out, flows)} == {"first", "mean"}
    assert not any(catalogue.flow_out(row)["paused"] for row in flows)
    assert {run_summary(store.db, row)["environment"] for row in catalogue.page("run", ListParams())[0]} == {None}
    assert store.db.value("SELECT value FROM meta WHERE key = 'schema'") == str(SCHEMA_VERSION)
    assert violations(first, quiet=True) == []


def test_a_store_is_brought_forward_as_a_whole_or_not_at_all(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = {2: (*stores._MIGRATIONS[2], "CREATE TABLE nonsense")}
    monkeypatch.setattr(stores, "_MIGRATIONS", steps)
    with pytest.raises(Exception, match=r"syntax error|incomplete input"):
        Store(first / "aero.db")
    monkeypatch.undo()
    store = Store(first / "aero.db")
    assert store.db.value("SELECT count(*) FROM flow") == 2


def test_a_migrated_store_has_the_shape_of_a_new_one(first: Path, tmp_path: Path) -> None:
    def shape(store: Store) -> dict[str, set[str]]:
        tables = store.db.rows("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
        names = [row["name"] for row in tables]
        return {name: {row["name"] for row in store.db.rows(f"PRAGMA table_info({name})")} for name in names}

    new = tmp_path / "new"
    new.mkdir()
    assert shape(Store(first / "aero.db")) == shape(Store(new / "aero.db"))


def test_a_store_of_a_newer_version_is_refused_in_a_sentence(tmp_path: Path) -> None:
    store = Store(tmp_path / "aero.db")
    with store.transaction() as db:
        db.run("UPDATE meta SET value = ? WHERE key = 'schema'", (str(SCHEMA_VERSION + 1),))
    with pytest.raises(RuntimeError, match=r"written by a newer aero_jupyter \(format \d+\): install that version"):
        Store(tmp_path / "aero.db")


@pytest.mark.parametrize(
    ("url", "secret"),
    [
        ("https://ann:s3cr3t@h.example/a.csv", "s3cr3t"),
        ("https://h.example/a.csv?api_key=s3cr3tkey", "s3cr3tkey"),
        ("https://h.example/a.csv?X-Amz-Signature=abcdef0123", "abcdef0123"),
    ],
)
def test_a_secret_in_a_url_of_an_old_store_is_found_by_no_search_and_no_filter(
    first: Path, url: str, secret: str
) -> None:
    with contextlib.closing(sqlite3.connect(first / "aero.db")) as old, old:
        old.execute("UPDATE data SET url = ? WHERE seq = (SELECT min(seq) FROM data)", (url,))
        old.execute("UPDATE data_fts SET url = ? WHERE rowid = (SELECT min(seq) FROM data)", (url,))
        old.execute("UPDATE run SET error = ?", (f"The source {url} answered 500.",))
    store = Store(first / "aero.db")
    catalogue = CatalogueRecords(store, "http://127.0.0.1/")
    assert catalogue.page("data", ListParams(where=(f"url=*{secret}*",)))[1] == 0
    assert catalogue.page("data", ListParams(text=secret))[1] == 0
    assert catalogue.page("data", ListParams(where=("url=*h.example*",)))[1] == 1
    assert not store.db.rows("SELECT rowid FROM data_fts WHERE url MATCH ?", (f'"{secret}"',))
    assert not [row for row in store.db.rows("SELECT error FROM run") if secret in row["error"]]
    assert store.db.value("SELECT url FROM data ORDER BY seq LIMIT 1") == url


def test_versions_of_an_older_format_are_compacted_after_the_migration(tmp_path: Path) -> None:
    home, bodies = Home(tmp_path), daily(5, rows=300)
    data = home.dataset("cases")
    sums = [home.commit(data, body) for body in bodies]
    with home.store.transaction() as db:
        for table in ("compact", "compact_due", "hold"):
            db.run(f"DROP TABLE {table}")
        for index in ("version_checksum", "file_checksum"):
            db.run(f"DROP INDEX {index}")
        db.run("ALTER TABLE data DROP COLUMN keep")
        db.run("ALTER TABLE version DROP COLUMN removed_at")
        db.run("ALTER TABLE run DROP COLUMN environment")
        db.run("UPDATE meta SET value = '10' WHERE key = 'schema'")
    home.store.close()
    # The check reads a store of an older format without migrating it.
    assert violations(tmp_path, quiet=True) == []
    migrated = Home(tmp_path)
    assert migrated.store.db.value("SELECT count(*) FROM compact_due") == len(bodies) - 1
    migrated.compact()
    assert [migrated.forms(checksum)[1] for checksum in sums] == [True, True, True, True, False]
    assert [migrated.read(checksum) for checksum in sums] == bodies
    assert violations(tmp_path, quiet=True) == []
    migrated.store.close()
