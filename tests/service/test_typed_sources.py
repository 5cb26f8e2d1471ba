"""Copied sources with a type: several URLs, also of several hosts, are downloaded into one dataset."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import pytest
import requests
from support.object_bucket import Bucket
from support.rest_caller import RestCaller, wait_for_runs

from aero_jupyter.core.wire import TOTAL_HEADER

PASSTHROUGH = "def keep(**given):\n    return next(iter(given.values()))\n"


def typed_flow(call: RestCaller, name: str, url: str, code: str = PASSTHROUGH, **more: Any) -> requests.Response:
    output = {name: {"url": url, "type": f"type of {name}"}}
    return call.flow(function_uuid=call.function(code), output_data=output, rule=4, flow_kwargs={}, **more)


def test_a_copied_source_joins_its_type_and_the_dataset_of_the_type(call: RestCaller) -> None:
    body = {"name": "joined reports", "url": "http://one.example.org/joined/a.csv", "type": "joined"}
    first = call("POST", "data/source", json=body).json()
    second = call("POST", "data/source", json={**body, "url": "http://two.example.org/joined/b.csv"})
    assert (second.status_code, second.json()["id"]) == (200, first["id"])
    keys = [each["object_key"] for each in call("GET", "data/types/joined").json()["urls"]]
    assert keys == ["joined/a.csv", "joined/b.csv"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"no_copy": True, "type": "clashing"}, "Type clashing exists already"),
        ({"type": "another clashing"}, "belongs to type clashing"),
    ],
)
def test_a_clash_leaves_nothing_behind(call: RestCaller, more: dict[str, Any], message: str) -> None:
    body = {"name": "clashing reports", "url": "http://one.example.org/clash/a.csv", "type": "clashing"}
    call("POST", "data/source", json=body)
    before = call("GET", "data/").headers[TOTAL_HEADER]
    answer = call("POST", "data/source", json={**body, "name": f"clash {len(more)}", **more})
    assert (answer.status_code, message in answer.json()["detail"]) == (409, True)
    assert call("GET", "data/").headers[TOTAL_HEADER] == before
    assert call("GET", "data/types/another clashing").status_code == 404


def test_the_type_of_a_flow_s_output_is_made_and_a_second_url_joins_it(call: RestCaller, bucket: Bucket) -> None:
    bucket.objects |= {"/typed/a.csv": (b"n\n1\n", "a1"), "/typed/b.csv": (b"n\n2\n", "b1")}
    flow = typed_flow(call, "typed counts", f"{bucket.url}/typed/a.csv").json()
    second_host = bucket.url.replace("127.0.0.1", "localhost")
    joined = typed_flow(call, "typed counts", f"{second_host}/typed/b.csv").json()
    assert joined["id"] == flow["id"]
    data = flow["contributed_to"][0]["id"]
    assert call("GET", "data/types/type of typed counts").json()["data_id"] == data
    assert len(call("GET", f"data/{data}/flows").json()) == 1
    answer = call("POST", "data/notify", json={"file_id": "typed/b.csv"}).json()
    assert (answer["status"], answer["data_id"]) == ("ingestion triggered", data)
    assert wait_for_runs(call, flow, 1)[0]["state"] == "done"
    latest = call("GET", f"data/{data}/latest").json()
    assert (latest["trigger_url"], latest["source_key"]) == (f"{second_host}/typed/b.csv", "typed/b.csv")
    assert latest["checksum"] == hashlib.sha256(b"n\n2\n").hexdigest()


def test_another_function_does_not_take_over_the_dataset_of_a_type(call: RestCaller) -> None:
    typed_flow(call, "owned counts", "http://one.example.org/owned/a.csv")
    other = typed_flow(call, "owned counts", "http://one.example.org/owned/b.csv", PASSTHROUGH + "\n# another\n")
    assert (other.status_code, "with another function" in other.json()["detail"]) == (409, True)
    keys = [each["object_key"] for each in call("GET", "data/types/type of owned counts").json()["urls"]]
    assert keys == ["owned/a.csv"]


@pytest.mark.parametrize("path", ["x*.csv", "[ab].csv", "day-?.csv", "**/x.csv", "a?/x.csv"])
def test_a_pattern_needs_a_type(call: RestCaller, path: str) -> None:
    answer = call("POST", "data/source", json={"name": "untyped", "url": f"http://h.example.org/{path}"})
    assert (answer.status_code, "a pattern needs a type" in answer.json()["detail"]) == (400, True)
    flow = call.flow(output_data={"untyped pattern": {"url": f"http://h.example.org/{path}"}}, rule=4)
    assert (flow.status_code, "a pattern needs a type" in flow.json()["detail"]) == (400, True)


@pytest.mark.parametrize("path", ["x.csv?$limit=5000", "export?csv", "x.csv?filter[n]=*", "q?a=b.csv", "plain.csv"])
def test_a_query_is_no_pattern(call: RestCaller, path: str) -> None:
    body = {"name": f"query {len(path)}", "url": f"http://h.example.org/{path}"}
    assert call("POST", "data/source", json=body).status_code == 200


def test_a_pattern_is_not_downloaded_on_a_schedule(call: RestCaller) -> None:
    output = {"scheduled pattern": {"url": "http://h.example.org/s/*.csv", "type": "scheduled"}}
    answer = call.flow(function_uuid=call.function(PASSTHROUGH), output_data=output, rule=0, timer=3600)
    assert (answer.status_code, answer.json()["detail"]) == (422, "A pattern cannot be downloaded on a schedule.")
    assert call("GET", "data/types/scheduled").status_code == 404


def test_a_notification_by_id_stays_within_the_type_of_the_dataset(call: RestCaller) -> None:
    def typed(name: str, url: str) -> str:
        body = {"name": name, "url": url, "type": name, "no_copy": True}
        return str(call("POST", "data/source", json=body).json()["id"])

    wide = typed("stay wide", "http://minio/stay/**/*.csv")
    narrow = typed("stay narrow", "http://minio/stay/2026/*.csv")
    note = {"key": "stay/2026/b.csv", "etag": "e", "size": 1}
    assert call("POST", f"data/{wide}/notify", json=note).json()["data_id"] == wide
    assert call("POST", f"data/{narrow}/notify", json=note).json()["data_id"] == narrow
    assert call("POST", "data/notify", json={**note, "file_id": note["key"]}).json()["data_id"] == narrow


def test_a_pattern_notified_by_key_downloads_the_object_named(call: RestCaller, bucket: Bucket) -> None:
    bucket.objects["/glob/2026/x.csv"] = (b"n\n7\n", "x1")
    flow = typed_flow(call, "glob counts", f"{bucket.url}/glob/**/*.csv").json()
    assert call("POST", "data/notify", json={"file_id": "glob/2026/x.csv"}).status_code == 200
    run = wait_for_runs(call, flow, 1)[0]
    assert run["state"] == "done", run["error"]
    data = flow["contributed_to"][0]["id"]
    assert call("GET", f"data/{data}/latest").json()["trigger_url"] == f"{bucket.url}/glob/2026/x.csv"


def test_a_source_without_a_collection_has_none(call: RestCaller) -> None:
    body = {"name": "left alone", "url": "http://h.example.org/left.csv", "no_copy": True}
    made = call("POST", "data/source", json=body).json()
    assert (made["collection_uuid"], made["collection_url"]) == (None, None)
    assert call("GET", f"data/{made['id']}").json()["collection_uuid"] is None


def test_an_analysis_is_the_ingestion_of_its_output(call: RestCaller) -> None:
    data = call("POST", "data/source", json={"name": "role in", "url": "http://h.example.org/role.csv"}).json()["id"]
    flow = call.flow(
        function_uuid=call.function(PASSTHROUGH), input_data={"x": {"id": data}}, output_data={"role out": {}}, rule=2
    ).json()
    assert [each["role"] for each in call("GET", f"data/{data}/flows").json()] == ["analysis"]
    made = flow["contributed_to"][0]["id"]
    assert [each["role"] for each in call("GET", f"data/{made}/flows").json()] == ["ingestion"]


def test_a_collection_is_put_and_looked_at_as_globus_collections_are(call: RestCaller, aero: Any) -> None:
    def chunks() -> Any:
        yield from (b"n\n", b"1\n", b"2\n")

    place = f"collections/{aero.collection}/chunked-{time.time_ns()}.csv"
    put = call("PUT", place, data=chunks())
    assert put.status_code == 200
    head = call("HEAD", place)
    assert (head.status_code, head.headers["Content-Length"], head.content) == (200, "6", b"")


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_a_commit_may_name_either_hash(call: RestCaller, aero: Any, algorithm: str) -> None:
    content, file = f"n\n{algorithm}\n".encode(), f"hashed-{algorithm}-{time.time_ns()}.csv"
    call("PUT", f"collections/{aero.collection}/{file}", data=content)
    name = f"hashed by {algorithm}"
    flow = call.flow(function_uuid=call.function(PASSTHROUGH), output_data={name: {}}, rule=-1).json()
    data = flow["contributed_to"][0]["id"]
    entry = {"id": data, "file_bn": file, "file_format": ".csv", "size": len(content)}

    def commit(checksum: str) -> requests.Response:
        made = {name: {**entry, "checksum": checksum}}
        return call("POST", "prov/new", json={"flow_id": flow["id"], "input_data": {}, "output_data": made})

    wrong = commit(hashlib.new(algorithm, b"other").hexdigest())
    assert (wrong.status_code, "does not have the checksum" in wrong.json()["detail"]) == (422, True)
    assert commit(hashlib.new(algorithm, content).hexdigest()).status_code == 200
    assert call("GET", f"data/{data}/latest").json()["checksum"] == hashlib.sha256(content).hexdigest()


def test_a_wrong_token_is_forbidden_and_a_missing_one_unauthorized(aero: Any) -> None:
    assert requests.get(f"{aero.url}data/", timeout=120).status_code == 401
    wrong = {"Authorization": "Bearer wrong"}
    assert requests.get(f"{aero.url}data/", headers=wrong, timeout=120).status_code == 403


def test_the_description_is_served_as_a_page(aero: Any) -> None:
    page = requests.get(f"{aero.url}docs", timeout=120)
    assert page.headers["Content-Type"].startswith("text/html")
    assert "/data/{id}/notify" in page.text
    assert "<script" not in page.text
