"""Changes that a date, or an ETag made of one, does not tell are not missed; parameters of encodings mean nothing."""

from __future__ import annotations

import gzip
import os
import time
from collections.abc import Iterator
from email.utils import formatdate
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from support.download_job import download_entry
from support.http_serving import serve_in_thread
from support.scripted_web import Answer, WebServer

from aero_jupyter.jobs.fetch_source import fetch
from aero_jupyter.jobs.source_validators import validators_of

ROWS = b"day,value\n2026-01-01,1\n"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def folder_url(tmp_path: Path) -> Iterator[str]:
    """Serve files with their Last-Modified alone; a request with a younger date is answered 304."""
    with serve_in_thread(ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))) as server:
        yield f"http://127.0.0.1:{server.server_port}/"


@pytest.mark.parametrize("older_by", [1, 3600, 86_400 * 400])
def test_a_file_that_is_replaced_by_an_older_one_is_a_change(folder_url: str, tmp_path: Path, older_by: int) -> None:
    source, part, then = tmp_path / "day.csv", str(tmp_path / "part"), int(time.time()) - 7200
    source.write_bytes(ROWS)
    os.utime(source, (then, then))
    first = fetch(folder_url + "day.csv", part, {}, {})
    assert first is not None
    marks = validators_of(first[2], time.time())
    assert fetch(folder_url + "day.csv", part, {}, marks) is None
    source.write_bytes(ROWS.replace(b",1", b",2"))
    os.utime(source, (then - older_by, then - older_by))
    second = fetch(folder_url + "day.csv", part, {}, marks)
    assert second is not None
    assert second[0] != first[0]


@pytest.mark.parametrize("form", ['"{0:x}-18"', '"18-{0:X}"', '"{0}-24"'])
def test_an_etag_that_is_made_of_a_young_date_is_not_asked_with(form: str) -> None:
    now = time.time()
    for age, is_kept in ((0, False), (30, False), (3600, True)):
        etag = form.format(int(now) - age)
        headers = {"ETag": etag, "Last-Modified": formatdate(int(now) - age, usegmt=True)}
        assert ("etag" in validators_of(headers, now)) is is_kept


@pytest.mark.parametrize("encoding", ["gzip;q=1.0", "aws-chunked, GZIP ;level=9", "x-gzip; charset=utf-8"])
def test_a_parameter_of_an_encoding_means_nothing(web_server: WebServer, aero: dict[str, Any], encoding: str) -> None:
    headers = {"Content-Type": "text/csv", "Content-Encoding": encoding}
    entry = download_entry(aero, web_server.set_answers("/day.csv", Answer(gzip.compress(ROWS), headers=headers)))
    assert Path(entry["file"]).read_bytes() == ROWS
