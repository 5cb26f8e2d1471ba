"""Inputs on their way to an endpoint: resumed, held against their checksum, and in place only from where they may."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from misbehaving import BODY, says

from aero_jupyter.jobs import AeroJobError
from aero_jupyter.jobs.inputs import fetch_inputs


def fetched(url: str, folder: Path, *, pull: dict[str, Any] | None = None, **entry: Any) -> bytes:
    base, _, name = url.rpartition("/")
    given = {"version": 3, "collection_url": base, "file_bn": name, "checksum": hashlib.md5(BODY).hexdigest(), **entry}
    aero = {"input_data": {"raw": given}, "server": "http://127.0.0.1:9/", "pull": pull}
    return Path(fetch_inputs(aero, str(folder), ())["raw"]).read_bytes()


def test_an_input_that_broke_off_is_resumed(web: Any, tmp_path: Path) -> None:
    server = web(says(cut=70_000), says(cut=50_000), says())
    assert fetched(server.url, tmp_path) == BODY
    assert [asked.get("Range") for asked in server.asked] == [None, "bytes=70000-", "bytes=120000-"]


def test_an_input_that_changed_in_between_is_not_put_together(web: Any, tmp_path: Path) -> None:
    other = BODY.replace(b"value", b"other")
    server = web(says(cut=70_000), says(other, etag='"two"'))
    with pytest.raises(AeroJobError, match="Input raw: the bytes of version 3 do not match its checksum"):
        fetched(server.url, tmp_path)
    server = web(says(cut=70_000), says(other, etag='"two"'))
    assert fetched(server.url, tmp_path, checksum=hashlib.sha256(other).hexdigest()) == other


@pytest.mark.parametrize("is_redirect", [False, True])
def test_an_input_that_stays_in_its_place_is_fetched_only_from_where_sources_are(
    web: Any, tmp_path: Path, is_redirect: bool
) -> None:
    away = "http://[fe80::1]/x.csv"
    url = web(says(b"", 302, Location=away)).url if is_redirect else away
    with pytest.raises(AeroJobError, match="a link-local address, which is not pulled"):
        fetched("", tmp_path, trigger_url=url, pull={"allow": []})
