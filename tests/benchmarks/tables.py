"""The live table in a real browser: how soon it is there, and how long a turned page takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import sync_playwright
from support.jupyter_server import Jupyter, chromium

from benchmarks.figures import Figure, of_samples
from benchmarks.place import own_session

_ROWS, _TURNS, _TABLES = 400, 24, 7
_LIST = "%aero_list data"
_FIRST = """async number => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = number;
    await window.jupyterapp.commands.execute('notebook:run-cell');
    const replied = performance.now();
    const cell = notebook.widgets[number].node;
    while (!cell.querySelector('.aero-grid tbody tr')) await new Promise(done => setTimeout(done, 5));
    return performance.now() - replied;
}"""
_TURN = """async () => {
    const about = () => document.querySelector('.aero-grid .about').textContent;
    const before = about(), began = performance.now();
    [...document.querySelectorAll('.aero-grid button')].find(button => button.textContent === 'Next').click();
    while (about() === before) await new Promise(done => setTimeout(done, 2));
    return performance.now() - began;
}"""


def measure() -> Iterator[Figure]:
    """Measure in JupyterLab; nothing where there is no browser."""
    path = chromium()
    if path is None:
        return
    with own_session() as session, TemporaryDirectory(prefix="aero-bench-") as folder:
        for number in range(_ROWS):
            body = {"name": f"source_{number}", "url": f"https://example.org/{number}.csv"}
            session.client.post("data/source", data=body)
        with Jupyter(Path(folder)) as jupyter, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            yield from _in(jupyter, browser)
            browser.close()


def _in(jupyter: Jupyter, browser: Any) -> Iterator[Figure]:
    name = jupyter.write_notebook("tables.ipynb", "%load_ext aero_jupyter", *[_LIST] * _TABLES)
    with jupyter.open(browser, name) as notebook:
        notebook.page.evaluate(
            "() => window.jupyterapp.commands.execute('notebook:run-cell').then(() => true, () => true)"
        )
        first = [notebook.page.evaluate(_FIRST, number) for number in range(1, _TABLES + 1)]
        turns = [notebook.page.evaluate(_TURN) for _ in range(_TURNS)]
    yield of_samples("first table after the cell's reply", first, "ms", 300.0)
    yield of_samples("page turn", turns, "ms", 65.0)
