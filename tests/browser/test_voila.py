"""Voila shows the live panels of a notebook."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
import requests
from playwright.sync_api import expect

CELLS = ("%load_ext aero_jupyter\nimport aero_jupyter as aero", "aero.panel('browse')")


@pytest.fixture
def voila(aero: Any, tmp_path: Path) -> Iterator[str]:
    """Serve a notebook with a panel; yield its URL."""
    book = tmp_path / "panel.ipynb"
    kernel = {"kernelspec": {"name": "python3", "display_name": "python3", "language": "python"}}
    cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), book)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "voila", str(book), "--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1"]
    env = os.environ | {"JUPYTER_RUNTIME_DIR": str(tmp_path / "run"), "IPYTHONDIR": str(tmp_path / "ipython")}
    with (tmp_path / "voila.log").open("w") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    url = f"http://127.0.0.1:{port}/"
    try:
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline and process.poll() is None:
            try:
                requests.head(f"{url}voila/static/voila.js", timeout=120)
                break
            except requests.ConnectionError:
                time.sleep(0.2)
        else:
            raise RuntimeError((tmp_path / "voila.log").read_text()[-2_000:])
        yield url
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.slow
def test_voila_shows_the_live_workbench(voila: str, browser: Any) -> None:
    page = browser.new_page()
    page.set_default_timeout(180_000)
    try:
        page.goto(voila)
        expect(page.locator(".aero-grid").first).to_be_visible(timeout=180_000)
        page.get_by_role("tab", name="Runs").click()
        expect(page.get_by_role("tab", name="Runs")).to_have_attribute("aria-selected", "true")
    finally:
        page.close()
