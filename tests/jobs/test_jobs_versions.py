from __future__ import annotations

import json
from typing import Any

import pytest
from support.scripted_web import Answer, WebServer

from aero_jupyter.jobs import AeroJobError, commit_analysis, database_commit, get_versions


def task(aero: dict[str, Any], **inputs: dict[str, Any]) -> dict[str, Any]:
    return {"kwargs": {"window": 7, "aero": {**aero, "input_data": inputs}}, "function": "fn", "endpoint": "ep"}


def test_an_input_reads_the_latest_version(web_server: WebServer, aero: dict[str, Any]) -> None:
    name = web_server.set_version("d7", b"x\n", version=4)

    (resolved,) = get_versions(task(aero, sewage={"id": "d7", "version": None, "fetch": True}))

    assert (resolved["function"], resolved["endpoint"], resolved["kwargs"]["window"]) == ("fn", "ep", 7)
    entry = resolved["kwargs"]["aero"]["input_data"]["sewage"]
    expected = {"version": 4, "version_id": "v4", "file_bn": name, "encoding": "utf-8", "size": 2.0, "name": "ww"}
    assert {key: entry[key] for key in expected} == expected
    assert entry["collection_url"] == f"{web_server.url}/coll/"
    assert entry["fetch"] is True
    assert "s3cret" not in json.dumps(resolved)


def test_all_tasks_of_a_run_read_the_same_version(web_server: WebServer, aero: dict[str, Any]) -> None:
    web_server.set_version("d7", b"x\n")
    get_versions(task(aero, a={"id": "d7", "version": None}), task(aero, b={"id": "d7", "version": None}))
    assert web_server.count_requests("/aero/data/d7/latest") == 1


def test_a_pinned_version_is_found_among_all(web_server: WebServer, aero: dict[str, Any]) -> None:
    rows = [web_server.version("d7", f"file{n}.csv", n) for n in (3, 1, 2)]
    web_server.set_json("/aero/data/d7/versions", rows)
    (resolved,) = get_versions(task(aero, sewage={"id": "d7", "version": 2}))
    assert resolved["kwargs"]["aero"]["input_data"]["sewage"]["file_bn"] == "file2.csv"


def test_a_pin_on_the_newest_works_where_the_server_tells_files_of_the_newest_only(
    web_server: WebServer, aero: dict[str, Any]
) -> None:
    name = web_server.set_version("d7", b"x\n", version=2)
    web_server.set_json("/aero/data/d7/versions", [{"id": "v1", "version": 1}, {"id": "v2", "version": 2}])

    (resolved,) = get_versions(task(aero, sewage={"id": "d7", "version": 2}))
    assert resolved["kwargs"]["aero"]["input_data"]["sewage"]["file_bn"] == name

    with pytest.raises(AeroJobError, match="does not report where version 1 is stored"):
        get_versions(task(aero, sewage={"id": "d7", "version": 1}))


def test_an_input_that_stays_in_its_place_tells_its_address(web_server: WebServer, aero: dict[str, Any]) -> None:
    web_server.set_version("d7", b"", no_copy=True, trigger_url="http://store/newest.csv", data_file=None)
    inputs = {"a": {"id": "d7", "version": None}, "b": {"id": "d7", "version": None, "trigger_url": "http://store/b"}}
    (resolved,) = get_versions(task(aero, **inputs))
    entries = resolved["kwargs"]["aero"]["input_data"]
    assert entries["a"]["trigger_url"] == "http://store/newest.csv"
    assert entries["b"]["trigger_url"] == "http://store/b"


@pytest.mark.parametrize(
    ("detail", "version", "sentence"),
    [
        ("No versions exist for this data ID.", None, "Input sewage: data d7 has no version yet."),
        ("Data with id d7 not found.", None, "Input sewage: data d7 is not known to the AERO server."),
        ("Data with id d7 not found.", 3, "Input sewage: data d7 is not known to the AERO server."),
    ],
)
def test_what_does_not_exist_is_named(
    web_server: WebServer, aero: dict[str, Any], detail: str, version: int | None, sentence: str
) -> None:
    for path in ("latest", "versions"):
        web_server.set_json(f"/aero/data/d7/{path}", {"detail": detail}, 404)
    with pytest.raises(AeroJobError) as caught:
        get_versions(task(aero, sewage={"id": "d7", "version": version}))
    assert str(caught.value) == sentence


def test_a_version_that_was_never_made(web_server: WebServer, aero: dict[str, Any]) -> None:
    web_server.set_json("/aero/data/d7/versions", [{"id": "v1", "version": 1}])
    with pytest.raises(AeroJobError, match="Input sewage: data d7 has no version 9"):
        get_versions(task(aero, sewage={"id": "d7", "version": 9}))


