"""Stores that older versions wrote are opened, whole; stores of newer ones are refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from aero_jupyter.service import store as stores
from aero_jupyter.service.catalogue import Catalogue
from aero_jupyter.service.check import violations
from aero_jupyter.service.lists import Asked
from aero_jupyter.service.store import SCHEMA_VERSION, Store

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
    catalogue = Catalogue(store, "http://127.0.0.1/")
    flows, total = catalogue.page("flow", Asked())
    assert total == 2
    assert {row["function_name"] for row in map(catalogue.flow_out, flows)} == {"first", "mean"}
    assert not any(catalogue.flow_out(row)["paused"] for row in flows)
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
    with pytest.raises(RuntimeError, match=r"written by a newer aero_jupyter \(format 3\): install that one"):
        Store(tmp_path / "aero.db")
