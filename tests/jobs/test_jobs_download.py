from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.scripted_web import Answer, WebServer

from aero_jupyter.jobs import AeroJobError, download

ROWS = b"day,value\n2026-01-01,1\n"
CSV = {"Content-Type": "text/csv"}
LATIN, WIDE = "day,Zürich\n1,2\n".encode("latin-1"), ROWS.decode().encode("utf-16")


def pulled(aero: dict[str, Any], url: str, **more: Any) -> dict[str, Any]:
    entry = {"id": "d1", "collection_url": "http://nowhere/", "url": url}
    args, kwargs = download(aero={**aero, "output_data": {"ww": entry}, **more}, window=7)
    assert args == []
    assert kwargs["window"] == 7
    json.dumps(kwargs)
    found: dict[str, Any] = kwargs["aero"]["output_data"]["ww"]
    return found


@contextmanager
def faulty(sentence: str) -> Iterator[None]:
    with pytest.raises(AeroJobError) as caught:
        yield
    assert sentence in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_pull_tells_all_about_its_file(web_server: WebServer, aero: dict[str, Any]) -> None:
    url = web_server.set_answers(
        "/ww.csv", Answer(ROWS, headers={**CSV, "ETag": '"7"', "Last-Modified": "Mon, 05 Jan 2026 00:00:00 GMT"})
    )

    entry = pulled(aero, url, source_key="src/ww.csv", dedup=False)

    assert Path(entry["file"]).read_bytes() == ROWS
    assert os.path.basename(entry["file"]) == entry["file_bn"]
    assert os.path.dirname(entry["file"]) == entry["temp_dir"] == aero["temp_dir"]
    expected = {
        "file_format": ".csv",
        "checksum": hashlib.sha256(ROWS).hexdigest(),
        "size": len(ROWS),
        "download": True,
        "encoding": "utf-8",
        "source_key": "src/ww.csv",
        "dedup": False,
        "etag": '"7"',
        "last_modified": "Mon, 05 Jan 2026 00:00:00 GMT",
        "id": "d1",
    }
    assert {key: entry[key] for key in expected} == expected


def test_what_comes_back_holds_no_token_and_the_argument_is_as_it_was(
    web_server: WebServer, aero: dict[str, Any]
) -> None:
    given = {**aero, "output_data": {"ww": {"url": web_server.set_answers("/ww.csv", Answer(ROWS))}}}
    before = json.dumps(given)

    _, kwargs = download(aero=given)

    assert "s3cret" not in json.dumps(kwargs)
    assert "server" not in kwargs["aero"]
    assert json.dumps(given) == before


def test_the_token_of_the_server_never_reaches_a_source(web_server: WebServer, aero: dict[str, Any]) -> None:
    pulled(aero, web_server.set_answers("/ww.csv", Answer(ROWS)))
    assert [request.token for request in web_server.requests] == [None]


def test_without_a_folder_it_makes_one(web_server: WebServer, aero: dict[str, Any]) -> None:
    entry = pulled({**aero, "temp_dir": None}, web_server.set_answers("/ww.csv", Answer(ROWS)))
    assert Path(entry["file"]).read_bytes() == ROWS
    os.remove(entry["file"])
    os.rmdir(entry["temp_dir"])


def test_source_url_overrides_the_url(web_server: WebServer, aero: dict[str, Any]) -> None:
    web_server.set_answers("/b.json", Answer(b"[]", headers={"Content-Type": "application/json"}))
    entry = pulled(aero, f"{web_server.url}/missing.csv", source_url=f"{web_server.url}/b.json")
    assert entry["file_format"] == ".json"


def test_the_flow_is_asked_for_a_source_that_the_task_does_not_name(
    web_server: WebServer, aero: dict[str, Any]
) -> None:
    url = web_server.set_answers("/ww.csv", Answer(ROWS))
    web_server.set_json(
        "/aero/flow/f1", {"contributed_to": [{"id": "x", "url": None}, {"id": "d1", "name": "n", "url": url}]}
    )

    _, kwargs = download(aero=aero)

    assert kwargs["aero"]["output_data"]["clean"]["size"] == len(ROWS)
    assert web_server.requests[0].token == "Bearer s3cret"


def test_a_flow_without_a_source_says_so(web_server: WebServer, aero: dict[str, Any]) -> None:
    web_server.set_json("/aero/flow/f1", {"contributed_to": [{"id": "d1", "name": "clean", "url": None}]})
    with faulty("This flow has no source to download: none of its outputs has a url."):
        download(aero=aero)