def test_a_commit_sends_what_is_flat(web_server: WebServer, aero: dict[str, Any]) -> None:
    web_server.set_json("/aero/prov/new", {"id": "p1", "flow_id": "f1"})
    entry = {"id": "d1", "size": 3, "tags": ["a"], "nested": {"x": 1}, "mixed": [1], "etag": None}
    inputs = {"ww": {"id": "d0", "version": 1, "signed_url": "http://x?sig=1"}}

    answer = database_commit(aero={**aero, "input_data": inputs, "output_data": {"clean": entry}}, window=7)

    assert answer == {"id": "p1", "flow_id": "f1"}
    (request,) = web_server.requests
    assert request.token == "Bearer s3cret"
    assert request.json == {
        "flow_id": "f1",
        "input_data": {"ww": {"id": "d0", "version": 1}},
        "output_data": {"clean": {"id": "d1", "size": 3, "tags": ["a"], "etag": None}},
    }


def test_only_a_commit_that_the_server_can_recognise_is_repeated(web_server: WebServer, aero: dict[str, Any]) -> None:
    fine = Answer(b'{"id": "p1"}')
    web_server.set_answers("/aero/prov/new", Answer(hang_up=True), fine)
    with pytest.raises(AeroJobError, match="did not answer: the connection broke"):
        database_commit(aero=aero)

    web_server.set_answers("/aero/prov/new", Answer(hang_up=True), fine)
    assert database_commit(aero={**aero, "run_id": "r1"}) == {"id": "p1"}


def test_every_task_is_committed_with_its_index(web_server: WebServer, aero: dict[str, Any]) -> None:
    web_server.set_json("/aero/prov/new", {"id": "p1"})
    answers = commit_analysis({"aero": aero}, {"aero": {**aero, "run_id": "r1", "task": 5}})
    assert [request.json["task"] for request in web_server.requests] == [0, 5]
    assert answers == [{"id": "p1", "task": 0}, {"id": "p1", "task": 5}]


def test_a_server_that_does_not_speak_json(web_server: WebServer, aero: dict[str, Any]) -> None:
    web_server.set_answers("/aero/prov/new", Answer(b"<html>hello</html>"))
    with pytest.raises(AeroJobError, match=r"/aero/prov/new answered with something that is not JSON\."):
        database_commit(aero=aero)


OLDER = "/aero/osprey/api/v1.0"
PAGE = Answer(b"<!doctype html><title>404 Not Found</title>", 404, {"Content-Type": "text/html"})


def of_older(web_server: WebServer, path: str) -> str:
    """The older server knows a path below its own prefix only."""
    web_server.set_answers(f"/aero{path}", PAGE)
    return OLDER + path


def test_the_older_server_is_found_and_its_versions_are_understood(web_server: WebServer, aero: dict[str, Any]) -> None:
    file = {
        "file_name": "f.csv",
        "file_type": ".csv",
        "file_size": 4,
        "collection_url": "http://c/",
        "encoding": "utf-8",
    }
    version = {"id": "v2", "version": 2, "checksum": "c", "data": {"id": "d7", "name": "ww"}, "data_file": file}
    web_server.set_json(of_older(web_server, "/data/d7/latest"), {"code": 200, "data_version": version})

    (resolved,) = get_versions(task(aero, sewage={"id": "d7", "version": None}))
    entry = resolved["kwargs"]["aero"]["input_data"]["sewage"]
    expected = {"version": 2, "file_bn": "f.csv", "size": 4, "collection_url": "http://c/", "name": "ww"}
    assert {key: entry[key] for key in expected} == expected


def test_the_older_server_gets_a_commit_in_its_own_shape(web_server: WebServer, aero: dict[str, Any]) -> None:
    web_server.set_json(of_older(web_server, "/prov/new"), {"id": "p1"})
    assert database_commit(aero=aero) == {"id": "p1"}
    assert list(web_server.requests[-1].json) == ["aero"]
    assert web_server.requests[-1].json["aero"]["flow_id"] == "f1"


def test_an_address_that_ends_with_the_older_prefix_is_taken_as_it_is(
    web_server: WebServer, aero: dict[str, Any]
) -> None:
    web_server.set_json(f"{OLDER}/prov/new", {"id": "p1"})
    assert database_commit(aero={**aero, "server": web_server.url + OLDER}) == {"id": "p1"}
    assert [request.path for request in web_server.requests] == [f"{OLDER}/prov/new"]


@pytest.mark.parametrize(
    ("versions", "sentence"),
    [
        (Answer(b"[]"), "Input sewage: data d7 has no version yet."),
        (Answer(b"[{}]"), "The AERO server .*/latest answered 500"),
    ],
)
def test_the_older_server_falls_over_where_there_is_no_version(
    web_server: WebServer, aero: dict[str, Any], versions: Answer, sentence: str
) -> None:
    web_server.set_answers(of_older(web_server, "/data/d7/latest"), Answer(b"", 500))
    web_server.set_answers(of_older(web_server, "/data/d7/versions"), versions)
    with pytest.raises(AeroJobError, match=sentence):
        get_versions(task(aero, sewage={"id": "d7", "version": None}))


def test_a_server_of_neither_generation_is_named_by_the_address_that_was_given(
    web_server: WebServer, aero: dict[str, Any]
) -> None:
    for path in ("/aero/prov/new", f"{OLDER}/prov/new"):
        web_server.set_answers(path, PAGE)
    with pytest.raises(AeroJobError, match=r"/aero/prov/new answered 404"):
        database_commit(aero=aero)
