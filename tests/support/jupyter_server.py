"""A real JupyterLab (or Notebook 7) in a real browser: started, driven by its own commands, and watched."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import requests
from playwright.sync_api import Browser, Locator, Page
from playwright.sync_api import TimeoutError as WaitTimeoutError

_TOKEN = "only-for-this-test"
_IDLE = """() => {
  const kernel = window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel;
  return !!kernel && kernel.connectionStatus === 'connected' && kernel.status === 'idle';
}"""
_STATUS = """() => {
  const kernel = window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel;
  return `${kernel?.connectionStatus} and ${kernel?.status}`;
}"""
#: Longer than any cell of a test waits.
_IDLE_MILLISECONDS = 300_000
_RUN_ALL = "() => window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => true)"
_RUN_ONE = """number => {
  window.jupyterapp.shell.currentWidget.content.activeCellIndex = number;
  return window.jupyterapp.commands.execute('notebook:run-cell').then(() => true);
}"""
_SAVE = "() => window.jupyterapp.commands.execute('docmanager:save').then(() => true)"
_THEME = "name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name}).then(() => true)"
_QUIET = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    # Otherwise cells outside the viewport are not in the page.
    "notebook-extension/tracker": {"windowingMode": "none"},
}


def chromium() -> str | None:
    """Return the path of Chromium; None if this machine has none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("AERO_CHROMIUM") or next((path for name in names if (path := shutil.which(name))), None)


class Jupyter:
    """A Jupyter server of its own, in a folder of its own.

    Parameters
    ----------
    folder : Path
        Where its notebooks, settings and local AERO are.
    app : str
        "lab" or "notebook".
    """

    def __init__(self, folder: Path, app: str = "lab") -> None:
        self.app, self.root, self._folder = app, folder / "notebooks", folder
        self.root.mkdir(parents=True)
        settings = folder / "config" / "lab" / "user-settings" / "@jupyterlab"
        for name, values in _QUIET.items():
            path = settings / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))

    def __enter__(self) -> Jupyter:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        places = {"CONFIG": "config", "DATA": "data", "RUNTIME": "run"}
        env = os.environ | {f"JUPYTER_{what}_DIR": str(self._folder / place) for what, place in places.items()}
        env |= {"IPYTHONDIR": str(self._folder / "ipython"), "PYTHONWARNINGS": "default"}
        options = [
            "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={self.port}", "--ServerApp.port_retries=0",
            f"--IdentityProvider.token={_TOKEN}", f"--ServerApp.root_dir={self.root}",
            "--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True",
        ]  # fmt: skip
        with (self._folder / "jupyter.log").open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyter", self.app, *options],
                env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self._wait_for_start()
        return self

    def _wait_for_start(self) -> None:
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                requests.get(f"http://127.0.0.1:{self.port}/api/status?token={_TOKEN}", timeout=120).raise_for_status()
                return
            except requests.RequestException:
                time.sleep(0.1)
        raise RuntimeError("Jupyter did not start: " + (self._folder / "jupyter.log").read_text()[-2000:])

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def add_kernel(self, name: str, python: Path) -> str:
        """Add a kernel that runs another Python; return its name."""
        place = self._folder / "data" / "kernels" / name
        place.mkdir(parents=True)
        argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        (place / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": name, "language": "python"}))
        return name

    def write_notebook(self, name: str, *cells: str, kernel_name: str = "python3") -> str:
        """Write a notebook of code cells; return its name."""
        kernel = {"kernelspec": {"name": kernel_name, "display_name": kernel_name, "language": "python"}}
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells], metadata=kernel)
        nbformat.write(book, self.root / name)
        return name

    def read_notebook(self, name: str) -> Any:
        """Read a notebook as it was saved."""
        return nbformat.read(self.root / name, as_version=4)

    @contextmanager
    def open(self, browser: Browser, name: str, *, width: int = 1200, height: int = 1600) -> Iterator[Notebook]:
        """Open a notebook and wait for its kernel; at the end, require that the page raised no error."""
        context = browser.new_context(viewport={"width": width, "height": height})
        # A click waits as long as an expectation does: a busy machine draws late.
        context.set_default_timeout(120_000)
        notebook = Notebook(context.new_page(), f"http://127.0.0.1:{self.port}/")
        path = f"lab/tree/{name}?reset&token=" if self.app == "lab" else f"notebooks/{name}?token="
        try:
            notebook.load(path + _TOKEN)
            if self.app == "notebook":
                # Notebook 7 trips over a setting of its own while it loads.
                notebook.errors.clear()
            yield notebook
            assert notebook.errors == [], notebook.errors
            assert notebook.foreign_requests == [], notebook.foreign_requests
        finally:
            context.close()


class Notebook:
    """One open notebook.

    Attributes
    ----------
    page : Page
        Playwright's page.
    errors, foreign : list of str
        Exceptions of the page, and requests to anything but this Jupyter server.
    """

    def __init__(self, page: Page, base: str) -> None:
        self.page, self._base = page, base
        self.errors: list[str] = []
        self.foreign_requests: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._watch(request.url))

    def _watch(self, url: str) -> None:
        if not url.startswith((self._base, "data:", "blob:", self._base.replace("http", "ws", 1))):
            self.foreign_requests.append(url)

    def load(self, path: str) -> None:
        """Load the notebook, and wait until its kernel is idle."""
        self.page.goto(self._base + path)
        self.page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=120_000)
        self._wait_until_idle()

    def _wait_until_idle(self) -> None:
        try:
            self.page.wait_for_function(_IDLE, timeout=_IDLE_MILLISECONDS)
        except WaitTimeoutError as error:
            cells = self.page.locator(".jp-Notebook .jp-Cell").all_inner_texts()
            raise AssertionError(f"The kernel is {self.page.evaluate(_STATUS)}: {cells}") from error

    def run_all(self) -> None:
        """Run every cell and wait for the last."""
        self.page.evaluate(_RUN_ALL)
        self._wait_until_idle()

    def run_cells(self, count: int) -> None:
        """Run the first cells, and wait for the last of them."""
        for number in range(count):
            self.run_cell(number)

    def run_cell(self, number: int) -> None:
        """Run one cell, and wait for it."""
        self.page.evaluate(_RUN_ONE, number)
        self._wait_until_idle()

    def save(self) -> None:
        """Save the notebook, its outputs with it."""
        self.page.evaluate(_SAVE)

    def set_theme(self, dark: bool) -> None:
        """Switch between Lab's light and its dark theme."""
        self.page.evaluate(_THEME, "JupyterLab Dark" if dark else "JupyterLab Light")
        light = "false" if dark else "true"
        self.page.wait_for_selector(f"body[data-jp-theme-light='{light}']", state="attached")
        # While it changes, Lab covers everything.
        self.page.wait_for_selector("#jupyterlab-splash", state="detached")

    def output(self, number: int) -> Locator:
        """Return the output area of a cell, counted from 0."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(number).locator(".jp-Cell-outputArea")

    def screenshot(self, name: str) -> None:
        """Save a screenshot in the folder that AERO_SCREENSHOTS names, if it is set."""
        if folder := os.environ.get("AERO_SCREENSHOTS"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=str(Path(folder) / f"{name}.png"))
