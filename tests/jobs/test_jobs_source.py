"""The download of a source: resumed, verified by checksum, limited, and only from permitted URLs."""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import socket
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from support.faulty_source import BODY, FaultySource, drip, respond

from aero_jupyter.jobs import AeroJobError, fetch_source, network_addresses
from aero_jupyter.jobs.fetch_source import check_address, fetch

STRICT: dict[str, Any] = {"allow": []}


def pulled(server: FaultySource, folder: Path, known: dict[str, str] | None = None, **rules: Any) -> Any:
    return fetch(server.url, str(folder / "part"), {**STRICT, **rules}, known or {})


def test_what_broke_off_is_resumed_where_it_was(serve_source: Any, tmp_path: Path) -> None:
    server = serve_source(respond(cut=70_000), respond(cut=50_000), respond())
    checksum, size, _ = pulled(server, tmp_path)
    assert (checksum, size) == (hashlib.sha256(BODY).hexdigest(), len(BODY))
    assert (tmp_path / "part").read_bytes() == BODY
    assert [request.get("Range") for request in server.requests] == [None, "bytes=70000-", "bytes=120000-"]
    assert server.requests[1]["If-Range"] == '"one"'


def test_a_source_that_changed_in_between_is_pulled_anew(serve_source: Any, tmp_path: Path) -> None:
    other = BODY.replace(b"value", b"other")
    server = serve_source(respond(cut=70_000), respond(other, etag='"two"'))
    checksum, _, headers = pulled(server, tmp_path)
    assert checksum == hashlib.sha256(other).hexdigest()
    assert (tmp_path / "part").read_bytes() == other
    assert headers["ETag"] == '"two"'


def test_a_range_of_other_bytes_is_not_put_behind_the_first(serve_source: Any, tmp_path: Path) -> None:
    def wrong(handler: Any) -> None:
        handler.send_response(206)
        handler.send_header("ETag", '"two"')
        handler.send_header("Content-Range", f"bytes 70000-{len(BODY) - 1}/{len(BODY)}")
        handler.send_header("Content-Length", "3")
        handler.end_headers()
        handler.wfile.write(b"no!")

    server = serve_source(respond(cut=70_000), wrong, respond(etag='"three"'))
    # A part of a larger body is complete in itself, but it is no version.
    checksum, size, _ = pulled(server, tmp_path)
    assert (checksum, size) != (hashlib.sha256(BODY[:70_000] + b"no!").hexdigest(), 70_003)
    assert (tmp_path / "part").read_bytes() == BODY


def test_a_part_that_ends_early_is_gone_on_from(serve_source: Any, tmp_path: Path) -> None:
    def part(handler: Any) -> None:
        handler.send_response(206)
        handler.send_header("ETag", '"one"')
        handler.send_header("Content-Range", f"bytes 70000-79999/{len(BODY)}")
        handler.send_header("Content-Length", "10000")
        handler.end_headers()
        handler.wfile.write(BODY[70_000:80_000])

    server = serve_source(respond(cut=70_000), part, respond())
    assert pulled(server, tmp_path)[0] == hashlib.sha256(BODY).hexdigest()
    assert server.requests[-1]["Range"] == "bytes=80000-"


def test_a_source_that_shrank_in_between_is_pulled_anew(serve_source: Any, tmp_path: Path) -> None:
    server = serve_source(respond(cut=70_000), respond(b"", 416), respond(b"n\n1\n", etag='"two"'))
    assert pulled(server, tmp_path)[1] == 4
    assert [request.get("Range") for request in server.requests] == [None, "bytes=70000-", None]


def test_where_ranges_are_not_given_it_begins_again(serve_source: Any, tmp_path: Path) -> None:
    def plain(cut: int | None) -> Callable[[Any], None]:
        def answer(handler: Any) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(BODY)))
            handler.end_headers()
            handler.wfile.write(BODY[:cut])

        return answer

    server = serve_source(plain(10), plain(20), plain(None))
    assert pulled(server, tmp_path)[0] == hashlib.sha256(BODY).hexdigest()
    assert not any("Range" in request for request in server.requests)


def test_an_unchanged_source_costs_one_small_request_and_no_bytes(serve_source: Any, tmp_path: Path) -> None:
    def answer(handler: Any) -> None:
        is_same = handler.headers.get("If-None-Match") == '"one"'
        respond(b"" if is_same else BODY, 304 if is_same else 200)(handler)

    server = serve_source(answer)
    assert pulled(server, tmp_path, {"etag": '"one"'}) is None
    assert pulled(server, tmp_path, {"etag": '"two"'})[1] == len(BODY)
    assert pulled(server, tmp_path, {"last_modified": "Mon"})[1] == len(BODY)
    assert server.requests[2]["If-Modified-Since"] == "Mon"


