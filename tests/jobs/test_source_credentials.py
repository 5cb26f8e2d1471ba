"""The credentials of a source: named, resolved on the machine that downloads, and never shown."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backends import fail
from support.http_serving import serve_in_thread
from support.keyring_file import keyring_file

from aero_jupyter import jobs
from aero_jupyter._version import __version__

SECRET = "s3cr3t-of-the-portal"


class Portal(ThreadingHTTPServer):
    """A source that records the headers of each request."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.seen: list[dict[str, str]] = []
        self.target = ""


class _Handler(BaseHTTPRequestHandler):
    server: Portal

    def do_GET(self) -> None:
        seen = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append(seen)
        if self.path.startswith("/moved"):
            return self._answer(302, b"", Location=self.server.target)
        if self.path.startswith("/denied"):
            return self._answer(403, f"no rights for {seen.get('x-app-token')}".encode(), kind="text/plain")
        if self.path.startswith("/broken") and "range" not in seen:
            self.send_response(200)
            for name, value in (("ETag", '"1"'), ("Accept-Ranges", "bytes"), ("Content-Type", "text/csv")):
                self.send_header(name, value)
            self.send_header("Content-Length", "8")
            self.end_headers()
            self.wfile.write(b"a,b\n")
            return None
        if "range" in seen:
            return self._answer(206, b"1,2\n", ETag='"1"', **{"Content-Range": "bytes 4-7/8"})
        if "if-none-match" in seen:
            return self._answer(304, b"")
        return self._answer(200, b"a,b\n1,2\n", ETag='"1"')

    def _answer(self, status: int, body: bytes, kind: str = "text/csv", **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Type": kind, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


def _served() -> Iterator[Portal]:
    with serve_in_thread(Portal()) as server:
        yield server


@pytest.fixture
def portal() -> Iterator[Portal]:
    yield from _served()


@pytest.fixture
def other() -> Iterator[Portal]:
    yield from _served()


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PORTAL_TOKEN", SECRET)
    monkeypatch.setenv("AERO_DIR", str(tmp_path / "aero"))


def download(url: str, folder: Path, more: dict[str, Any] | None = None, **entry: Any) -> dict[str, Any]:
    aero = {"output_data": {"raw": {"url": url, **entry}}, "temp_dir": str(folder), **(more or {})}
    return dict(jobs.download(aero=aero)[1]["aero"])


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("value", "sent"),
    [("$PORTAL_TOKEN", SECRET), ("${PORTAL_TOKEN}", SECRET), ("Bearer $PORTAL_TOKEN", f"Bearer {SECRET}")],
)
def test_a_header_takes_its_secret_from_the_environment(portal: Portal, tmp_path: Path, value: str, sent: str) -> None:
    outcome = download(f"{portal.url}/a.csv", tmp_path, headers={"X-App-Token": value})
    assert portal.seen[0]["x-app-token"] == sent
    assert SECRET not in json.dumps(outcome)


@pytest.mark.parametrize(("auth", "user"), [("ann:$PORTAL_TOKEN", "ann"), ("a@b.org:${PORTAL_TOKEN}", "a@b.org")])
def test_a_sign_in_takes_its_password_from_the_environment(
    portal: Portal, tmp_path: Path, auth: str, user: str
) -> None:
    outcome = download(f"{portal.url}/a.csv", tmp_path, auth=auth)
    assert portal.seen[0]["authorization"] == basic(user, SECRET)
    assert SECRET not in json.dumps(outcome)


@pytest.mark.parametrize(
    ("entry", "header", "sent"),
    [
        ({"headers": {"X-Key": "keyring:portal/ann"}}, "x-key", SECRET),
        ({"auth": "keyring:portal/ann"}, "authorization", basic("ann", SECRET)),
        ({"auth": "bob:keyring:portal/ann"}, "authorization", basic("bob", SECRET)),
    ],
)
def test_a_secret_comes_from_the_keyring(
    portal: Portal, tmp_path: Path, entry: dict[str, Any], header: str, sent: str
) -> None:
    with keyring_file(tmp_path / "keyring.cfg") as ring:
        ring.set_password("portal", "ann", SECRET)
        download(f"{portal.url}/a.csv", tmp_path, **entry)
    assert portal.seen[0][header] == sent


def test_a_changed_keyring_entry_is_used_by_the_next_download(portal: Portal, tmp_path: Path) -> None:
    with keyring_file(tmp_path / "keyring.cfg") as ring:
        for password in ("of-may", "of-june"):
            ring.set_password("portal", "ann", password)
            download(f"{portal.url}/a.csv", tmp_path, auth="keyring:portal/ann")
    assert [seen["authorization"] for seen in portal.seen] == [basic("ann", "of-may"), basic("ann", "of-june")]


