"""A redirect to another host is normal; it carries no secret, and never leads from outside to inside."""

from __future__ import annotations

import hashlib
import socket
from pathlib import Path
from typing import Any

import pytest
from support.faulty_source import BODY, respond

from aero_jupyter.jobs import AeroJobError
from aero_jupyter.jobs.fetch_source import check_redirect, fetch, request_checks
from aero_jupyter.jobs.http_client import send_request

STRICT: dict[str, Any] = {"allow": []}
NAMES = {"public.example": "93.184.216.34", "store.example": "8.8.8.8", "inside.example": "10.0.0.7"}


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A domain name system of three names; numbers stay numbers."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_: [(2, 1, 6, "", (NAMES.get(host, host), 0))])


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_download_follows_a_redirect_to_another_host(serve_source: Any, tmp_path: Path, status: int) -> None:
    there = serve_source(respond())
    server = serve_source(respond(b"", status, Location=there.url.replace("127.0.0.1", "localhost") + "?sig=1"))
    found = fetch(server.url, str(tmp_path / "part"), STRICT, {})
    assert found is not None
    assert found[0] == hashlib.sha256(BODY).hexdigest()


def test_a_redirect_to_another_host_carries_no_secret_of_the_first(serve_source: Any) -> None:
    there = serve_source(respond())
    server = serve_source(respond(b"", 302, Location=there.url, **{"Set-Cookie": "session=s3cret"}))
    secrets = {"Authorization": "Basic czNjcmV0", "X-App-Token": "s3cret", "Cookie": "k=s3cret", "Referer": "s3cret"}
    with send_request("GET", server.url, "The source", headers={**secrets, "Accept": "text/csv"}) as answer:
        assert answer.status_code == 200
    assert server.requests[0]["X-App-Token"] == "s3cret"
    assert "s3cret" not in str(there.requests[0])
    assert "czNjcmV0" not in str(there.requests[0])
    assert there.requests[0]["Accept"] == "text/csv"


def test_a_redirect_on_the_same_host_keeps_its_headers(serve_source: Any) -> None:
    server = serve_source(respond(b"", 302, Location="/x.csv"), respond())
    with send_request("GET", server.url, "The source", headers={"X-App-Token": "s3cret"}):
        pass
    assert [each["X-App-Token"] for each in server.requests] == ["s3cret", "s3cret"]


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1/x", "http://[::1]/x", "http://inside.example/x", "http://192.168.1.1/x", "http://0.0.0.0/x"],
)
def test_a_public_source_never_leads_to_a_private_address(names: None, target: str) -> None:
    with pytest.raises(AeroJobError, match="AERO_LOCAL_ALLOW=private-redirects"):
        check_redirect(target, "http://public.example/x.csv", STRICT)
    check_redirect(target, "http://public.example/x.csv", {"allow": ["private-redirects"]})
    check_redirect("http://store.example/x", "http://public.example/x.csv", STRICT)


def test_a_private_source_never_leads_to_this_machine(names: None) -> None:
    with pytest.raises(AeroJobError, match="private-redirects"):
        check_redirect("http://127.0.0.1/x", "http://inside.example/x.csv", STRICT)
    check_redirect("http://192.168.1.1/x", "http://inside.example/x.csv", STRICT)


def test_what_a_redirect_reaches_counts_and_not_what_its_name_said(names: None) -> None:
    watched = request_checks("http://public.example/x", STRICT)
    watched["on_connect"]("93.184.216.34")
    watched["on_redirect"]("http://public.example/x", "http://store.example/y")
    with pytest.raises(AeroJobError, match="redirects to a private address"):
        watched["on_connect"]("127.0.0.1")
    # The next try begins at the source again.
    watched["on_connect"]("93.184.216.34")


@pytest.mark.parametrize(
    ("target", "cure"),
    [
        ("http://store.example/x.csv", "AERO_LOCAL_ALLOW=insecure-redirects"),
        ("file:///etc/hosts", "a file of this machine, which is never downloaded"),
        ("http://169.254.169.254/x", "AERO_LOCAL_ALLOW=link-local"),
    ],
)
def test_a_redirect_that_is_refused_names_its_setting(names: None, target: str, cure: str) -> None:
    with pytest.raises(AeroJobError, match=cure):
        check_redirect(target, "https://public.example/x.csv", STRICT)


def test_the_setting_is_read_on_an_endpoint_too(names: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AeroJobError, match="private-redirects"):
        check_redirect("http://127.0.0.1/x", "http://public.example/x", {})
    monkeypatch.setenv("AERO_LOCAL_ALLOW", "files, private-redirects")
    check_redirect("http://127.0.0.1/x", "http://public.example/x", {})
