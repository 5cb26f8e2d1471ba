"""From this machine to production, against the stand-ins that the notebook on it uses."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import requests

import aero_jupyter
from aero_jupyter import demo
from aero_jupyter.testing.rehearsal import COLLECTION, Rehearsal

pytestmark = pytest.mark.slow

CELL = """%%aero_register --endpoint {where} --source raw={plant.url} --output drain --every 1d
import pandas as pd

def drain_in(raw):
    return pd.read_csv(raw)[["sample_collect_date", "sars_cov_2"]]
"""


@pytest.fixture(scope="module")
def rehearsal() -> Iterator[Rehearsal]:
    with Rehearsal() as rehearsal:
        yield rehearsal


@pytest.fixture
def there(shell: Any, rehearsal: Rehearsal) -> Iterator[Any]:
    """A shell on the server of the rehearsal, logged in."""
    session = aero_jupyter.connect()
    assert session.credentials is not None
    assert session.credentials.user_login is not None
    if session.credentials.user_login.status() is None:
        session.credentials.user_login.finish(rehearsal.code())
    yield shell
    aero_jupyter.local()


def test_the_same_cell_runs_here_and_there(aero: Any, there: Any) -> None:
    with demo.Plant() as plant:
        there.user_ns["plant"] = plant
        tables = {}
        for where, server in (("local", "local"), ("cluster", None)):
            aero_jupyter.connect(server)
            there.user_ns["where"] = where
            assert there.run_cell(CELL).success
            tables[where] = there.run_line_magic("aero_get", "drain --wait 180")
    assert len(tables["local"])
    assert tables["local"].equals(tables["cluster"])


def test_the_card_does_not_tell_runs_that_the_server_does_not_tell(there: Any) -> None:
    with demo.Plant() as plant:
        there.user_ns |= {"plant": plant, "where": "cluster"}
        line, _, cell = CELL.replace("drain", "sink").removeprefix("%%aero_register ").partition("\n")
        card = there.run_cell_magic("aero_register", line, cell)
    assert card.heading.startswith("✓ sink_in → sink    flow ")
    assert "runs:" not in repr(card)


def test_a_function_runs_once_there(there: Any) -> None:
    assert there.run_cell("%%aero_run --endpoint cluster --kwarg n=1\ndef next_of(n):\n    return n + 1").result == 2


def test_endpoints_are_those_of_the_server(there: Any) -> None:
    assert there.run_line_magic("aero_endpoints", "")["name"].tolist() == ["cluster"]


def test_it_asks_for_a_login_first(rehearsal: Rehearsal, error_lines: Any) -> None:
    aero_jupyter.connect()
    aero_jupyter.current().log_out()
    lines = error_lines("%aero_list data")
    assert "%aero_login" in " ".join(lines)
    aero_jupyter.local()


@pytest.mark.parametrize("door", ["aero", "compute", "collection"])
def test_each_door_opens_to_its_own_token_only(there: Any, rehearsal: Rehearsal, door: str) -> None:
    session = aero_jupyter.current()
    assert session.credentials is not None
    signed = {
        "aero": (rehearsal.server + "data/", session.credentials.aero_authorizer()),
        "compute": (
            os.environ["GLOBUS_SDK_SERVICE_URL_COMPUTE"] + "/v2/endpoints",
            session.credentials.globus_authorizer("funcx_service"),
        ),
        "collection": (
            os.environ["AERO_COLLECTION_URL"] + "none.csv",
            session.credentials.collection_authorizers()[COLLECTION],
        ),
    }
    address = signed[door][0]
    statuses = {
        who: requests.get(
            address, headers={"Authorization": str(authorizer.get_authorization_header())}, timeout=10
        ).status_code
        for who, (_, authorizer) in signed.items()
        if authorizer is not None
    }
    assert len(statuses) == 3
    assert {who for who, status in statuses.items() if status != 401} == {door}


def test_what_only_a_local_aero_can_do_is_not_reached(there: Any) -> None:
    session = aero_jupyter.current()
    assert session.client.dialect.name == "newest"
    header = {"Authorization": str(session.client.authorizer.get_authorization_header())}  # type: ignore[union-attr]
    assert requests.get(f"{session.client.base_url}runs/", headers=header, timeout=120).status_code == 404


def test_the_environment_is_given_back(monkeypatch: Any, tmp_path: Any) -> None:
    monkeypatch.setenv("AERO_CONFIG_FILE", "mine.toml")
    monkeypatch.setenv("AERO_ACCESS_TOKEN", "mine")
    monkeypatch.delenv("AERO_COLLECTION_UUID", raising=False)
    before = dict(os.environ)
    rehearsal = Rehearsal()
    assert os.environ["AERO_CONFIG_FILE"] != "mine.toml"
    assert "AERO_ACCESS_TOKEN" not in os.environ
    rehearsal.stop()
    assert dict(os.environ) == before
