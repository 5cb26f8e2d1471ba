"""A source on its way: resumed, held against its checksum, bounded, and only from where it may be pulled."""

from __future__ import annotations

import base64
import gzip
import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from aero_jupyter.jobs import AeroJobError, source
from aero_jupyter.jobs.source import check_address, fetch

BODY = b"day,value\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(20_000))
STRICT: dict[str, Any] = {"allow": []}


class Web(ThreadingHTTPServer):
    """A source that does what a test says, once for each request; the last one for ever."""

    daemon_threads = True

    def __init__(self, *answers: Callable[[Any], None]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = list(answers)
        self.asked: list[dict[str, str]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/x.csv"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        web = self.server
        assert isinstance(web, Web)
        web.asked.append(dict(self.headers))
        answer = web.answers.pop(0) if len(web.answers) > 1 else web.answers[0]
        answer(self)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def says(
    body: bytes = BODY, status: int = 200, *, cut: int | None = None, etag: str = '"one"', **headers: str
) -> Callable[[Any], None]:
    """Answer a range where one is asked for and the tag still fits, and break off after so many bytes."""

    def answer(handler: Any) -> None:
        asked = handler.headers.get("Range")
        begin = int(asked[6:-1]) if asked and handler.headers.get("If-Range") == etag and status == 200 else 0
        handler.send_response(206 if begin else status)
        handler.send_header("ETag", etag)
        handler.send_header("Accept-Ranges", "bytes")
        if begin:
            handler.send_header("Content-Range", f"bytes {begin}-{len(body) - 1}/{len(body)}")
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body) - begin))
        handler.end_headers()
        handler.wfile.write(body[begin:] if cut is None else body[begin : begin + cut])

    return answer


@pytest.fixture
def web() -> Iterator[Callable[..., Web]]:
    running = []

    def begin(*answers: Callable[[Any], None]) -> Web:
        server = Web(*answers)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        running.append((server, thread))
        return server

    yield begin
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


def pulled(server: Web, folder: Path, known: dict[str, str] | None = None, **rules: Any) -> Any:
    return fetch(server.url, str(folder / "part"), {**STRICT, **rules}, known or {})


def test_what_broke_off_is_resumed_where_it_was(web: Any, tmp_path: Path) -> None:
    server = web(says(cut=70_000), says(cut=50_000), says())
    checksum, size, _ = pulled(server, tmp_path)
    assert (checksum, size) == (hashlib.sha256(BODY).hexdigest(), len(BODY))
    assert (tmp_path / "part").read_bytes() == BODY
    assert [asked.get("Range") for asked in server.asked] == [None, "bytes=70000-", "bytes=120000-"]
    assert server.asked[1]["If-Range"] == '"one"'


def test_a_source_that_changed_in_between_is_pulled_anew(web: Any, tmp_path: Path) -> None:
    other = BODY.replace(b"value", b"other")
    server = web(says(cut=70_000), says(other, etag='"two"'))
    checksum, _, headers = pulled(server, tmp_path)
    assert checksum == hashlib.sha256(other).hexdigest()
    assert (tmp_path / "part").read_bytes() == other
    assert headers["ETag"] == '"two"'


def test_a_range_of_other_bytes_is_not_put_behind_the_first(web: Any, tmp_path: Path) -> None:
    def wrong(handler: Any) -> None:
        handler.send_response(206)
        handler.send_header("ETag", '"two"')
        handler.send_header("Content-Range", f"bytes 70000-{len(BODY) - 1}/{len(BODY)}")
        handler.send_header("Content-Length", "3")
        handler.end_headers()
        handler.wfile.write(b"no!")

    server = web(says(cut=70_000), wrong, says(etag='"three"'))
    # What was told as a part of something else is whole only by itself: it is no version.
    checksum, size, _ = pulled(server, tmp_path)
    assert (checksum, size) != (hashlib.sha256(BODY[:70_000] + b"no!").hexdigest(), 70_003)


def test_where_ranges_are_not_given_it_begins_again(web: Any, tmp_path: Path) -> None:
    def plain(cut: int | None) -> Callable[[Any], None]:
        def answer(handler: Any) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(BODY)))
            handler.end_headers()
            handler.wfile.write(BODY[:cut])

        return answer

    server = web(plain(10), plain(20), plain(None))
    assert pulled(server, tmp_path)[0] == hashlib.sha256(BODY).hexdigest()
    assert not any("Range" in asked for asked in server.asked)


