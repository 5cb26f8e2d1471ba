"""Pages without a frame, and messages of several lines, are no versions either."""

from __future__ import annotations

from typing import Any

import pytest
from support.download_job import download_entry
from support.scripted_web import Answer, WebServer

from aero_jupyter.jobs import AeroJobError

CSV = {"Content-Type": "text/csv"}


@pytest.mark.parametrize(
    "body",
    [
        b"<br />\n<b>Warning</b>:  connect(), in <b>/x.php</b>\n<br />\n<b>Warning</b>:  query(), in <b>/x.php</b>\n",
        b"<center><h1>504, Gateway</h1></center>\n<p>a, b</p>\n",
        b"<style>p {color: red}</style>\n<p>x</p>\n<p>y</p>\n<p>z</p>\n",
        b"\xef\xbb\xbf\xef\xbb\xbf<!DOCTYPE html>\n<html>\n",
        "<!DOCTYPE html>\n<html>\n".encode("utf-16-be"),
    ],
)
@pytest.mark.parametrize("path", ["/export", "/day.csv"])
def test_a_page_without_its_frame_is_never_a_version(
    web_server: WebServer, aero: dict[str, Any], path: str, body: bytes
) -> None:
    url = web_server.set_answers(path, Answer(body, headers=CSV))
    with pytest.raises(AeroJobError, match=r"web page, not with data.*--check none"):
        download_entry(aero, url)


@pytest.mark.parametrize(
    "body",
    [
        b'Traceback (most recent call last):\n  File "app.py", line 3, in get\n    rows()\n'
        b'  File "db.py", line 8, in rows\n    raise E\nOperationalError: not connected, retrying\n',
        b"<Error>\n  <Code>SlowDown</Code>\n  <Message>Reduce</Message>\n  <Id>1</Id>\n</Error>\n",
        b"The service is down.\n\nIt returns at 12:00, on Monday.\nSorry for that.\nThe team.\nBye\n",
        b"Error 503\n\nService overloaded\nCome back later\nRequest 4711\nNode 7\n",
    ],
)
def test_a_message_of_several_lines_is_no_version_of_a_table(
    web_server: WebServer, aero: dict[str, Any], body: bytes
) -> None:
    url = web_server.set_answers("/export", Answer(body, headers=CSV))
    with pytest.raises(AeroJobError, match=r"where its last version was data of another kind.*--check none"):
        download_entry(aero, url, source_kind="table")
    with pytest.raises(AeroJobError, match=r"where \.csv was expected"):
        download_entry(aero, web_server.set_answers("/export.csv", Answer(body, headers=CSV)))


@pytest.mark.parametrize("body", [b"\n", b"\xef\xbb\xbf", b" \r\n\r\n"])
def test_a_blank_body_is_no_version(web_server: WebServer, aero: dict[str, Any], body: bytes) -> None:
    with pytest.raises(AeroJobError, match="empty body"):
        download_entry(aero, web_server.set_answers("/export.csv", Answer(body, headers=CSV)))


@pytest.mark.parametrize(
    "body",
    [
        b"Station name\nNorth shore\nSouth bank\nOld mill\nNew mill\n",
        b"Error rates by county\nSource: the county\n\ncounty,rate\na,1\nb,2\nc,3\nd,4\n",
        b'name,comment\na,"x, y"\nb,"z"\nc,"p, q, r"\n',
    ],
)
def test_a_table_with_words_is_still_a_table(web_server: WebServer, aero: dict[str, Any], body: bytes) -> None:
    url = web_server.set_answers("/export.csv", Answer(body, headers=CSV))
    first = download_entry(aero, url)
    assert download_entry(aero, url, source_kind=first["source_kind"])["size"] == len(body)


def test_xml_stays_data_where_xml_was(web_server: WebServer, aero: dict[str, Any]) -> None:
    url = web_server.set_answers("/feed", Answer(b"<?xml version='1.0'?>\n<rows>\n<r n='1'/>\n</rows>\n", headers=CSV))
    first = download_entry(aero, url)
    assert download_entry(aero, url, source_kind=first["source_kind"])["source_kind"] == first["source_kind"]
