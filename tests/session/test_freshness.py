"""Freshness promises on the local AERO and on other servers: stored, computed from versions, and shown."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timezone

import pytest

import aero_jupyter
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Data, Version
from aero_jupyter.core.wire import NEWEST
from aero_jupyter.session.promises import freshness_of
from aero_jupyter.session.sources import create_source

PROMISE = "weekly by Wed 12:00 America/New_York"


@pytest.fixture
def promised(aero, tmp_path_factory):
    aero_jupyter.local()
    session = aero_jupyter.current()
    data = next((each for each in session.client.list("data") if each.name == "promised"), None)
    if data is None:
        create_source(session, "promised", "http://127.0.0.1:9/promised.csv", no_copy=True)
    yield session
    aero_jupyter.expect("promised", None)


def test_a_promise_is_stored_and_its_state_is_computed(promised) -> None:
    state = aero_jupyter.expect("promised", PROMISE, since="2026-03-01")
    assert state is not None
    assert state.is_late
    assert state.late_since == datetime(2026, 3, 4, 17, tzinfo=timezone.utc)
    assert "late since 2026-03-04 17:00 UTC" in str(state)
    # The same promise keeps its beginning, another one begins now.
    again, other = aero_jupyter.expect("promised", PROMISE), aero_jupyter.expect("promised", "daily by 9:00")
    assert again is not None
    assert other is not None
    assert again.late_since == state.late_since
    assert (other.is_late, other.promise) == (False, "daily by 9:00 UTC")
    assert aero_jupyter.expect("promised", None) is None
    assert aero_jupyter.freshness("promised") is None


def test_an_unchanged_source_past_its_deadline_is_late(promised) -> None:
    client = promised.client
    data = client.resolve_data("promised")
    aero_jupyter.expect("promised", "daily by 00:00")
    assert client.notify(data.id, url="http://127.0.0.1:9/promised.csv", etag="a")["status"] == "version created"
    assert client.notify(data.id, url="http://127.0.0.1:9/promised.csv", etag="a")["status"] == "unchanged"
    now, later = aero_jupyter.freshness("promised"), aero_jupyter.freshness("promised", at="2100-01-01T00:00Z")
    assert now is not None
    assert later is not None
    assert not now.is_late
    assert later.is_late


def test_what_is_no_promise_is_refused_before_it_is_stored(promised) -> None:
    with pytest.raises(InvalidArgument, match="is no freshness promise"):
        aero_jupyter.expect("promised", "often")
    with pytest.raises(InvalidArgument, match="cannot begin in 1066"):
        aero_jupyter.expect("promised", PROMISE, since="1066-10-14")
    assert aero_jupyter.freshness("promised") is None


def test_another_server_keeps_its_promises_in_the_file_of_the_profile(promised, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("AERO_CONFIG_FILE", str(tmp_path / "config.toml"))
    client = promised.client
    monkeypatch.setattr(type(client), "dialect", dataclasses.replace(NEWEST, filters=True))
    state = aero_jupyter.expect("promised", PROMISE, since="2026-03-01")
    assert state is not None
    assert state.promise == PROMISE
    assert (tmp_path / "descriptions" / "local%20AERO.json").exists()
    made = Version("v", "d", 1, created_at=datetime(2026, 3, 3, tzinfo=timezone.utc))
    data = client.resolve_data("promised")
    found = freshness_of(promised, data, [made], datetime(2026, 3, 5, tzinfo=timezone.utc))
    assert found is not None
    assert not found.is_late
    assert freshness_of(promised, Data("other", "other"), [made], datetime.now(timezone.utc)) is None