def b64(name: str, body: bytes) -> str:
    return base64.b64encode(hashlib.new(name, body).digest()).decode()


CHECKSUMS = {
    "Content-MD5": lambda body: b64("md5", body),
    "Content-MD5 ": lambda body: hashlib.md5(body).hexdigest(),
    "Digest": lambda body: f"sha-512={b64('sha512', body)}",
    "Digest ": lambda body: f"unixsum=1, md5={b64('md5', body)},sha-256={b64('sha256', body)}",
    "Repr-Digest": lambda body: f"sha-256=:{b64('sha256', body)}:",
    "Content-Digest": lambda body: f"sha-512=:{b64('sha512', body)}:, sha-256=:{b64('sha256', body)}:",
    "x-amz-checksum-sha256": lambda body: b64("sha256", body),
    "x-amz-checksum-crc32": lambda body: base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode(),
    "x-goog-hash": lambda body: f"crc32c=AAAAAA==,md5={b64('md5', body)}",
}


@pytest.mark.parametrize("header", CHECKSUMS)
def test_a_checksum_that_a_source_tells_must_be_right(serve_source: Any, tmp_path: Path, header: str) -> None:
    digests = {header.strip().replace("-", "_"): CHECKSUMS[header](BODY)}
    assert pulled(serve_source(respond(**digests)), tmp_path)[1] == len(BODY)
    assert pulled(serve_source(respond(cut=70_000, **digests), respond(**digests)), tmp_path)[1] == len(BODY)
    with pytest.raises(AeroJobError, match="do not match its own"):
        pulled(serve_source(respond(BODY + b"more", **digests)), tmp_path)


@pytest.mark.parametrize("header", CHECKSUMS)
def test_a_checksum_is_of_the_body_as_it_comes_or_as_it_is(serve_source: Any, tmp_path: Path, header: str) -> None:
    packed = gzip.compress(BODY)
    for meant in (packed, BODY):
        digests = {header.strip().replace("-", "_"): CHECKSUMS[header](meant)}
        assert pulled(serve_source(respond(packed, Content_Encoding="gzip", **digests)), tmp_path)[1] == len(BODY)
    digests = {header.strip().replace("-", "_"): CHECKSUMS[header](b"other")}
    with pytest.raises(AeroJobError, match="do not match its own"):
        pulled(serve_source(respond(packed, Content_Encoding="gzip", **digests)), tmp_path)


def test_a_checksum_that_cannot_be_read_says_nothing(serve_source: Any, tmp_path: Path) -> None:
    server = serve_source(respond(x_amz_checksum_sha256=b64("sha256", b"parts") + "-3", Digest="md5=?, x"))
    assert pulled(server, tmp_path)[1] == len(BODY)


def test_a_bomb_is_stopped_at_the_limit(serve_source: Any, tmp_path: Path) -> None:
    bomb = gzip.compress(b"0" * (64 << 20))
    assert len(bomb) < 1 << 17
    server = serve_source(respond(bomb, Content_Encoding="gzip"))
    with pytest.raises(AeroJobError, match="sends more than 1,000,000 bytes, which is the limit here"):
        pulled(server, tmp_path, bytes=1_000_000)
    assert (tmp_path / "part").stat().st_size < 3 << 20


def test_a_bomb_below_the_limit_is_known_by_how_much_is_in_it(serve_source: Any, tmp_path: Path) -> None:
    server = serve_source(respond(gzip.compress(b"0" * (72 << 20)), Content_Encoding="gzip"))
    with pytest.raises(AeroJobError, match="sends a body that unpacks to more than 200 times its size"):
        pulled(server, tmp_path)
    assert (tmp_path / "part").stat().st_size < 66 << 20
    assert pulled(server, tmp_path, ratio=2000)[1] == 72 << 20


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + BODY[:1000],
        b"HTTP/1.1 200 OK\r\nX-Long: " + BODY[:1000],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;" + b"x" * 1000,
        b"HTTP/1.1 302 Found\r\nX-Long: " + BODY[:1000],
    ],
    ids=["body", "headers", "chunk", "redirect"],
)
def test_a_source_that_drips_is_given_up(serve_source: Any, tmp_path: Path, text: bytes) -> None:
    server = serve_source(drip(text))
    with pytest.raises(AeroJobError, match="sends less than 100 bytes a second"):
        pulled(server, tmp_path, seconds=0.5)
    assert len(server.requests) == 1


