"""Every change of a source is stored; a web page is stored only if that was requested."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import formatdate, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from support.http_serving import serve_in_thread
from support.rest_caller import RestCaller, start_run, wait_for_runs


class Dated(ThreadingHTTPServer):
    """One file that tells nothing but when it changed, by the second."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/"
        self.body, self.changed = b"", ""


class _Handler(BaseHTTPRequestHandler):
    server: Dated

    def do_GET(self) -> None:
        since = self.headers.get("If-Modified-Since")
        is_same = bool(since) and parsedate_to_datetime(self.server.changed) <= parsedate_to_datetime(str(since))
        self.send_response(304 if is_same else 200)
        self.send_header("Last-Modified", self.server.changed)
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Length", str(0 if is_same else len(self.server.body)))
        self.end_headers()
        if not is_same:
            self.wfile.write(self.server.body)

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def dated() -> Iterator[Dated]:
    with serve_in_thread(Dated()) as server:
        yield server


def ingestion(call: RestCaller, name: str, url: str, **more: str) -> dict[str, Any]:
    answer = call.flow(rule=0, timer=86_400, output_data={name: {"url": url, **more}}, input_data={}, flow_kwargs={})
    assert answer.status_code == 200, answer.text
    wait_for_runs(call, answer.json())
    flow: dict[str, Any] = answer.json()
    return flow


def test_a_source_that_changes_twice_within_a_second_is_downloaded_twice(call: RestCaller, dated: Dated) -> None:
    dated.body, dated.changed = b"a,b\n1,2\n", formatdate(usegmt=True)
    flow = ingestion(call, "twice a second", dated.url + "x.csv")
    dated.body = b"a,b\n3,4\n"
    assert start_run(call, flow)["contributed_to"]
    assert len(call("GET", f"data/{flow['contributed_to'][0]['id']}/versions").json()) == 2


def test_an_old_date_is_asked_with(call: RestCaller, dated: Dated) -> None:
    dated.body, dated.changed = b"a,b\n1,2\n", formatdate(0, usegmt=True)
    flow = ingestion(call, "old date", dated.url + "x.csv")
    assert start_run(call, flow)["state"] == "unchanged"


def test_a_page_or_an_error_after_a_table_is_no_version_unless_anything_is_accepted(
    call: RestCaller, dated: Dated
) -> None:
    dated.body, dated.changed = b"a,b\n1,2\n", formatdate(usegmt=True)
    flow, all_of_it = (
        ingestion(call, "checked", dated.url + "export"),
        ingestion(call, "anything", dated.url + "export", check="none"),
    )
    for body, what in ((b"<!doctype html><p>log in", "web page"), (b'{"error": "busy"}', "an error in JSON")):
        dated.body = body
        failed = start_run(call, flow)
        assert (failed["state"], what in failed["error"], "--check none" in failed["error"]) == ("failed", True, True)
        assert start_run(call, all_of_it)["state"] == "done"
    assert len(call("GET", f"data/{flow['contributed_to'][0]['id']}/versions").json()) == 1
