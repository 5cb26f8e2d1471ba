"""Reading a version over a broken connection: the read resumes, or it fails."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from support.faulty_source import BODY, FaultySource, respond, serve_responses

from aero_jupyter.client import AeroClient, content
from aero_jupyter.client.content import open_content
from aero_jupyter.client.locations import VersionLocation
from aero_jupyter.core import errors
from aero_jupyter.core.models import Data, DataFile, Version

OTHER = BODY[:-9] + b"9" * 9
SUM = hashlib.sha256(BODY).hexdigest()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "RESUME_PAUSES_SECONDS", (0.0, 0.0, 0.0))


def read(server: FaultySource, checksum: str | None = SUM) -> bytes:
    version = Version("v1", "d1", 1, checksum=checksum, file=DataFile("x.csv"))
    place = VersionLocation(Data("d1", "sewage"), version, server.url, "c1")
    with AeroClient(server.url) as client, open_content(place, client, None) as reader:
        return reader.read()


def plain(cut: int | None) -> Callable[[Any], None]:
    def answer(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(BODY)))
        handler.end_headers()
        handler.wfile.write(BODY[:cut])

    return answer


def test_a_version_is_read_on_from_where_the_connection_broke() -> None:
    with serve_responses(respond(cut=70_000), respond(cut=50_000), respond()) as server:
        assert read(server) == BODY
    assert [request.get("Range") for request in server.requests] == [None, "bytes=70000-", "bytes=120000-"]
    assert server.requests[1]["If-Range"] == '"one"'


def test_where_no_range_is_given_it_is_read_again_and_nothing_is_handed_out_twice() -> None:
    with serve_responses(plain(70_000), plain(10), plain(None)) as server:
        assert read(server) == BODY
    assert not any("Range" in request for request in server.requests)


@pytest.mark.parametrize(
    ("checksum", "kind", "words"),
    [(SUM, errors.ServerFailed, "do not match their checksum"), (None, errors.Unreachable, "broke after 70,000 bytes")],
)
def test_a_file_that_changed_in_between_does_not_pass(
    checksum: str | None, kind: type[errors.ClientError], words: str
) -> None:
    with serve_responses(respond(cut=70_000), respond(OTHER, etag='"two"')) as server, pytest.raises(kind, match=words):
        read(server, checksum)


def test_a_connection_that_breaks_again_and_again_is_said() -> None:
    with (
        serve_responses(respond(cut=5)) as server,
        pytest.raises(errors.Unreachable, match="The connection broke after 20 bytes"),
    ):
        read(server)
    assert len(server.requests) == 4