def test_a_busy_source_is_asked_again_when_it_said(
    serve_source: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("aero_jupyter.jobs.http_client.time.sleep", slept.append)
    date = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=30), usegmt=True)
    server = serve_source(respond(b"", 429, Retry_After="7"), respond(b"", 503, Retry_After=date), respond())
    assert pulled(server, tmp_path)[1] == len(BODY)
    assert slept == [7.0, pytest.approx(30, abs=2)]


def test_a_source_that_is_busy_for_longer_than_we_wait_is_not_asked_in_its_pause(
    serve_source: Any, tmp_path: Path
) -> None:
    server = serve_source(respond(b"", 429, Retry_After="3600"))
    with pytest.raises(AeroJobError, match=r"answered 429 \(Too Many Requests\)"):
        pulled(server, tmp_path)
    assert len(server.requests) == 1


REFUSED = {
    "file:///etc/passwd": "The source is a file of this machine, which is not downloaded.",
    "http://169.254.169.254/latest/meta-data": "a link-local address, which is not downloaded.",
    "http://[::ffff:169.254.169.254]/x.csv": "a link-local address, which is not downloaded.",
    "http://[64:ff9b::a9fe:a9fe]/x.csv": "a link-local address, which is not downloaded.",
    "http://2852039166/x.csv": "a link-local address, which is not downloaded.",
    "http://[fd00:ec2::254]/x.csv": "a link-local address, which is not downloaded.",
    "http://[::1/x.csv": "is not a web URL.",
    "http://[fe80::1]/x.csv": "a link-local address, which is not downloaded.",
    "ftp://example.org/x.csv": "is not an http or https URL.",
}


@pytest.mark.parametrize("url", REFUSED)
def test_what_may_not_be_pulled_is_refused_first_and_on_the_way(serve_source: Any, tmp_path: Path, url: str) -> None:
    with pytest.raises(AeroJobError) as caught:
        fetch(url, str(tmp_path / "part"), STRICT, {})
    assert REFUSED[url] in str(caught.value)
    server = serve_source(respond(b"", 302, Location=url))
    with pytest.raises(AeroJobError, match=r"redirects to|not an http or https URL|not a web URL"):
        pulled(server, tmp_path)
    assert len(server.requests) == 1


def test_a_file_is_pulled_only_where_that_is_configured(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(BODY)
    url = (tmp_path / "x.csv").as_uri()
    assert fetch(url, str(tmp_path / "part"), {"allow": ["files"]}, {}) == (
        hashlib.sha256(BODY).hexdigest(),
        len(BODY),
        {},
    )
    with pytest.raises(AeroJobError, match="cannot be read: No such file"):
        fetch(url + "x", str(tmp_path / "part"), {"allow": ["files"]}, {})


def test_a_name_that_leads_to_a_link_local_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: [(2, 1, 6, "", ("169.254.1.1", 0))])
    with pytest.raises(AeroJobError, match="link-local"):
        check_address("http://metadata.example/", "http://metadata.example/", STRICT)
    check_address("http://metadata.example/", "http://metadata.example/", {"allow": ["link-local"]})


def test_a_name_that_leads_elsewhere_once_it_was_looked_at_is_not_asked(
    serve_source: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve_source(respond())
    # The connected address counts, not the resolved one: the source's own address acts as the forbidden one.
    monkeypatch.setattr(network_addresses, "_METADATA", frozenset({"127.0.0.1"}))
    monkeypatch.setattr(fetch_source, "look_up", lambda *_: {"192.0.2.1"})
    with pytest.raises(AeroJobError, match="leads to a link-local address, which is not downloaded"):
        pulled(server, tmp_path)
    assert server.requests == []
    assert pulled(server, tmp_path, allow=["link-local"])[1] == len(BODY)


def test_a_redirect_is_followed_without_reading_what_else_it_says(serve_source: Any, tmp_path: Path) -> None:
    def endless(handler: Any) -> None:
        handler.send_response(302)
        handler.send_header("Location", "/x.csv")
        handler.end_headers()
        with contextlib.suppress(OSError):
            while True:
                handler.wfile.write(b"x" * 65536)

    assert pulled(serve_source(endless, respond()), tmp_path)[1] == len(BODY)
