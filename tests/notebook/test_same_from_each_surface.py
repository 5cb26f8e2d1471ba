"""The abilities of AERO, once over HTTP, once from a script, once from the command line: the same result each time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.flow_functions import count, describe, keep, name_only
from support.http_serving import serve_in_thread
from support.object_bucket import Bucket, notify, output_fields
from support.rest_caller import RestCaller, start_run, wait_for_runs
from support.surfaces import Command, Notebook, Script, Service, Surface

import aero_jupyter
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.service.local_home import State


@pytest.fixture
def call(aero: State) -> Iterator[RestCaller]:
    caller = RestCaller(aero)
    aero_jupyter.local()
    yield caller
    caller.session.close()


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with serve_in_thread(Bucket()) as server:
        yield server


@pytest.fixture(params=[Service, Script, Command, Notebook])
def surface(request: pytest.FixtureRequest, call: RestCaller, shell: Any, tmp_path: Path) -> Surface:
    made = {
        Service: lambda: Service(call),
        Script: Script,
        Command: lambda: Command(tmp_path),
        Notebook: lambda: Notebook(shell, tmp_path),
    }
    surface: Surface = made[request.param]()
    return surface


@pytest.fixture
def name() -> str:
    return f"surface {uuid.uuid4().hex[:8]}"


def test_types_are_created_extended_and_reduced(surface: Surface, bucket: Bucket, name: str) -> None:
    folder = name.replace(" ", "-")
    surface.create_source(name, f"{bucket.url}/{folder}/a.csv", name, no_copy=True)
    surface.add_type_url(name, f"{bucket.url}/{folder}/b.csv")
    surface.add_type_url(name, f"{bucket.url}/{folder}/**/*.csv")
    surface.remove_type_url(name, f"{bucket.url}/{folder}/a.csv")
    assert sorted(surface.type_keys(name)) == [f"{folder}/**/*.csv", f"{folder}/b.csv"]


def test_a_source_downloads_the_object_that_a_notification_names(
    surface: Surface, call: RestCaller, bucket: Bucket, name: str
) -> None:
    folder = name.replace(" ", "-")
    data = surface.create_source(name, f"{bucket.url}/{folder}/*.csv", name)
    assert surface.roles(data) == ["ingestion"]
    flow = {"id": call("GET", f"data/{data}/flows").json()[0]["flow_id"]}
    for number, note in enumerate(({"file_id": f"{folder}/x.csv"}, {"key": f"{folder}/y.csv"}), start=1):
        key = next(iter(note.values()))
        bucket.objects[f"/{key}"] = (f"n\n{number}\n".encode(), f"tag{number}")
        if "key" in note:
            assert call("POST", f"data/{data}/notify", json=note).status_code == 200
        else:
            notify(call, **note)
        assert wait_for_runs(call, flow, number)[0]["state"] == "done"
        latest = call("GET", f"data/{data}/latest").json()
        assert (latest["version"], latest["source_key"]) == (number, key)
    assert surface.delete_flows(data) == 1
    assert surface.roles(data) == []


def test_an_input_that_is_not_copied_is_read_from_its_object(
    surface: Surface, call: RestCaller, bucket: Bucket, name: str
) -> None:
    folder = name.replace(" ", "-")
    data = surface.create_source(name, f"{bucket.url}/{folder}/*.csv", name, no_copy=True)
    record = call("GET", f"data/{data}").json()
    assert (record["no_copy"], record["collection_url"]) == (True, None)
    flow = surface.register(describe, {"obs": {"id": data}}, {f"{name} out": {}}, {}, PolicyEnum.ANY)
    assert call("GET", f"runs/?match={flow['id']}").json() == []
    bucket.secret, bucket.objects[f"/{folder}/a.csv"] = "s3cret", (b"one", "e1")
    signed = f"{bucket.url}/{folder}/a.csv?X-Amz-Signature=s3cret"
    assert notify(call, file_id=f"{folder}/a.csv", url=signed)["status"] == "version created"
    assert output_fields(call, flow, 1) == ["one", f"{bucket.url}/{folder}/a.csv", signed, "1"]


def test_an_input_that_is_not_fetched_has_its_url(
    surface: Surface, call: RestCaller, bucket: Bucket, name: str
) -> None:
    folder = name.replace(" ", "-")
    data = surface.create_source(name, f"{bucket.url}/{folder}/*.csv", name, no_copy=True)
    entry = {"obs": {"id": data, "fetch": False}}
    flow = surface.register(name_only, entry, {f"{name} out": {}}, {}, PolicyEnum.ANY)
    notify(call, file_id=f"{folder}/a.csv", etag="e1", size=3)
    _, url, version = output_fields(call, flow, 1)
    assert (url, version) == (f"{bucket.url}/{folder}/a.csv", "1")
    assert not [each for each in bucket.requests if each.startswith("GET")]


def test_a_list_of_arguments_runs_once_for_each(surface: Surface, call: RestCaller, name: str) -> None:
    several = [{"step": 3}, {"step": 5}]
    flow = surface.register(count, {}, {name: {}}, several, PolicyEnum.NONE)
    data = flow["contributed_to"][0]["id"]
    start_run(call, flow)
    versions = call("GET", f"data/{data}/versions").json()
    collection = call("GET", f"data/{data}").json()["collection_url"].rstrip("/")
    contents = {call.session.get(f"{collection}/{each['data_file']['file_name']}").text for each in versions}
    assert contents >= {"3", "5"}


def test_a_pinned_input_stays_with_its_version(surface: Surface, call: RestCaller, bucket: Bucket, name: str) -> None:
    folder = name.replace(" ", "-")
    data = surface.create_source(name, f"{bucket.url}/{folder}/x.csv")
    source = {"id": call("GET", f"data/{data}/flows").json()[0]["flow_id"]}
    for number in (1, 2):
        bucket.objects[f"/{folder}/x.csv"] = (f"{number}".encode(), f"tag{number}")
        call("POST", f"data/{data}/notify")
        wait_for_runs(call, source, number)
    flow = surface.register(describe, {"obs": {"id": data, "version": 1}}, {f"{name} out": {}}, {}, PolicyEnum.NONE)
    assert start_run(call, flow)["state"] == "done"
    fields = output_fields(call, flow, 1)
    assert (fields[0], fields[3]) == ("1", "1")


def test_a_function_checks_what_is_downloaded(surface: Surface, call: RestCaller, bucket: Bucket, name: str) -> None:
    folder = name.replace(" ", "-")
    bucket.objects[f"/{folder}/x.csv"] = (b"n\n1\n", "tag")
    outputs: dict[str, Any] = {name: {"url": f"{bucket.url}/{folder}/x.csv"}}
    flow = surface.register(keep, {}, outputs, {}, PolicyEnum.INGESTION_EVENT)
    data = flow["contributed_to"][0]["id"]
    assert call("POST", f"data/{data}/notify").json()["status"] == "ingestion triggered"
    assert wait_for_runs(call, flow, 1)[0]["state"] == "done"
    assert call("GET", f"data/{data}/latest").json()["version"] == 1
