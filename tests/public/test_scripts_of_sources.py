"""Scripts written for ``aero_client`` that create sources run when only their imports change."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.http_serving import serve_folder

import aero_jupyter
from aero_jupyter import api
from aero_jupyter.core.errors import AlreadyExists, ClientError, InvalidArgument
from aero_jupyter.core.policy import PolicyEnum


@pytest.fixture(autouse=True)
def _session(aero: Any) -> Any:
    aero_jupyter.local()
    return aero


@pytest.fixture
def folder_url(tmp_path: Path) -> Iterator[str]:
    """The URL of a server of the files in `tmp_path`."""
    with serve_folder(tmp_path) as url:
        yield url


def run_script(text: str, **names: Any) -> dict[str, Any]:
    """Run a script of upstream's client after its imports were changed; return its names."""
    script = textwrap.dedent(text).replace("from aero_client", "from aero_jupyter")
    exec(compile(script, "script.py", "exec"), names)
    return names


def test_a_script_creates_a_type_and_adds_urls() -> None:
    made = run_script("""
        from aero_client.api import (
            add_type_url, create_source, delete_type_url, get_source_type, list_source_types, source_id,
        )
        first = create_source(name="traffic a", url="http://minio:9000/s-traffic/a.xml", type_name="s traffic",
                              no_copy=True)
        second = create_source(name="ignored", url="http://minio:9000/s-traffic/b.xml", type_name="s traffic",
                               no_copy=True)
        same = source_id(first) == source_id(second)
        add_type_url("s traffic", "http://minio:9000/s-traffic/**/*.xml")
        urls = [each["object_key"] for each in get_source_type("s traffic")["urls"]]
        left = delete_type_url("s traffic", "http://minio:9000/s-traffic/a.xml?X-Amz-Signature=1")
        names = [each["name"] for each in list_source_types()]
        unknown = get_source_type("nothing of this name")
        """)
    assert made["same"]
    assert sorted(made["urls"]) == ["s-traffic/**/*.xml", "s-traffic/a.xml", "s-traffic/b.xml"]
    assert len(made["left"]["urls"]) == 2
    assert "s traffic" in made["names"]
    assert made["unknown"] is None


def test_a_script_ingests_on_a_notification_and_reads_and_deletes_the_flows(folder_url: str, tmp_path: Path) -> None:
    (tmp_path / "s-counts.csv").write_bytes(b"n\n1\n")
    made = run_script(
        """
        from aero_client.api import create_source, delete_data_flows, get_data_flows, get_flow, source_id
        flow = create_source(name="s_counts", url=url)
        data_id = source_id(flow)
        roles = [each["role"] for each in get_data_flows(data_id)]
        arguments = get_flow(flow["id"])
        record = get_flow(flow["id"], inputs_only=False)
        """,
        url=f"{folder_url}/s-counts.csv",
    )
    assert made["roles"] == ["ingestion"]
    assert made["arguments"]["aero"]["output_data"]["s_counts"]["url"].endswith("s-counts.csv")
    assert made["record"]["id"] == made["flow"]["id"]
    client = aero_jupyter.current().client
    assert client.notify(made["data_id"])["status"] == "ingestion triggered"
    version = client.wait_for_version(made["data_id"], 1, 120)
    assert version.checksum == hashlib.sha256(b"n\n1\n").hexdigest()
    deleted = api.delete_data_flows(made["data_id"])
    assert [(each["role"], each["provenance_deleted"]) for each in deleted] == [("ingestion", 1)]


def test_a_data_source_has_no_flow() -> None:
    record = api.create_data_source("s alone", "http://minio:9000/s-alone.csv", no_copy=True)
    assert (record["no_copy"], record["collection_uuid"], api.get_data_flows(record["id"])) == (True, None, [])
    assert api.source_id(record) == record["id"]
    api.create_data_source("s b", "http://minio:9000/s-b.csv", type_name="s clash", no_copy=True)
    with pytest.raises(AlreadyExists):
        api.create_data_source("s b", "http://minio:9000/s-c.csv", type_name="s clash", no_copy=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"policy": PolicyEnum.ANY}, "ANY does not download a source"),
        ({"timer_delay": 60}, "A timer needs the policy INGESTION"),
        ({"no_copy": True, "policy": PolicyEnum.INGESTION}, "has no flow"),
        ({"no_copy": True, "kwargs": {"a": 1}}, "takes no arguments"),
    ],
)
def test_arguments_that_contradict_each_other_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        api.create_source("s refused", "http://minio:9000/s-refused.csv", **arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input_data": {"x": "6f76e7b5-0f1d-4b4d-9769-e8b85dca5266"}}, "input_data is not a dict of dicts"),
        ({"output_data": None}, "output_data is not a dict of dicts"),
        ({"kwargs": {"levels": {1, 2}}}, "not JSON: Object of type set"),
        ({"kwargs": {"level": float("nan")}}, "not JSON"),
    ],
)
def test_arguments_of_another_form_are_refused(arguments: dict[str, Any], message: str) -> None:
    endpoint = str(aero_jupyter.current().endpoint)
    with pytest.raises(InvalidArgument, match=message):
        api.register_flow(endpoint, "6f76e7b5-0f1d-4b4d-9769-e8b85dca5266", **arguments)


def test_a_source_without_copies_does_not_join_a_type_that_stores_copies() -> None:
    api.create_source("s copied", "http://minio:9000/s-copied/a.csv", type_name="s copied")
    with pytest.raises(InvalidArgument, match="Type s copied stores copies"):
        api.create_source("s copied", "http://minio:9000/s-copied/b.csv", type_name="s copied", no_copy=True)
    known = api.get_source_type("s copied")
    assert known is not None
    assert len(known["urls"]) == 1


def test_a_flow_that_exists_is_told_with_what_to_change() -> None:
    api.create_source("s twice", "http://minio:9000/s-twice.csv")
    with pytest.raises(AlreadyExists) as refused:
        api.create_source("s twice", "http://minio:9000/s-twice.csv")
    assert refused.value.cure.startswith("Change the function")


def test_a_url_that_no_run_would_download_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="is not the address of a source"):
        api.create_source("s ftp", "ftp://minio/s.csv")


def test_a_notification_of_an_unknown_object_is_an_error() -> None:
    record = api.create_data_source("s known", "http://minio:9000/s-known.csv", type_name="s known", no_copy=True)
    with pytest.raises(ClientError, match="No source matches"):
        aero_jupyter.current().client.notify(record["id"], key="s-other.csv", etag="e", size=1)


def test_the_older_server_has_no_source_types(monkeypatch: pytest.MonkeyPatch) -> None:
    client = aero_jupyter.current().client
    monkeypatch.setattr(type(client), "dialect", aero_jupyter.core.wire.FLASK)
    with pytest.raises(InvalidArgument, match="older generation"):
        api.list_source_types()


def test_nothing_is_no_source_and_no_type() -> None:
    assert api.source_id(None) is None
    assert api.get_source_type("") is None


@pytest.mark.parametrize("url", ["", "http://minio:9000", "http://minio:9000/"])
def test_a_url_without_an_object_joins_no_type(url: str) -> None:
    name = f"s empty {len(url)}"
    api.create_data_source(name, f"http://minio:9000/s-empty-{len(url)}.csv", type_name=name, no_copy=True)
    with pytest.raises(ClientError, match="names no object"):
        api.add_type_url(name, url)
