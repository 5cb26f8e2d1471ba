"""Whatever is sent is kept or refused in a sentence, and nothing that was sent spoils what is read later."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from aero_jupyter.service import local_home
from aero_jupyter.service.catalogue import sources
from aero_jupyter.service.request_models import MANY, SourceIn
from aero_jupyter.service.storage.connection import RequestError
from aero_jupyter.service.storage.database import Store

HALF = "\ud800"
LISTS = ("data/", "flow/", "prov/", "runs/", "data/types", "status")


class Sender:
    """Sends to the local AERO what no client of ours would."""

    def __init__(self, state: local_home.State) -> None:
        self.state = state
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {state.token}"
        body = {"function_name": "f", "function_code": "def f(**k):\n    return None\n", "serialized": False}
        self.function = self("POST", "compute/v3/functions", body).json()["function_uuid"]
        flow = self.flow(output_data={"o": {}}).json()
        self.flow_id, self.data_id = flow["id"], flow["contributed_to"][0]["id"]
        self.checksum = self.put("kept", b"hello").json()["checksum"]

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        text = body if isinstance(body, (str, type(None))) else json.dumps(body)
        headers = {"Content-Type": "application/json", **more.pop("headers", {})}
        return self.session.request(method, self.state.url + path, data=text, timeout=120, headers=headers, **more)

    def put(self, name: str, content: bytes) -> requests.Response:
        return self.session.put(
            f"{self.state.url}collections/{self.state.collection}/{name}", data=content, timeout=120
        )

    def flow(self, **values: Any) -> requests.Response:
        body = {"gc_endpoint": self.state.endpoint, "pull_function_uuid": None, "commit_function_uuid": None}
        own = {"function_uuid": self.function, "rule": -1, "flow_kwargs": {"own": uuid.uuid4().hex}}
        return self("POST", "flow/register", {**body, **own, **values})

    def commit(self, **values: Any) -> requests.Response:
        entry = {"id": self.data_id, "file_bn": "kept", "file_format": ".txt", "checksum": self.checksum, "size": 5}
        body = {"flow_id": self.flow_id, "input_data": {}, "output_data": {"o": {**entry, "dedup": False, **values}}}
        return self("POST", "prov/new", body)


@pytest.fixture(scope="module")
def send(aero: local_home.State) -> Iterator[Sender]:
    sender = Sender(aero)
    yield sender
    sender.session.close()


def refused(answer: requests.Response, status: int = 422) -> bool:
    return answer.status_code == status and bool(answer.json()["detail"])


@pytest.fixture(autouse=True)
def _all_that_is_listed_can_be_read_afterwards(send: Sender) -> Iterator[None]:
    yield
    for path in LISTS:
        assert send("GET", path).status_code == 200, path


@pytest.mark.parametrize(
    "options",
    [
        {"": {}},
        {"queues": ["debug", {"name": "prod"}]},
        {"a": [1, [None]], "b": {"c": {"d": 1.5}}},
        {"n" * 2_000: True},
    ],
    ids=str,
)
def test_the_options_of_an_endpoint_are_any_json_object(send: Sender, options: dict[str, Any]) -> None:
    answer = send.flow(endpoint_config=options)
    assert answer.status_code == 200, answer.text
    assert send("GET", f"flow/{answer.json()['id']}").json()["endpoint_config"] == options


@pytest.mark.parametrize(
    "values",
    [
        {"tags": [1]},
        {"tags": [{}]},
        {"description": HALF},
        {"description": "x" * 200_000},
        {"flow_kwargs": {"a": HALF}},
        {"flow_kwargs": {HALF: 1}},
        {"flow_kwargs": {"a": float("nan")}},
        {"flow_kwargs": {"a": float("-inf")}},
        {"flow_kwargs": [1]},
        {"output_data": {HALF: {}}},
        {"output_data": {"o": {"extra": [{"deep": HALF}]}}},
        *({"output_data": {"o": {key: wrong}}} for key in ("id", "url", "description") for wrong in (["a"], {}, 1)),
        *({"output_data": {"o": {"collection_url": wrong, "collection_uuid": str(uuid.uuid4())}}} for wrong in ([], 1)),
        *({"output_data": {"o": {"collection_uuid": wrong}}} for wrong in ({"a": 1}, [], "x")),
    ],
    ids=lambda values: ascii(values)[:60],
)
def test_a_registration_is_of_the_right_kind_all_the_way_down(send: Sender, values: dict[str, Any]) -> None:
    assert refused(send.flow(**values))


@pytest.mark.parametrize(
    "entry",
    [*({"version": wrong} for wrong in ({}, [1], "abc", -7)), *({"fetch": wrong} for wrong in ("abc", [])), {"id": []}],
    ids=ascii,
)
def test_an_input_is_of_the_right_kind(send: Sender, entry: dict[str, Any]) -> None:
    assert refused(send.flow(input_data={"x": {"id": send.data_id, **entry}}))


def test_what_is_nested_very_deep_is_refused_and_what_is_nested_is_kept(send: Sender) -> None:
    for levels in (100, 800, 3_000):
        deep = "[" * levels + "]" * levels
        body = {"gc_endpoint": send.state.endpoint, "pull_function_uuid": None, "commit_function_uuid": None}
        text = json.dumps({**body, "flow_kwargs": "deep"}).replace('"deep"', deep)
        answer = send("POST", "flow/register", text)
        assert answer.status_code in (400, 422)
        assert answer.json()["detail"]
    nested: list[Any] = []
    for _ in range(30):
        nested = [nested]
    assert send.flow(flow_kwargs={"nested": nested, "own": uuid.uuid4().hex}).status_code == 200


@pytest.mark.parametrize(
    "values",
    [
        *({"size": wrong} for wrong in ("abc", ["a"], -5, 999_999, 4.5, float("inf"))),
        *({key: ["a"]} for key in ("file_bn", "id", "encoding", "source_key", "etag", "checksum", "last_modified")),
        {"file_format": [1]},
        {"encoding": HALF},
        {"source_key": HALF},
        {"more": {"nested": 1}},
    ],
    ids=lambda values: ascii(values)[:60],
)
def test_a_commit_is_of_the_right_kind_and_size(send: Sender, values: dict[str, Any]) -> None:
    assert refused(send.commit(**values))


def test_a_commit_says_what_is_wrong_with_its_size(send: Sender) -> None:
    assert send.commit(size=6).json()["detail"] == "The file kept has 5 bytes, not 6."
    assert send.commit().status_code == 200


@pytest.mark.parametrize("entry", [{"id": ["a"], "version": 1}, {"id": "a", "version": ["1"]}], ids=ascii)
def test_what_a_commit_used_is_of_the_right_kind(send: Sender, entry: dict[str, Any]) -> None:
    body = {"flow_id": send.flow_id, "input_data": {"x": entry}, "output_data": {}}
    assert refused(send("POST", "prov/new", body))


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("compute/v3/functions", {"function_name": HALF, "function_code": "x", "serialized": False}),
        ("compute/v3/functions", {"function_name": "x", "function_code": HALF, "serialized": False}),
        ("compute/v3/functions", {"function_name": "x", "function_code": "x", "meta": {"a": float("nan")}}),
        ("compute/v3/endpoints/{endpoint}/submit", {"tasks": {"{function}": ["x"]}, "task_group_id": HALF}),
        ("compute/v3/endpoints/{endpoint}/submit", {"tasks": {"{function}": [HALF]}}),
        ("compute/v2/batch_status", {"task_ids": ["a" * 20] * 400_000}),
        ("data/source", {"name": HALF, "url": "http://x/y"}),
        ("data/source", {"name": "x", "url": "http://x/y", "type": HALF}),
        ("data/source", {"name": "x", "url": "s3://b/[z-a]", "type": "badclass"}),
        ("data/source", {"name": "x", "url": "s3://b/" + "*" * 2_000, "type": "long"}),
        ("data/notify", {"file_id": HALF, "etag": "x", "size": 1}),
    ],
    ids=lambda part: ascii(part)[:50],
)
def test_nothing_that_cannot_be_kept_is_taken(send: Sender, path: str, body: dict[str, Any]) -> None:
    path = path.replace("{endpoint}", send.state.endpoint)
    assert refused(send("POST", path, json.dumps(body).replace("{function}", send.function)))


def test_as_many_tasks_as_may_be_are_asked_for_at_once(send: Sender) -> None:
    answer = send("POST", "compute/v2/batch_status", {"task_ids": [str(uuid.uuid4()) for _ in range(MANY)]})
    assert (answer.status_code, answer.json()["results"]) == (200, {})


def test_a_range_of_very_many_digits_lies_behind_the_file(send: Sender) -> None:
    digits, path = "9" * 5_000, f"collections/{send.state.collection}/kept"
    assert send("GET", path, headers={"Range": f"bytes={digits}-"}).status_code == 416
    assert send("GET", path, headers={"Range": f"bytes=-{digits}"}).content == b"hello"
    assert send("GET", path, headers={"Range": f"bytes=1-{digits}"}).content == b"ello"


def test_a_notification_of_a_url_that_is_none_finds_its_source_or_nothing(send: Sender) -> None:
    send("POST", "data/source", {"name": "bracket", "url": "http://h/bracket", "no_copy": True})
    note = {"file_id": "http://[::1/bracket", "etag": "x", "size": 1}
    assert send("POST", "data/notify", note).status_code == 200
    assert refused(send("POST", "data/notify", {**note, "file_id": "http://[::1/other"}), 404)


def test_a_pattern_of_many_steps_does_not_stop_the_service(send: Sender) -> None:
    steps = {"name": "steps", "url": "s3://b/" + "**/" * 25 + "x", "type": "steps", "no_copy": True}
    assert send("POST", "data/source", steps).status_code == 200
    note = {"file_id": "s3://b/" + "a/" * 26 + "y", "etag": "x", "size": 1}
    assert refused(send("POST", "data/notify", note), 404)
    assert send("POST", "data/notify", {**note, "file_id": "s3://b/" + "a/" * 26 + "x"}).status_code == 200


def test_a_pattern_that_is_none_and_is_kept_already_matches_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "aero.db")
    sources.add_source(store, SourceIn(name="bad", url="s3://b/x", type="bad"))
    with store.transaction() as db:
        db.run("UPDATE source_url SET object_key = '[z-a]*'")
    with pytest.raises(RequestError, match="No source matches"):
        sources.find_dataset_of_object(store.db, "s3://b/y")
