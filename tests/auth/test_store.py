"""The token storage: private, atomic, shared by several processes, and upstream's file adopted once."""

from __future__ import annotations

import json
import multiprocessing
import stat

import pytest
from support.token_processes import store_tokens, token_data

from aero_jupyter.auth.token_storage import store_in
from aero_jupyter.core.errors import InvalidArgument


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def store(cache):
    return store_in(str(cache), "lab")


def test_tokens_are_for_this_user_alone(store, cache):
    store.path.parent.mkdir(parents=True, mode=0o755)
    store.store_token_data_by_resource_server(token_data("aero"))
    assert (mode(store.path), mode(store.path.parent)) == (0o600, 0o700)
    assert [path.name for path in store.path.parent.iterdir() if path.suffix not in (".json", ".lock")] == []


def test_each_profile_has_its_own_whatever_its_name(cache):
    first, second = store_in(str(cache), "lab"), store_in(str(cache), "../lab/2")
    first.store_token_data_by_resource_server(token_data("aero", "one"))
    second.store_token_data_by_resource_server(token_data("aero", "two"))
    assert first.get_token_data("aero").access_token == "one"
    assert second.path.parent == first.path.parent


def test_reading_makes_no_file(store, cache):
    assert store.get_token_data("aero") is None
    assert not cache.exists()


def test_the_tokens_of_somebody_else_are_forgotten(store):
    store.store_token_data_by_resource_server({**token_data("aero"), **token_data("search")})
    store.store_token_data_by_resource_server(token_data("aero", "new", owner="jo"))
    assert {key: each.access_token for key, each in store.get_token_data_by_resource_server().items()} == {
        "aero": "new"
    }


def test_many_processes_write_and_nothing_is_lost(store):
    spawn = multiprocessing.get_context("spawn")
    parts = [range(at, 60, 3) for at in range(3)]
    workers = [spawn.Process(target=store_tokens, args=(store.path, part)) for part in parts]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(store.get_token_data_by_resource_server()) == 60


@pytest.mark.parametrize("text", ["half a tok", "[]", '{"tokens": {"aero": "abc"}}', '{"tokens": {"aero": {}}}'])
def test_a_broken_file_is_named_not_quoted_and_can_be_forgotten(store, text):
    store.path.parent.mkdir(parents=True)
    store.path.write_text(text)
    with pytest.raises(InvalidArgument, match=r"lab\.json cannot be read") as caught:
        store.get_token_data("aero")
    assert text not in str(caught.value)
    assert store.clear() == []
    assert store.get_token_data("aero") is None


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidArgument, match="Tokens cannot be stored in"):
        store_in(str(tmp_path / "file"), "lab").store_token_data_by_resource_server(token_data("aero"))


UPSTREAM = {
    "portal": {"access_token": "upstream-access", "refresh_token": "r", "scope": "s", "expires_at_seconds": 2e9},
    "transfer.api.globus.org": {"access_token": "t", "scope": "s", "expires_at_seconds": 2e9},
}


def test_upstreams_tokens_are_taken_over_once_and_never_changed(store, cache):
    cache.mkdir()
    theirs = cache / "client_tokens.json"
    theirs.write_text(json.dumps(UPSTREAM))
    store.adopt()
    assert store.get_token_data("portal").access_token == "upstream-access"
    theirs.write_text(json.dumps({"portal": {**UPSTREAM["portal"], "access_token": "another"}}))
    before = theirs.read_bytes(), theirs.stat().st_mtime_ns
    store.adopt()
    assert store.get_token_data("portal").access_token == "upstream-access"
    assert len(store.clear()) == 2
    assert store_in(str(cache), "lab").get_token_data("portal") is None
    assert (theirs.read_bytes(), theirs.stat().st_mtime_ns) == before


@pytest.mark.parametrize("text", ["half a tok", "[]", '{"portal": "abc"}', '{"portal": {"access_token": "abc"}}'])
def test_a_broken_upstream_file_is_named_not_quoted_and_stops_nobody(store, cache, text, caplog):
    cache.mkdir()
    (cache / "client_tokens.json").write_text(text)
    store.adopt()
    assert store.get_token_data("portal") is None
    assert "client_tokens.json cannot be read" in caplog.text
    assert text not in caplog.text
