"""Secrets typed into the form: in no state that is saved with the notebook, and asked with under their names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from support.http_serving import serve_in_thread

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.source_url import require_source_url
from aero_jupyter.notebook.panels.register.panel import RegisterForm
from aero_jupyter.notebook.panels.register.state import FormState
from aero_jupyter.notebook.panels.register.validator import ValidationResult
from aero_jupyter.notebook.panels.workbench.panel import Workbench
from aero_jupyter.notebook.registration.source_probe import check_source
from aero_jupyter.notebook.widgets import tree as trees

TEXT = "def f(raw):\n    return raw\n"
URLS = [
    "https://ann:s3cr3t@h.example/a.csv",
    "https://h.example/a.csv?api_key=s3cr3t&x=1",
    "https://ann:s3cr3t@h.example/a.csv?x=1&sig=s3cr3t2",
]


class Unasked(RegisterForm):
    """A form whose entries are not looked at."""

    def _validate(self, generation: int | None = None) -> None:
        self._validation = ValidationResult()


@pytest.fixture
def form(monkeypatch: pytest.MonkeyPatch) -> RegisterForm:
    session: Any = SimpleNamespace(is_local=True, name="local", client=None, credentials=None)
    draft = FormState("f", TEXT, bindings=(("raw", "pulled", ""),), outputs="f", when="pull")
    monkeypatch.setattr("aero_jupyter.notebook.panels.register.view.session_code", lambda _: "")
    monkeypatch.setattr("aero_jupyter.notebook.panels.workbench.panel.session_code", lambda _: "")
    return Unasked(session, draft, begin=lambda task: task())


def set_field(form: RegisterForm, name: str, value: str) -> None:
    form.act({"do": "set", "name": name, "value": value})


def shown(form: RegisterForm, name: str) -> str:
    return next(str(node["value"]) for node in trees.walk(form.tree()) if node.get("name") == name)


def everything_saved(form: RegisterForm) -> str:
    states = [widget.get_state() for widget in (form.widget, *form.widget.children)]
    return json.dumps([form.tree(), form.mime_bundle(), states], default=str) + repr(form) + repr(form.value)


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("how", ["pulled", "constant", "input"])
def test_a_secret_in_a_url_is_in_no_saved_state_and_still_registered(form: RegisterForm, url: str, how: str) -> None:
    set_field(form, "what raw", url)
    set_field(form, "how raw", how)
    saved = everything_saved(form)
    assert "s3cr3t" not in saved
    assert "…" in shown(form, "what raw")
    assert form.value.bindings[0][2] == url


@pytest.mark.parametrize("url", URLS)
def test_a_hidden_secret_stays_when_the_rest_of_its_url_is_edited(form: RegisterForm, url: str) -> None:
    set_field(form, "what raw", url)
    set_field(form, "what raw", shown(form, "what raw").replace("a.csv", "b.csv"))
    assert form.value.bindings[0][2] == url.replace("a.csv", "b.csv")


def test_a_secret_is_found_again_where_another_is_removed(form: RegisterForm) -> None:
    set_field(form, "what raw", URLS[2])
    set_field(form, "what raw", "https://h.example/a.csv?x=1&sig=…")
    assert form.value.bindings[0][2] == "https://h.example/a.csv?x=1&sig=s3cr3t2"
    set_field(form, "what raw", "https://h.example/a.csv?token=…")
    assert form.value.bindings[0][2] == "https://h.example/a.csv?token=…"


@pytest.mark.parametrize("url", ["https://…@h.example/a.csv", "https://h.example/a.csv?key=…", "http://h/?x=1&sig=…"])
def test_a_url_copied_without_its_secret_is_refused(url: str) -> None:
    with pytest.raises(InvalidArgument, match="in place of a secret"):
        require_source_url(url, {})
    assert [remark.mark for remark in check_source(url)] == ["✕"]


@pytest.mark.parametrize("url", ["https://h/report…final.csv", "https://h/a.csv?q=…", *URLS])
def test_a_url_that_is_whole_is_not_refused(url: str) -> None:
    require_source_url(url, {})


@pytest.mark.parametrize(
    ("typed", "shown_as"),
    [
        ("X-App-Token=s3cr3t", "X-App-Token=…"),
        ("Authorization: Bearer s3cr3t", "Authorization=…"),
        ("s3cr3t", "…"),
        ("czNjcjN0s3cr3t==", "…"),
        ("Accept=text/csv\nX-Key=x$KEYs3cr3t=4", "Accept=text/csv\nX-Key=…"),
    ],
)
def test_a_header_that_holds_its_secret_is_not_kept_and_refused(form: RegisterForm, typed: str, shown_as: str) -> None:
    set_field(form, "what raw", "https://h.example/a.csv")
    set_field(form, "headers", typed)
    assert "s3cr3t" not in everything_saved(form)
    assert shown(form, "headers") == shown_as
    (finding,) = credential_findings(form)
    assert finding.mark == "✕"
    assert "--" not in str(finding)
    assert "Name the credentials" in form.as_code()
    assert not form.as_code().rstrip().endswith(".register()")


@pytest.mark.parametrize(
    ("typed", "shown_as"), [("ann:s3cr3t", "ann:…"), ("s3cr3t", "…"), ("ann:x$s3cr3t", "ann:…"), ("$U:s3cr3t", "$U:…")]
)
def test_a_login_that_holds_its_password_is_not_kept_and_refused(form: RegisterForm, typed: str, shown_as: str) -> None:
    set_field(form, "auth", typed)
    assert "s3cr3t" not in everything_saved(form)
    assert shown(form, "auth") == shown_as
    assert [finding.mark for finding in credential_findings(form)] == ["✕"]


def credential_findings(form: RegisterForm) -> list[Any]:
    from aero_jupyter.notebook.panels.register.state_checks import check_credentials

    return check_credentials(form.value)


def test_named_secrets_are_kept_registered_and_written_as_code(form: RegisterForm) -> None:
    set_field(form, "what raw", "https://h.example/a.csv")
    set_field(form, "headers", "X-App-Token=$TOKEN\nX-Key: keyring:portal/ann\n")
    set_field(form, "auth", "ann:${PASSWORD}")
    assert credential_findings(form) == []
    wish = form.value.to_request()
    assert (wish.headers, wish.auth) == ({"X-App-Token": "$TOKEN", "X-Key": "keyring:portal/ann"}, "ann:${PASSWORD}")
    assert "'X-App-Token': '$TOKEN'" in form.as_code().replace('"', "'")
    set_field(form, "headers", "")
    set_field(form, "auth", "")
    assert (form.value.headers, form.value.auth) == ((), "")


def test_what_the_source_may_send_can_be_chosen(form: RegisterForm) -> None:
    set_field(form, "what raw", "https://h.example/a.csv")
    set_field(form, "check", "none")
    assert form.value.check == "none"


@pytest.mark.parametrize("url", URLS)
def test_code_of_the_workbench_says_that_its_url_is_incomplete(form: RegisterForm, url: str) -> None:
    set_field(form, "what raw", url)
    code = Workbench(form._session, "register", {"register": form}).as_code()
    assert "s3cr3t" not in code
    assert "# Replace each … in a URL" in code


class _Guarded(BaseHTTPRequestHandler):
    asked: list[tuple[str, str | None, str | None]]

    def do_GET(self) -> None:
        self.requests.append((self.path, self.headers.get("X-Key"), self.headers.get("Authorization")))
        is_known = self.headers.get("X-Key") == "k3y" or self.headers.get("Authorization") == "Basic YW5uOnB3"
        self.send_response(200 if is_known else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def guarded() -> Iterator[tuple[str, list[Any]]]:
    _Guarded.requests = []
    with serve_in_thread(ThreadingHTTPServer(("127.0.0.1", 0), _Guarded)) as server:
        yield f"http://127.0.0.1:{server.server_port}/a.csv", _Guarded.requests


@pytest.mark.parametrize("asked_with", [({"X-Key": "$SOURCE_KEY"}, None), ({}, "ann:$SOURCE_PASSWORD")])
def test_a_source_is_looked_at_with_its_secrets(
    guarded: tuple[str, list[Any]], monkeypatch: pytest.MonkeyPatch, asked_with: tuple[dict[str, str], str | None]
) -> None:
    monkeypatch.setenv("SOURCE_KEY", "k3y")
    monkeypatch.setenv("SOURCE_PASSWORD", "pw")
    assert check_source(guarded[0], None, *asked_with) == []
    monkeypatch.setenv("SOURCE_KEY", "wrong")
    monkeypatch.setenv("SOURCE_PASSWORD", "wrong")
    (finding,) = check_source(guarded[0], None, *asked_with)
    assert "401" in finding.text


@pytest.mark.parametrize("asked_with", [({"X-Key": "$SOURCE_UNSET"}, None), ({}, "ann:$SOURCE_UNSET")])
def test_a_source_whose_secret_is_not_here_is_said_not_to_be_asked(
    guarded: tuple[str, list[Any]], asked_with: tuple[dict[str, str], str | None]
) -> None:
    (finding,) = check_source(guarded[0], None, *asked_with)
    assert (finding.mark, guarded[1]) == ("▲", [])
    assert "was not checked from this computer" in finding.text
    assert "SOURCE_UNSET" in finding.text
