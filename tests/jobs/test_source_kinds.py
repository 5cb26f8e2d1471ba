"""A page, an error or a sentence is no version; odd words about encodings are no fault; a young date is no proof."""

from __future__ import annotations

import gzip
import time
import zlib
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from support.download_job import download_entry
from support.faulty_source import drip
from support.scripted_web import Answer, WebServer

from aero_jupyter.jobs import AeroJobError
from aero_jupyter.jobs.content_coding import content_codings
from aero_jupyter.jobs.fetch_source import fetch
from aero_jupyter.jobs.source_validators import tells_another_object, validators_of

ROWS = b"day,value\n2026-01-01,1\n2026-01-02,2\n"
PAGE = b"<!DOCTYPE html><html><body>Log in</body></html>"
CSV = {"Content-Type": "text/csv"}


@pytest.mark.parametrize("path", ["/export", "/data.csv", "/download.php"])
@pytest.mark.parametrize("kind", ["text/html", "text/csv", "application/octet-stream"])
@pytest.mark.parametrize(
    "page",
    [PAGE, b"\xef\xbb\xbf<!-- x --><html>", b"<?xml version='1.0'?>\n<!doctype HTML>", PAGE.decode().encode("utf-16")],
)
def test_a_page_is_never_a_version(
    web_server: WebServer, aero: dict[str, Any], path: str, kind: str, page: bytes
) -> None:
    url = web_server.set_answers(path, Answer(page, headers={"Content-Type": kind}))
    with pytest.raises(AeroJobError, match=r"web page, not with data.*--check none"):
        download_entry(aero, url)
    assert download_entry(aero, url, check="none")["size"] == len(page)


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": "rate limit"}',
        b'{"message": "x", "status": 500}',
        b"Service unavailable, try later.\n",
        b"Forbidden",
    ],
)
def test_an_error_body_is_no_version_where_a_table_was(
    web_server: WebServer, aero: dict[str, Any], body: bytes
) -> None:
    url = web_server.set_answers("/export", Answer(body, headers={"Content-Type": "text/plain"}))
    with pytest.raises(AeroJobError, match=r"where its last version was data of another kind.*--check none"):
        download_entry(aero, url, source_kind="table")
    assert download_entry(aero, url, check="none", source_kind="table")["size"] == len(body)


@pytest.mark.parametrize(
    "body",
    [
        ROWS,
        b"n\n1\n2\n",
        b"date,value\n",
        b"first name,last name\n",
        b"a;b\n1;2\n",
        b"[x],y\n1,2\n",
        b"note\nit is fine\n",
    ],
)
def test_a_table_stays_a_table(web_server: WebServer, aero: dict[str, Any], body: bytes) -> None:
    url = web_server.set_answers("/export.csv", Answer(body, headers=CSV))
    assert download_entry(aero, url, source_kind="table")["size"] == len(body)


@pytest.mark.parametrize("body", [b'[{"a": 1}, {"a": 2}]', b'{"data": [[1, 2], [3, 4]], "message": "ok"}'])
def test_json_stays_data_where_json_was(web_server: WebServer, aero: dict[str, Any], body: bytes) -> None:
    url = web_server.set_answers("/export.json", Answer(body, headers={"Content-Type": "application/json"}))
    assert download_entry(aero, url, source_kind="json")["source_kind"] == "json"


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("UTF-8", ROWS),
        ("aws-chunked", ROWS),
        ("identity", ROWS),
        ("text/csv", ROWS),
        ("aws-chunked, gzip", gzip.compress(ROWS)),
        ("gzip, gzip", gzip.compress(gzip.compress(ROWS))),
        ("deflate, x-gzip", gzip.compress(zlib.compress(ROWS))),
    ],
)
def test_an_odd_content_encoding_is_tolerated(
    web_server: WebServer, aero: dict[str, Any], encoding: str, body: bytes
) -> None:
    entry = download_entry(
        aero, web_server.set_answers("/x.csv", Answer(body, headers={**CSV, "Content-Encoding": encoding}))
    )
    assert Path(entry["file"]).read_bytes() == ROWS


@pytest.mark.parametrize("encoding", ["x-macroman", "x-identity", "application/zip", "charset=utf-8", "csv", "8bit"])
def test_a_word_that_is_no_compression_is_tolerated(encoding: str) -> None:
    assert content_codings({"Content-Encoding": encoding}) == ()


@pytest.mark.parametrize(
    "encoding", ["x-snappy-framed", "LZ4HC", "gzip, x-ours", "snappyjava", "zstd-dict", "x-xpress"]
)
def test_a_compression_of_an_unknown_name_is_refused(encoding: str) -> None:
    with pytest.raises(ValueError, match=encoding.rpartition("x-")[2].rpartition(" ")[2].lower()):
        content_codings({"Content-Encoding": encoding})


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, br"])
def test_a_compression_that_cannot_be_undone_is_refused(
    web_server: WebServer, aero: dict[str, Any], encoding: str
) -> None:
    with pytest.raises(AeroJobError, match=r"cannot be decoded here"):
        download_entry(
            aero, web_server.set_answers("/x.csv", Answer(ROWS, headers={**CSV, "Content-Encoding": encoding}))
        )


@pytest.mark.parametrize(("age", "is_kept"), [(0, False), (59, False), (62, True), (86_400, True)])
@pytest.mark.parametrize("has_date", [True, False])
def test_a_date_younger_than_a_minute_is_not_asked_with(age: int, is_kept: bool, has_date: bool) -> None:
    now = time.time()
    headers = {"Last-Modified": formatdate(now - age, usegmt=True)}
    headers |= {"Date": formatdate(now, usegmt=True)} if has_date else {}
    assert ("last_modified" in validators_of(headers, now)) is is_kept
    assert ("etag" in validators_of({**headers, "ETag": 'W/"1"'}, now)) is is_kept
    assert validators_of({**headers, "ETag": '"1"'}, now)["etag"] == '"1"'


def test_the_date_of_a_slow_clock_counts_by_that_clock() -> None:
    now = time.time()
    headers = {"Last-Modified": formatdate(now - 3600, usegmt=True), "Date": formatdate(now - 3595, usegmt=True)}
    assert validators_of(headers, now) == {}


def test_a_source_that_drips_for_ever_is_ended_by_the_time_limit(serve_source: Any, tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 99999\r\n\r\n"
    server = serve_source(drip(head + ROWS * 1000))
    with pytest.raises(AeroJobError, match=r"time limit of a download. AERO_LOCAL_PULL_TOTAL"):
        fetch(server.url, str(tmp_path / "part"), {"allow": [], "total": 1}, {})


@pytest.mark.parametrize("recorded", ['W/"0ab1-3"', '"0ab1-3"', "0AB1-3", ' "0ab1-3-gzip" '])
def test_one_etag_in_another_form_is_the_same_object(recorded: str) -> None:
    assert not tells_another_object(recorded, '"0ab1-3"')
    assert not tells_another_object("0ab1-3", recorded)
    assert tells_another_object(recorded, '"0ab1-4"')
    assert tells_another_object(recorded, '"0ab1"')
