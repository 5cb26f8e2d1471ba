"""Retention from each surface: stored, refused, held against by locks and citations, and named when a read fails."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.derived_dataset import FIRST, DerivedDataset, derived_dataset

import aero_jupyter
from aero_jupyter.core.errors import InvalidArgument, NotFound, UnknownName
from aero_jupyter.session import kernel_use as use
from aero_jupyter.session.lock_in_force import LockPath

SOURCE, NAME = "kept cases", "kept sums"


@pytest.fixture(scope="module")
def flows(aero: Any) -> Iterator[DerivedDataset]:
    aero_jupyter.local()
    with derived_dataset(SOURCE, NAME) as found:
        found.publish(FIRST + b"2026-01-03,9,north\n")
        yield found


@pytest.fixture
def holds(flows: DerivedDataset, aero_home: Path) -> Any:
    """Return the held versions of the derived dataset, by number, with their reasons."""

    def found() -> set[tuple[int, str]]:
        sql = "SELECT v.version, h.reason FROM hold h JOIN version v ON v.id = h.version_id WHERE v.data_id = ?"
        with closing(sqlite3.connect(aero_home / "aero.db")) as store:
            return set(store.execute(sql, (aero_jupyter.current().client.resolve_data(NAME).id,)))

    return found


def test_a_policy_is_stored_shown_and_removed(flows: DerivedDataset) -> None:
    client = aero_jupyter.current().client
    assert aero_jupyter.keep(NAME, " all 30d,monthly") == "all 30d, monthly"
    assert client.get_data(client.resolve_data(NAME).id).raw["keep"] == "all 30d, monthly"
    assert aero_jupyter.keep(NAME, None) is None
    assert "keep" not in client.get_data(client.resolve_data(NAME).id).raw


def test_what_is_no_policy_is_refused_before_anything_is_sent(flows: DerivedDataset) -> None:
    with pytest.raises(InvalidArgument, match="'some' is no retention policy"):
        aero_jupyter.keep(NAME, "some")
    with pytest.raises(UnknownName):
        aero_jupyter.keep("kept nothing", "all 30d")


def test_a_citation_and_a_lock_hold_their_versions(holds: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(LockPath, "named", None)
    for name in ("reads", "earlier", "functions"):
        monkeypatch.setattr(use.kernel_use, name, {})
    aero_jupyter.cite(f"{NAME}@1")
    assert holds() == {(1, "citation")}
    aero_jupyter.read(NAME)
    assert holds() == {(1, "citation")}
    aero_jupyter.lock()
    assert holds() == {(1, "citation"), (2, "lock")}


def test_a_removed_version_is_named_by_every_read(flows: DerivedDataset, aero_home: Path) -> None:
    client = aero_jupyter.current().client
    data = client.resolve_data(SOURCE)
    with closing(sqlite3.connect(aero_home / "aero.db", timeout=30)) as store, store:
        change = "UPDATE version SET removed_at = ? WHERE data_id = ? AND version = 1"
        store.execute(change, ("2026-02-03T00:00:00.000000Z", data.id))
    try:
        with pytest.raises(NotFound, match=rf"Retention removed the content of {SOURCE}@1 on 2026-02-03") as refusal:
            aero_jupyter.read(f"{SOURCE}@1")
        assert refusal.value.cure == f"Read the newest version: %aero_get {SOURCE}"
        assert len(aero_jupyter.read(SOURCE)) > 0
        assert client.version(data.id, 1).checksum
    finally:
        with closing(sqlite3.connect(aero_home / "aero.db", timeout=30)) as store, store:
            store.execute("UPDATE version SET removed_at = NULL")
