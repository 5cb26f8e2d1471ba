"""The secret fields of the register form in a real browser: names are typed, and secrets reach only the download."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect
from support.jupyter_server import Jupyter
from support.keyring_file import keyring_file

from aero_jupyter.testing import local_aero

WAIT_MS = 120_000
TOKEN = "s3cr3t-app-token"
PASSWORD, NEXT_PASSWORD = "s3cr3t-pass-of-may", "s3cr3t-pass-of-june"
CELLS = (
    "%load_ext aero_jupyter\nimport aero_jupyter as aero",
    "def portal_rows(raw):\n    import pandas as pd\n    return pd.read_csv(raw)",
    "form = aero.register_form(portal_rows)\nform",
    "print(repr(form), form.as_code())\naero.read('portal_rows', version=2)",
)


class Portal(ThreadingHTTPServer):
    """A source that requires an app token and a login; each password gets rows of its own."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/rows.csv"
        self.rows = {_login(PASSWORD): b"a,b\n1,2\n", _login(NEXT_PASSWORD): b"a,b\n1,2\n3,4\n"}
        self.refused: list[str] = []
        self.logins: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: Portal

    def do_GET(self) -> None:
        login = self.headers.get("Authorization", "")
        body = self.server.rows.get(login) if self.headers.get("X-App-Token") == TOKEN else None
        (self.server.refused if body is None else self.server.logins).append(login)
        self.send_response(401 if body is None else 200)
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: Any) -> None:
        return


def _login(password: str) -> str:
    return "Basic " + base64.b64encode(f"ann:{password}".encode()).decode()


@pytest.fixture
def portal() -> Iterator[Portal]:
    with Portal() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def field(form: Locator, key: str) -> Locator:
    """Return a control of the form by the key that the panel gives it, whatever its label."""
    return form.locator(f'[data-key="{key}"]')


def require_no_secret(text: str, what: str) -> None:
    """Raise if a text holds a secret, plain or as a login header holds it."""
    logins = [_login(each).removeprefix("Basic ") for each in (PASSWORD, NEXT_PASSWORD)]
    assert not [each for each in ("s3cr3t", *logins) if each in text], f"{what} holds a secret."


def require_no_secret_in_files(folder: Path) -> None:
    """Raise if any file below a folder holds a secret."""
    for path in folder.rglob("*"):
        if path.is_file():
            require_no_secret(path.read_bytes().decode("latin-1"), str(path))


def fill_in(form: Locator, url: str) -> None:
    """Name the two secrets, then the source: the form checks a source as soon as it has a URL."""
    field(form, "choice how raw").select_option("pulled")
    field(form, "field headers").fill("X-App-Token=$PORTAL_APP_TOKEN")
    field(form, "field auth").fill("keyring:portal/ann")
    expect(form).to_contain_text("$PORTAL_APP_TOKEN", timeout=WAIT_MS)
    expect(form).to_contain_text("keyring:portal/ann", timeout=WAIT_MS)
    field(form, "field what raw").fill(url)


@pytest.mark.slow
def test_secrets_named_in_the_form_reach_the_download_and_no_file(
    browser: Any, portal: Portal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, jupyter_folder = tmp_path / "aero", tmp_path / "jupyter"
    monkeypatch.setenv("AERO_HOME", str(home))
    monkeypatch.setenv("PORTAL_APP_TOKEN", TOKEN)
    with (
        keyring_file(tmp_path / "keyring.cfg") as ring,
        local_aero(home),
        Jupyter(jupyter_folder) as jupyter,
        jupyter.open(browser, jupyter.write_notebook("secrets.ipynb", *CELLS)) as notebook,
    ):
        ring.set_password("portal", "ann", PASSWORD)
        notebook.run_cells(3)
        form = notebook.output(2)
        fill_in(form, portal.url)
        register = form.get_by_role("button", name="Register", exact=True)
        expect(register).to_be_enabled(timeout=WAIT_MS)
        register.click()
        expect(form).to_contain_text("portal_rows (v1", timeout=WAIT_MS)
        assert portal.logins[-1] == _login(PASSWORD)
        notebook.screenshot("register-form-secrets")

        # The entry changes while notebook and service run: each run looks its value up by name.
        ring.set_password("portal", "ann", NEXT_PASSWORD)
        form.get_by_role("button", name="Run now").click()
        expect(form).to_contain_text("portal_rows (v2", timeout=WAIT_MS)
        assert portal.logins[-1] == _login(NEXT_PASSWORD)
        assert portal.refused == []

        notebook.run_cell(3)
        expect(notebook.output(3)).to_contain_text("keyring:portal/ann", timeout=WAIT_MS)
        expect(notebook.output(3).locator(".aero-grid, table").first).to_be_visible(timeout=WAIT_MS)
        require_no_secret(notebook.page.content(), "The page")
        notebook.save()
    require_no_secret_in_files(jupyter_folder)
    require_no_secret_in_files(home)
    assert "keyring:portal/ann" in str(jupyter.read_notebook("secrets.ipynb"))