def test_an_unchanged_source_costs_one_small_request_and_no_bytes(web: Any, tmp_path: Path) -> None:
    def answer(handler: Any) -> None:
        is_same = handler.headers.get("If-None-Match") == '"one"'
        says(b"" if is_same else BODY, 304 if is_same else 200)(handler)

    server = web(answer)
    assert pulled(server, tmp_path, {"etag": '"one"'}) is None
    assert pulled(server, tmp_path, {"etag": '"two"'})[1] == len(BODY)
    assert pulled(server, tmp_path, {"last_modified": "Mon"})[1] == len(BODY)
    assert server.asked[2]["If-Modified-Since"] == "Mon"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content_MD5": base64.b64encode(hashlib.md5(BODY).digest()).decode()},
        {"Digest": "sha-256=" + base64.b64encode(hashlib.sha256(BODY).digest()).decode()},
        {"Repr_Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(BODY).digest()).decode()}:"},
    ],
)
def test_a_checksum_that_a_source_tells_must_be_right(web: Any, tmp_path: Path, headers: dict[str, str]) -> None:
    assert pulled(web(says(**headers)), tmp_path)[1] == len(BODY)
    with pytest.raises(AeroJobError, match="do not match its own"):
        pulled(web(says(BODY + b"more", **headers)), tmp_path)


def test_a_bomb_is_stopped_at_the_limit(web: Any, tmp_path: Path) -> None:
    bomb = gzip.compress(b"0" * (64 << 20))
    assert len(bomb) < 1 << 17
    server = web(says(bomb, Content_Encoding="gzip"))
    with pytest.raises(AeroJobError, match="sends more than 1,000,000 bytes, which is the limit here"):
        pulled(server, tmp_path, bytes=1_000_000)
    assert (tmp_path / "part").stat().st_size < 3 << 20


def test_a_source_that_drips_is_given_up(web: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "SLOW_SECONDS", 0.2)
    monkeypatch.setattr(source, "_PIECE", 1)

    def drip(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        clock = threading.Event()
        for _ in range(100):
            try:
                handler.wfile.write(b"x")
                handler.wfile.flush()
            except OSError:
                return
            clock.wait(0.02)

    with pytest.raises(AeroJobError, match="sends less than 100 bytes a second"):
        pulled(web(drip), tmp_path)


def test_a_busy_source_is_asked_again_when_it_said(web: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("aero_jupyter.jobs.web.time.sleep", slept.append)
    server = web(says(b"", 429, Retry_After="7"), says())
    assert pulled(server, tmp_path)[1] == len(BODY)
    assert slept == [7.0]


REFUSED = {
    "file:///etc/passwd": "The source is a file of this machine, which is not pulled.",
    "http://169.254.169.254/latest/meta-data": "a link-local address, which is not pulled.",
    "http://[fe80::1]/x.csv": "a link-local address, which is not pulled.",
    "ftp://example.org/x.csv": "this is no http or https address.",
}


@pytest.mark.parametrize("url", REFUSED)
def test_what_may_not_be_pulled_is_refused_first_and_on_the_way(web: Any, tmp_path: Path, url: str) -> None:
    with pytest.raises(AeroJobError) as caught:
        fetch(url, str(tmp_path / "part"), STRICT, {})
    assert REFUSED[url] in str(caught.value)
    server = web(says(b"", 302, Location=url))
    with pytest.raises(AeroJobError, match=r"sends on to|no http or https address"):
        pulled(server, tmp_path)
    assert len(server.asked) == 1


def test_another_host_is_followed_only_where_that_is_configured(web: Any, tmp_path: Path) -> None:
    there = web(says())
    elsewhere = there.url.replace("127.0.0.1", "localhost")
    server = web(says(b"", 302, Location=elsewhere))
    with pytest.raises(AeroJobError, match="sends on to another host, http://localhost"):
        pulled(server, tmp_path)
    assert there.asked == []
    assert pulled(server, tmp_path, allow=["other-hosts"])[1] == len(BODY)
    # A real endpoint has no such rule: sources there live behind storage services.
    assert fetch(server.url, str(tmp_path / "part"), {}, {}) is not None


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
