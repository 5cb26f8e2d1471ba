"""A resolver that hangs fails a run with the reason, in seconds."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.scripted_web import Answer, WebServer

from aero_jupyter.jobs import AeroJobError, lookups
from aero_jupyter.jobs.fetch_source import fetch
from aero_jupyter.jobs.inputs import fetch_inputs
from aero_jupyter.notebook.registration.source_probe import check_source
from aero_jupyter.service.catalogue.sources import download_rules

HOST = "hangs.example"
URL = f"https://{HOST}/x.csv"
SAID = r"its name was not found within \S+ s.*AERO_LOCAL_PULL_LOOKUP"


@pytest.fixture(autouse=True)
def resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A resolver that does not answer for one host until the test has ended."""
    real, ended, requested = socket.getaddrinfo, threading.Event(), list[str]()

    def hanging(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host != HOST:
            return real(host, *args, **kwargs)
        requested.append(host)
        ended.wait(300)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    monkeypatch.setattr(lookups, "_LOOKUPS", {})
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield requested
    ended.set()


def test_a_download_whose_host_is_not_found_fails_within_three_seconds(tmp_path: Path, resolver: list[str]) -> None:
    began = time.monotonic()
    with pytest.raises(AeroJobError, match=SAID):
        fetch(URL, str(tmp_path / "x"), {}, {})
    # The resolver takes 300 s. The limit leaves a second for the rest of a run.
    assert time.monotonic() - began < 60
    assert lookups.LOOKUP_SECONDS <= 2
    assert resolver == [HOST]


def test_inputs_in_their_place_and_the_notebook_name_the_reason(tmp_path: Path) -> None:
    rules = download_rules({"AERO_LOCAL_PULL_LOOKUP": "1"})
    entry = {"no_copy": True, "trigger_url": URL}
    with pytest.raises(AeroJobError, match="not found within 1 s"):
        fetch_inputs({"input_data": {"ww": entry}, "pull": rules}, str(tmp_path), ())
    (finding,) = check_source(URL)
    assert "its name was not found within" in finding.text


def test_a_redirect_to_such_a_host_fails_as_well(web_server: WebServer, tmp_path: Path) -> None:
    url = web_server.set_answers("/moved.csv", Answer(status=302, headers={"Location": URL}))
    with pytest.raises(AeroJobError, match=f"redirects to {URL}, which did not answer"):
        fetch(url, str(tmp_path / "x"), {"lookup": 1}, {})


def test_who_asks_later_waits_no_longer_than_the_first(resolver: list[str]) -> None:
    with pytest.raises(lookups.LookupTimeout):
        lookups.look_up(HOST, 0.2)
    began = time.monotonic()
    for _ in range(100):
        with pytest.raises(lookups.LookupTimeout):
            lookups.look_up(HOST, 0.2)
    # A hundred waits of their own would take 20 s.
    assert time.monotonic() - began < 10
    assert resolver == [HOST]


def test_a_lookup_that_has_ended_is_made_anew() -> None:
    assert lookups.look_up("127.0.0.1") == {"127.0.0.1"}
    assert lookups._LOOKUPS == {}


def test_behind_a_proxy_the_proxy_looks_up_the_host(
    web_server: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", web_server.url)
    web_server.set_answers("http://hangs.example/x.csv", Answer(b"n\n1\n", headers={"Content-Type": "text/csv"}))
    found = fetch("http://hangs.example/x.csv", str(tmp_path / "x"), {"lookup": 1}, {})
    assert found is not None
    assert (tmp_path / "x").read_bytes() == b"n\n1\n"