def test_two_sources_are_one_too_many(aero: dict[str, Any]) -> None:
    with faulty("This flow declares the sources a, b; an ingestion downloads one."):
        download(aero={**aero, "output_data": {"a": {"url": "http://x/"}, "b": {"url": "http://y/"}}})


@pytest.mark.parametrize(
    ("path", "kind", "body", "suffix"),
    [
        ("/ww.csv", "text/csv; charset=latin-1", ROWS, ".csv"),
        ("/rows.CSV", "application/octet-stream", ROWS, ".csv"),
        ("/export", "text/csv", ROWS, ".csv"),
        ("/export.php", "application/json", b"{}", ".json"),
        ("/ww.csv.gz", "application/gzip", gzip.compress(ROWS), ".csv.gz"),
        ("/page.html", "text/html", b"<html></html>", ".html"),
        ("/v1.2", "application/vnd.apache.parquet", b"PAR1", ".parquet"),
        ("/ww.csv", "", ROWS, ".csv"),
        ("/thing", "application/octet-stream", b"x", ""),
        ("/grid.nc", "text/plain", b"CDF\x01\0\xff", ".nc"),
        ("/mislabelled.csv", "text/html", ROWS, ".csv"),
    ],
)
def test_the_suffix_comes_from_the_url_and_then_from_the_type(
    web_server: WebServer, aero: dict[str, Any], path: str, kind: str, body: bytes, suffix: str
) -> None:
    url = web_server.set_answers(path, Answer(body, headers={"Content-Type": kind} if kind else {}))
    entry = pulled(aero, url)
    assert entry["file_format"] == suffix
    assert entry["file"].endswith(suffix)
    assert entry["encoding"] == ("latin-1" if "latin" in kind else "utf-8")


def test_a_source_whose_type_nothing_tells_is_no_data(web_server: WebServer, aero: dict[str, Any]) -> None:
    with faulty("/thing declares no content type, and its URL has no file ending."):
        pulled(aero, web_server.set_answers("/thing", Answer(ROWS)))


@pytest.mark.parametrize(
    ("body", "encoding"),
    [(LATIN, "cp1252"), ("naïve;b\n1;2\n".encode("cp1252"), "cp1252"), ("a,é\n".encode("utf-16"), "utf-16")],
)
def test_text_that_is_not_utf8_is_data_and_its_version_says_which(
    web_server: WebServer, aero: dict[str, Any], body: bytes, encoding: str
) -> None:
    entry = pulled(aero, web_server.set_answers("/ww.csv", Answer(body, headers=CSV)), pull={"allow": []})
    assert (Path(entry["file"]).read_bytes(), entry["encoding"]) == (body, encoding)