def test_a_missing_keyring_entry_fails_before_anything_is_sent(portal: Portal, tmp_path: Path) -> None:
    with keyring_file(tmp_path / "keyring.cfg"), pytest.raises(jobs.AeroJobError, match="keyring set portal ann"):
        download(f"{portal.url}/a.csv", tmp_path, auth="keyring:portal/ann")
    assert not portal.seen


def test_a_keyring_without_a_backend_fails_before_anything_is_sent(portal: Portal, tmp_path: Path) -> None:
    with keyring_file(tmp_path / "keyring.cfg"):
        keyring.set_keyring(fail.Keyring())
        with pytest.raises(jobs.AeroJobError, match=r"cannot be read where the download runs \(NoKeyringError\)"):
            download(f"{portal.url}/a.csv", tmp_path, auth="keyring:portal/ann")
    assert not portal.seen


@pytest.mark.parametrize("entry", [{"headers": {"X-Key": "$NOT_SET_HERE"}}, {"auth": "ann:${NOT_SET_HERE}"}])
def test_a_name_that_is_not_set_fails_before_anything_is_sent(
    portal: Portal, tmp_path: Path, entry: dict[str, Any]
) -> None:
    with pytest.raises(jobs.AeroJobError, match=r"needs NOT_SET_HERE.*aero-jupyter local stop"):
        download(f"{portal.url}/a.csv", tmp_path, **entry)
    assert not portal.seen


def test_the_secret_does_not_follow_a_redirect_to_another_origin(portal: Portal, other: Portal, tmp_path: Path) -> None:
    portal.target = f"{other.url}/a.csv"
    download(f"{portal.url}/moved.csv", tmp_path, headers={"X-App-Token": "$PORTAL_TOKEN"}, auth="ann:$PORTAL_TOKEN")
    assert {"x-app-token", "authorization"} <= portal.seen[0].keys()
    assert not {"x-app-token", "authorization"} & other.seen[0].keys()


def test_the_secret_is_not_sent_to_the_address_of_a_notification(portal: Portal, other: Portal, tmp_path: Path) -> None:
    more = {"source_url": f"{other.url}/b.csv"}
    download(f"{portal.url}/a.csv", tmp_path, more, headers={"X-App-Token": "$PORTAL_TOKEN"})
    assert "x-app-token" not in other.seen[0]


def test_a_conditional_request_and_a_resumed_download_keep_the_secret(portal: Portal, tmp_path: Path) -> None:
    more = {"known": {"marks": {"etag": '"1"'}, "newest": {"raw": {}}}}
    download(f"{portal.url}/a.csv", tmp_path, more, headers={"X-App-Token": "$PORTAL_TOKEN"})
    download(f"{portal.url}/broken.csv", tmp_path, headers={"X-App-Token": "$PORTAL_TOKEN"})
    assert [seen.get("x-app-token") for seen in portal.seen] == [SECRET] * 3
    assert "range" in portal.seen[-1]


def test_an_answer_that_repeats_the_secret_does_not_show_it(portal: Portal, tmp_path: Path) -> None:
    with pytest.raises(jobs.AeroJobError) as caught:
        download(f"{portal.url}/denied.csv", tmp_path, headers={"X-App-Token": "$PORTAL_TOKEN"})
    assert "--header or --auth" in str(caught.value)
    assert SECRET not in str(caught.value) + caught.value.detail


def test_the_source_sees_which_product_asks(portal: Portal, tmp_path: Path) -> None:
    download(f"{portal.url}/a.csv", tmp_path)
    assert portal.seen[0]["user-agent"].startswith(f"aero-jupyter/{__version__} ")


@pytest.mark.parametrize("written", ["username: ann\npassword: p4ss\n", "password: 'p4ss'\nusername: \"ann\"\n"])
def test_the_yaml_file_of_a_host_signs_in(
    portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    monkeypatch.setenv("AERO_DIR", str(tmp_path))
    (tmp_path / "127.0.0.1.yaml").write_text(written)
    download(f"{portal.url}/a.csv", tmp_path)
    assert portal.seen[0]["authorization"] == basic("ann", "p4ss")


def test_a_yaml_file_without_a_password_is_named_and_not_shown(
    portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AERO_DIR", str(tmp_path))
    (tmp_path / "127.0.0.1.yaml").write_text(f"user: {SECRET}\n")
    with pytest.raises(jobs.AeroJobError, match=r"127\.0\.0\.1\.yaml") as caught:
        download(f"{portal.url}/a.csv", tmp_path)
    assert SECRET not in str(caught.value)
