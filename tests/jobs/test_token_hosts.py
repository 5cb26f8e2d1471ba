"""A collection's token goes to the collection's own host, whatever a record says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.scripted_web import Answer, WebServer

from aero_jupyter.jobs import AeroJobError, run_user
from aero_jupyter.jobs.aero_server import token_for
from aero_jupyter.jobs.collection_hosts import is_host_of, strict_origin
from aero_jupyter.jobs.inputs import fetch_inputs
from aero_jupyter.jobs.upload import upload

MINE, PORTAL, NATIVE = (f"{digit}b7a2f4e-0000-4000-8000-000000000000" for digit in "123")
TRANSFER = "transfer.api.globus.org"
HOST = "https://g-abc.data.globus.org"
SERVICES = (TRANSFER, "funcx_service", "auth.globus.org", "flows.globus.org", PORTAL, NATIVE)


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, web_server: WebServer) -> Path:
    """An endpoint where a user is logged in to everything; Transfer is the place."""
    ids = f'client_uuid = "{NATIVE}"\nportal_client_id = "{PORTAL}"\ncache_dir = "{tmp_path}"\n'
    (tmp_path / "config.toml").write_text(
        f'[default]\n{ids}server = "https://aero.example/"\ncollections = ["{MINE}"]\n'
    )
    tokens = {each: {"access_token": f"secret of {each}", "scope": "all"} for each in SERVICES}
    tokens[MINE] = {"access_token": "mine", "scope": f"https://auth.globus.org/scopes/{MINE}/https"}
    (tmp_path / "client_tokens.json").write_text(json.dumps(tokens))
    monkeypatch.setenv("AERO_CONFIG_FILE", str(tmp_path / "config.toml"))
    monkeypatch.setenv("GLOBUS_SDK_SERVICE_URL_TRANSFER", web_server.url)
    for name in ("AERO_CLIENT_ID", "GLOBUS_COMPUTE_CLIENT_ID", "AERO_COLLECTION_UUID", "AERO_COLLECTION_URL"):
        monkeypatch.delenv(name, raising=False)
    web_server.set_json(f"/v0.10/endpoint/{MINE}", {"https_server": HOST})
    return tmp_path


def test_the_host_that_globus_names_gets_the_token_and_is_asked_for_once(endpoint: Path, web_server: WebServer) -> None:
    for _ in range(2):
        assert token_for({}, f"{HOST}/folder/x.csv", MINE) == "mine"
    assert web_server.count_requests(f"/v0.10/endpoint/{MINE}") == 1
    assert web_server.requests[-1].token == f"Bearer secret of {TRANSFER}"
    kept = endpoint / "aero_jupyter" / "default.hosts.json"
    assert kept.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x.csv",
        "http://g-abc.data.globus.org/x.csv",
        "https://g-abc.data.globus.org:8443/x.csv",
        "https://g-abc.data.globus.org.evil.example/x.csv",
        "https://g-abc.data.globus.org@evil.example/x.csv",
        "https://evil.example\\@g-abc.data.globus.org/x.csv",
        "https://g-abc.data.globus.org\\@evil.example/x.csv",
        "https://g-abc.data.globus.org#@evil.example/x.csv",
        "https://g-аbc.data.globus.org/x.csv",
        "https://g-abc。data.globus.org/x.csv",
        "https://g-abc.data.globus.org./x.csv",
        "https://g-abc.data.globus.org /x.csv",
        "https://127.0.0.1/x.csv",
        "ftp://g-abc.data.globus.org/x.csv",
        "//g-abc.data.globus.org/x.csv",
    ],
)
def test_a_record_that_lies_about_the_host_is_refused(endpoint: Path, url: str) -> None:
    with pytest.raises(AeroJobError, match=f"places collection {MINE} on .*, which is not its host"):
        token_for({}, url, MINE)


def test_capitals_in_a_host_are_the_same_host(endpoint: Path) -> None:
    assert token_for({}, f"{HOST.upper()}:443/x.csv", MINE) == "mine"


@pytest.mark.parametrize("name", SERVICES)
def test_a_record_that_names_a_service_as_its_collection_gets_no_token(
    endpoint: Path, web_server: WebServer, name: str
) -> None:
    web_server.set_json(f"/v0.10/endpoint/{name}", {"https_server": "https://evil.example"})
    assert token_for({}, "https://evil.example/x.csv", name) is None


def test_neither_download_nor_upload_reaches_another_host_than_the_collections_own(
    endpoint: Path, other_web_server: WebServer, tmp_path: Path
) -> None:
    place_of = {"collection_url": f"{other_web_server.url}/coll", "collection_uuid": MINE}
    (tmp_path / "ww.csv").write_text("n\n1\n")
    with pytest.raises(AeroJobError, match="which is not its host"):
        fetch_inputs({"input_data": {"ww": {**place_of, "file_bn": "x.csv"}}}, str(tmp_path), ())
    with pytest.raises(AeroJobError, match="add collection_hosts"):
        upload({"output_data": {"clean": place_of}}, "clean", str(tmp_path / "ww.csv"))
    assert other_web_server.requests == []


def test_a_known_host_holds_while_transfer_does_not_answer(endpoint: Path, web_server: WebServer) -> None:
    assert token_for({}, f"{HOST}/x.csv", MINE) == "mine"
    web_server.set_json(f"/v0.10/endpoint/{MINE}", {}, status=403)
    with pytest.raises(AeroJobError, match="which is not its host"):
        token_for({}, "https://evil.example/x.csv", MINE)


def test_a_refused_request_without_a_token_names_the_unknown_host_and_its_setting(
    endpoint: Path, web_server: WebServer, other_web_server: WebServer, tmp_path: Path
) -> None:
    """The collection is neither configured nor known to Transfer, and its server answers 401 or 403."""
    web_server.set_json(f"/v0.10/endpoint/{MINE}", {}, status=403)
    record = {"collection_url": f"{other_web_server.url}/coll", "collection_uuid": MINE}
    (tmp_path / "ww.csv").write_text("n\n1\n")
    setting = rf'add collection_hosts = \{{ "{MINE}" = "{other_web_server.url}" \}} to the profile'
    for status in (401, 403):
        other_web_server.set_json("/coll/x.csv", {}, status=status)
        with pytest.raises(AeroJobError, match=f"is not known as the host of collection {MINE}.*{setting}") as refused:
            fetch_inputs({"input_data": {"ww": {**record, "file_bn": "x.csv"}}}, str(tmp_path), ())
        assert refused.value.status == status
        assert f"answered {status}" in str(refused.value)


@pytest.mark.parametrize("status", [404, 500])
def test_another_refusal_says_nothing_of_the_host(
    endpoint: Path, web_server: WebServer, other_web_server: WebServer, tmp_path: Path, status: int
) -> None:
    web_server.set_json(f"/v0.10/endpoint/{MINE}", {}, status=403)
    record = {"collection_url": f"{other_web_server.url}/coll", "collection_uuid": MINE, "file_bn": "x.csv"}
    other_web_server.set_json("/coll/x.csv", {}, status=status)
    with pytest.raises(AeroJobError) as refused:
        fetch_inputs({"input_data": {"ww": record}}, str(tmp_path), ())
    assert "collection_hosts" not in str(refused.value)


def test_a_collection_whose_host_nobody_knows_is_read_without_a_token(endpoint: Path, web_server: WebServer) -> None:
    web_server.set_json(f"/v0.10/endpoint/{MINE}", {}, status=403)
    for collection in (MINE, "4b7a2f4e-0000-4000-8000-000000000000"):
        assert token_for({}, "https://public.example/x.csv", collection) is None


@pytest.mark.parametrize("name", [TRANSFER, PORTAL])
def test_neither_download_nor_upload_brings_a_token_to_a_host_that_lies(
    endpoint: Path, other_web_server: WebServer, tmp_path: Path, name: str
) -> None:
    place_of = {"collection_url": f"{other_web_server.url}/coll", "collection_uuid": name}
    other_web_server.set_answers("/coll/x.csv", Answer(b"x\n"))
    fetch_inputs({"input_data": {"ww": {**place_of, "file_bn": "x.csv"}}}, str(tmp_path), ())
    upload({"output_data": {"clean": place_of}}, "clean", str(tmp_path / "ww.csv"))
    assert [request.method for request in other_web_server.requests] == ["GET", "PUT"]
    assert {request.token for request in other_web_server.requests} == {None}


def test_a_signed_url_gets_no_token(
    web_server: WebServer, other_web_server: WebServer, aero: dict[str, Any], tmp_path: Path
) -> None:
    signed = other_web_server.set_answers("/signed.csv", Answer(b"x\n"))
    entry = {"collection_url": f"{web_server.url}/coll", "file_bn": "x.csv", "signed_url": signed}
    fetch_inputs({**aero, "input_data": {"ww": entry}}, str(tmp_path), ())
    assert [request.token for request in other_web_server.requests] == [None]


def test_no_copy_gets_no_token(endpoint: Path, other_web_server: WebServer, tmp_path: Path) -> None:
    entry = {
        "no_copy": True,
        "trigger_url": other_web_server.set_answers("/x.csv", Answer(b"x\n")),
        "collection_uuid": MINE,
    }
    fetch_inputs({"input_data": {"ww": entry}}, str(tmp_path), ())
    assert [request.token for request in other_web_server.requests] == [None]


@pytest.mark.parametrize("host", ["g-own.example.org", "https://g-own.example.org", ["g-own.example.org"]])
def test_the_configuration_names_a_host_before_globus_does(host: Any) -> None:
    config = {"collection_hosts": {MINE: host}}
    assert is_host_of(config, MINE, "https://g-own.example.org/x", dict)
    assert not is_host_of(config, MINE, f"{HOST}/x", lambda: {"https_server": HOST})
    assert not is_host_of(config, MINE, "http://g-own.example.org/x", dict)


@pytest.mark.parametrize("record", [None, [], {}, {"https_server": None}, {"https_server": "http://evil.example"}])
def test_a_host_that_globus_does_not_name_gets_no_token(record: Any) -> None:
    assert not is_host_of({}, MINE, "https://evil.example/x", lambda: record)


def test_a_redirect_to_another_port_of_the_host_carries_no_token(
    web_server: WebServer, other_web_server: WebServer, aero: dict[str, Any], tmp_path: Path
) -> None:
    target = other_web_server.set_answers("/x.csv", Answer(b"x\n"))
    web_server.set_answers("/coll/x.csv", Answer(status=302, headers={"Location": target}))
    entry = {"collection_url": f"{web_server.url}/coll", "file_bn": "x.csv"}
    cell = {"source": "def f(ww):\n    return {'clean': ww}\n", "name": "f", "first_line": 1, "filename": "<cell f>"}
    run_user(
        {**cell, "source_parameter": None},
        (),
        {"aero": {**aero, "input_data": {"ww": {**entry, "id": "d", "version": 1}}}},
    )
    assert [request.token for request in other_web_server.requests] == [None]


def test_a_path_beyond_ascii_is_no_other_host() -> None:
    assert strict_origin("https://a.example/größe.csv") == ("https", "a.example", 443)
