"""A saved notebook holds a secret of a URL only where the person typed it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from support.http_serving import serve_in_thread

from aero_jupyter.service import daemon

USER, KEY, TOKEN, AMZ, SIG = (f"Zq8{name}S3cr3t" for name in ("user", "key", "token", "amz", "sig"))
_REGISTER = """%%aero_register --source raw={url} --output measured --every 1d --policy ingestion
import pandas as pd

def clean(raw):
    return pd.read_csv(raw)
"""
_FAILS = """%%aero_register --source bad={url} --output failing --every 1d
def fails(bad):
    raise ValueError("of " + open(bad).read())
"""
_LOOKS = [
    "import aero_jupyter as aero\nawait aero.flow('clean').panel.wait()",
    "%aero_list data",
    "%aero_list flow",
    "%aero_list prov",
    "%aero_list run",
    "%aero_search measured",
    "%aero_versions measured",
    "measured = %aero_get measured\nprint(measured.attrs)\nmeasured",
    "%aero_lineage measured",
    "aero.browse('measured')",
    "aero.monitor()",
    "aero.flow('clean')",
    "print(aero.flow('clean').as_code())",
    "%aero_status",
    "aero.lineage('measured')",
]


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = 500 if self.path.startswith("/bad") else 200
        body = b"a,b\n1,2\n"
        self.send_response(status)
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture
def host() -> Iterator[str]:
    with serve_in_thread(ThreadingHTTPServer(("127.0.0.1", 0), _Handler)) as server:
        yield f"127.0.0.1:{server.server_port}"


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_a_saved_notebook_shows_no_secret_of_a_source(host: str, tmp_path: Path) -> None:
    query = f"api_key={KEY}&token={TOKEN}&X-Amz-Signature={AMZ}&sig={SIG}"
    url, bad = f"http://ann:{USER}@{host}/a.csv?{query}", f"http://ann:{USER}@{host}/bad.csv?{query}"
    book: Any = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
    sources = ["%load_ext aero_jupyter", _REGISTER.format(url=url), _FAILS.format(url=bad), *_LOOKS]
    book.cells = [nbformat.v4.new_code_cell(source) for source in sources]  # type: ignore[no-untyped-call]
    home = tmp_path / "home"
    env = {**os.environ, "AERO_HOME": str(home), "AERO_CONFIG_FILE": str(home / "none.toml")}
    client = NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}})
    try:
        done = client.execute(env=env)
    finally:
        daemon.stop(home)
    saved = [(cell.source, json.dumps(cell.outputs)) for cell in done.cells] + [("widgets", json.dumps(done.metadata))]
    found = {
        source.splitlines()[0] for source, text in saved for secret in (USER, KEY, TOKEN, AMZ, SIG) if secret in text
    }
    assert not found
    assert "a.csv" in json.dumps([text for _, text in saved])
