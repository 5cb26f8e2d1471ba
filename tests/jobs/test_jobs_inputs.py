"""The download of inputs to an endpoint: resumed, verified by checksum, and in place only from permitted hosts."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from support.faulty_source import BODY, respond

from aero_jupyter.jobs import AeroJobError
from aero_jupyter.jobs.inputs import fetch_inputs


def fetched(url: str, folder: Path, *, pull: dict[str, Any] | None = None, **entry: Any) -> bytes:
    base, _, name = url.rpartition("/")
    given = {"version": 3, "collection_url": base, "file_bn": name, "checksum": hashlib.md5(BODY).hexdigest(), **entry}
    aero = {"input_data": {"raw": given}, "server": "http://127.0.0.1:9/", "pull": pull}
    return Path(fetch_inputs(aero, str(folder), ())["raw"]).read_bytes()


def test_an_input_that_broke_off_is_resumed(serve_source: Any, tmp_path: Path) -> None:
    server = serve_source(respond(cut=70_000), respond(cut=50_000), respond())
    assert fetched(server.url, tmp_path) == BODY
    assert [request.get("Range") for request in server.requests] == [None, "bytes=70000-", "bytes=120000-"]


def test_an_input_that_changed_in_between_is_not_put_together(serve_source: Any, tmp_path: Path) -> None:
    other = BODY.replace(b"value", b"other")
    server = serve_source(respond(cut=70_000), respond(other, etag='"two"'))
    with pytest.raises(AeroJobError, match="Input raw: the bytes of version 3 do not match its checksum"):
        fetched(server.url, tmp_path)
    server = serve_source(respond(cut=70_000), respond(other, etag='"two"'))
    assert fetched(server.url, tmp_path, checksum=hashlib.sha256(other).hexdigest()) == other


@pytest.mark.parametrize("is_redirect", [False, True])
def test_an_input_that_stays_in_its_place_is_fetched_only_from_where_sources_are(
    serve_source: Any, tmp_path: Path, is_redirect: bool
) -> None:
    away = "http://[fe80::1]/x.csv"
    url = serve_source(respond(b"", 302, Location=away)).url if is_redirect else away
    with pytest.raises(AeroJobError, match="a link-local address, which is not downloaded"):
        fetched("", tmp_path, trigger_url=url, pull={"allow": []})
