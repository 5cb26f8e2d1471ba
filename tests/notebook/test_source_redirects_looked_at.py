"""The redirects of a source that preflight follows: the same ones as a run."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from support.http_serving import serve_in_thread

from aero_jupyter.notebook.registration import source_probe

TARGETS = {
    "/file": "file:///etc/hosts",
    "/metadata": "http://169.254.169.254/latest",
    "/mapped": "http://[::ffff:169.254.169.254]/",
    "/ftp": "ftp://127.0.0.1/x.csv",
    "/moved": "/rows.csv",
}


class _Source(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        target = TARGETS.get(self.path)
        self.send_response(302 if target else 200)
        if target:
            self.send_header("Location", target)
        body = b"" if target else b"a,b\n1,2\n"
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def source() -> Iterator[str]:
    with serve_in_thread(ThreadingHTTPServer(("127.0.0.1", 0), _Source)) as server:
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/file", "a file of this machine, which is never downloaded"),
        ("/metadata", "a link-local address, which is not downloaded. Set AERO_LOCAL_ALLOW=link-local"),
        ("/mapped", "a link-local address, which is not downloaded. Set AERO_LOCAL_ALLOW=link-local"),
        ("/ftp", "not an http or https URL"),
    ],
)
def test_a_redirect_that_a_run_would_refuse_is_said_and_not_followed(
    source: str, path: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The proxy does not exist: a redirected request would end in another message.
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    (remark,) = source_probe.check_source(source + path)
    assert remark.mark == source_probe.WARNING
    assert said in remark.text


def test_a_redirect_that_a_run_follows_is_followed(source: str) -> None:
    assert source_probe.check_source(source + "/moved") == []


def test_a_link_local_source_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    (remark,) = source_probe.check_source("http://169.254.169.254/latest/meta-data/rows.csv")
    assert "AERO_LOCAL_ALLOW=link-local" in remark.text
