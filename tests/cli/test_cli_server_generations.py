"""The command line and scripts against both generations of AERO servers, behind a URL with or without a slash."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.server_standins import Flask, Newest, Standin, serve_standin

from aero_jupyter import api, utils
from aero_jupyter.session import connections


@pytest.fixture(params=[Newest, Flask])
def server(request: pytest.FixtureRequest) -> Iterator[Standin]:
    with serve_standin(request.param(prefix="/fhwa") if request.param is Newest else Flask()) as found:
        yield found


@pytest.fixture(params=["", "/"], ids=["no slash", "slash"])
def records(server: Standin, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Datasets of the server, more than fill a page; the first has a version and is an input of a flow."""
    monkeypatch.setenv("AERO_SERVER", server.url.rstrip("/") + request.param)
    monkeypatch.setenv("AERO_ACCESS_TOKEN", "a-token")
    monkeypatch.setattr(connections, "_current", None)
    rows = [server.add_data(f"d{number}") for number in range(17)]
    server.add_version(rows[0], b"n\n1\n")
    server.add_flow([rows[0]], [rows[1]])
    return rows


def test_lists_are_tables_and_json(command: Any, records: list[dict[str, Any]]) -> None:
    names = {row["name"] for row in records}
    code, out, error = command("list", "--json")
    assert (code, error, {row["name"] for row in json.loads(out)}) == (0, "", names)
    assert len(command("list")[1].splitlines()) == 18
    assert len(json.loads(command("list", "-t", "flow", "--json")[1])) == 1
    assert [row["version"] for row in json.loads(command("list", "-i", "d0", "--json")[1])] == [1]
    assert "d1 has no versions yet." in command("versions", "d1")[1]
    assert json.loads(command("search", "d16", "--scan", "--json")[1])[0]["name"] == "d16"
    assert json.loads(command("status", "--json")[1])["records"]["data"]


def test_a_list_of_runs_is_refused_with_a_cure(command: Any, records: list[dict[str, Any]]) -> None:
    code, out, error = command("list", "run", "--json")
    assert (code, out, len(error.splitlines())) == (1, "", 2)


def test_scripts_read_the_same(records: list[dict[str, Any]]) -> None:
    assert sum(len(page) for page in api.list_metadata("data")) == 17
    assert [row["version"] for row in api.list_versions(records[0]["id"])] == [1]
    assert utils.build_url("data", trailing_slash=True) == f"{utils.CONF.server_url}/data/"
    assert utils.load_tokens()[utils.CONF.portal_client_id]["access_token"] == "a-token"


def test_a_command_uses_the_profile_that_an_option_names(
    command: Any, server: Standin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        f'[field]\nclient_uuid = "c"\nportal_client_id = "p"\ncache_dir = "{tmp_path}"\nserver = "{server.url}"\n'
    )
    monkeypatch.setenv("AERO_CONFIG_FILE", str(file))
    monkeypatch.setenv("AERO_PROFILE", "of the shell")
    monkeypatch.setenv("AERO_ACCESS_TOKEN", "a-token")
    monkeypatch.setattr(connections, "_current", None)
    server.add_data("of this profile")
    code, out, _ = command("--profile", "field", "list", "--json")
    assert (code, [row["name"] for row in json.loads(out)]) == (0, ["of this profile"])
    monkeypatch.setattr(connections, "_current", None)
    code, _, error = command("--profile", "filed", "list")
    assert (code, "There is no profile 'filed'" in error, "field" in error) == (1, True, True)