@pytest.mark.parametrize(
    ("charset", "body", "encoding"),
    [
        ("klingon", ROWS, "utf-8"),
        ("utf-8", LATIN, "cp1252"),
        ("utf-8", WIDE, "utf-16"),
        ("latin-1", WIDE, "utf-16"),
        ("hex", ROWS, "utf-8"),
    ],
)
def test_where_the_bytes_contradict_a_declared_encoding_they_decide(
    web_server: WebServer, aero: dict[str, Any], charset: str, body: bytes, encoding: str
) -> None:
    url = web_server.set_answers("/ww.csv", Answer(body, headers={"Content-Type": f"text/csv; charset={charset}"}))
    entry = pulled(aero, url, pull={"allow": []})
    assert (Path(entry["file"]).read_bytes(), entry["encoding"]) == (body, encoding)


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "latin-1", "cp1252"])
def test_text_in_the_encoding_that_it_tells_is_kept_as_it_is(
    web_server: WebServer, aero: dict[str, Any], charset: str
) -> None:
    body = "day,Zürich\n1,2\n".encode(charset)
    url = web_server.set_answers("/ww.csv", Answer(body, headers={"Content-Type": f'text/csv; charset="{charset}"'}))
    entry = pulled(aero, url, pull={"allow": []})
    assert (Path(entry["file"]).read_bytes(), entry["encoding"]) == (body, charset)


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(ROWS)),
        ("x-gzip", gzip.compress(ROWS[:9]) + gzip.compress(ROWS[9:]) + b"\0" * 9),
        ("deflate", zlib.compress(ROWS)),
        ("deflate", zlib.compress(ROWS)[2:-4]),
        ("identity", ROWS),
    ],
)
def test_a_body_compressed_for_its_way_is_unpacked(
    web_server: WebServer, aero: dict[str, Any], encoding: str, packed: bytes
) -> None:
    headers = {**CSV, "Content-Encoding": encoding}
    url = web_server.set_answers("/ww.csv.gz", Answer(packed, headers=headers))
    entry = pulled(aero, url)
    assert Path(entry["file"]).read_bytes() == ROWS
    assert (entry["size"], entry["file_format"]) == (len(ROWS), ".csv")


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer(b"<html>gone</html>", 404), "/ww.csv answered 404 (Not Found)."),
        (Answer(b"", 410), "answered 410 (Gone)."),
        (Answer(b"<h1>x</h1>", 500, {"Content-Type": "text/html"}), "answered 500 (Internal Server Error)."),
        (Answer(b"quota is used up", 429, {"Content-Type": "text/plain"}), "(Too Many Requests): quota is used up"),
        (Answer(b"", 200, CSV), "/ww.csv sent an empty body."),
        (Answer(status=204), "sent an empty body."),
        (Answer(ROWS, promised=1000), f"promised 1,000 bytes and sent {len(ROWS)} bytes."),
        (Answer(b"<!DOCTYPE html><p>log in", headers=CSV), "answered with a web page, not with data."),
        (Answer(b"\n <div>x", headers={"Content-Type": "text/html"}), "answered with a web page, not with data."),
        (Answer(b"junk", headers={"Content-Encoding": "gzip"}), "sent a body that cannot be decoded."),
        (Answer(ROWS, headers={"Content-Encoding": "br"}), "compressed as br, which cannot be decoded here."),
        (Answer(gzip.compress(ROWS)[:-9], headers={"Content-Encoding": "gzip"}), "a body that cannot be decoded."),
        (Answer(gzip.compress(ROWS) + b"x", headers={"Content-Encoding": "gzip"}), "a body that cannot be decoded."),
        (Answer(zlib.compress(ROWS)[:-1], headers={"Content-Encoding": "deflate"}), "a body that cannot be decoded."),
        (Answer(zlib.compress(ROWS) + b"x", headers={"Content-Encoding": "deflate"}), "a body that cannot be decoded."),
        (Answer(ROWS, 206, {**CSV, "Content-Range": "bytes 0-21/99"}), "answered 206 (Partial Content) to a request"),
        (Answer(b"queued", 202, CSV), "answered 202 (Accepted) to a request for the whole file."),
        (Answer(ROWS, promised=5), "promised 5 bytes and sent more."),
        (Answer(ROWS, promised=-5), "declares a length that is not a number, '-5'."),
        (Answer(ROWS, headers={"Content-Length": "7"}), "answered with two different lengths."),
        (Answer(status=302, headers={"Location": "/ww.csv"}), "redirects without end."),
        (Answer(hang_up=True), "did not answer: the connection broke."),
    ],
)
def test_a_bad_source_is_one_sentence_and_leaves_no_file(
    web_server: WebServer, aero: dict[str, Any], answer: Answer, sentence: str
) -> None:
    url = web_server.set_answers("/ww.csv", answer)
    with faulty(sentence):
        pulled(aero, f"{url}?X-Amz-Signature=abc&token=s3cret")
    assert os.listdir(aero["temp_dir"]) == []


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://127.0.0.1:9/ww.csv?sig=1", "The source http://127.0.0.1:9/ww.csv did not answer: the connection was"),
        ("http://name.invalid/ww.csv", "did not answer: its host name was not found."),
        ("http://[::1/x?sig=1", "The source http://[::1/x is not a web URL."),
        ("ftp://127.0.0.1/ww.csv", "is not an http or https URL."),
    ],
)
def test_no_source_at_all(aero: dict[str, Any], url: str, sentence: str) -> None:
    with faulty(sentence):
        pulled(aero, url)


def test_a_source_that_is_busy_is_asked_again(web_server: WebServer, aero: dict[str, Any]) -> None:
    url = web_server.set_answers("/ww.csv", Answer(status=503), Answer(hang_up=True), Answer(ROWS))
    assert pulled(aero, url)["size"] == len(ROWS)
    assert web_server.count_requests("/ww.csv") == 3


def test_but_not_for_ever(web_server: WebServer, aero: dict[str, Any]) -> None:
    url = web_server.set_answers("/ww.csv", Answer(status=503))
    with faulty("answered 503 (Service Unavailable)."):
        pulled(aero, url)
    assert web_server.count_requests("/ww.csv") == 4


def test_a_long_page_is_not_quoted_at_length(web_server: WebServer, aero: dict[str, Any]) -> None:
    url = web_server.set_answers("/ww.csv", Answer(b"x" * 5000, 400, {"Content-Type": "text/plain"}))
    with pytest.raises(AeroJobError) as caught:
        pulled(aero, url)
    assert len(str(caught.value)) < 300
    assert caught.value.status == 400
