"""An IPython shell with the magics on the tests' local AERO, and a plant whose samples flow through it."""

from __future__ import annotations

import gc
import os
from http.server import ThreadingHTTPServer

import pytest
from IPython.core.interactiveshell import InteractiveShell
from support.http_serving import serve_in_thread
from support.register_form import FilledForm, SourcePages

import aero_jupyter
from aero_jupyter import demo
from aero_jupyter.notebook import extension
from aero_jupyter.notebook.widgets import callbacks

CLEAN = """%%aero_register --source raw={plant.url} --output influent --every 1d --description "Inflow <b>north</b>"
import pandas as pd

def take_in(raw):
    return pd.read_csv(raw)[["sample_collect_date", "sars_cov_2"]]
"""
FOLLOW = """%%aero_register --input influent=influent --output level
import pandas as pd

def follow(influent, window=2):
    '''Smoothed level.'''
    table = pd.read_csv(influent)
    table["level"] = table["sars_cov_2"].rolling(window).mean()
    return table
"""


@pytest.fixture(autouse=True)
def _errors_are_raised_again(monkeypatch):
    monkeypatch.setattr(callbacks, "raises_again", True)


@pytest.fixture
def errors_are_shown(monkeypatch):
    """Errors of callbacks are shown where they happen, and only there, as in somebody's notebook."""
    monkeypatch.setattr(callbacks, "raises_again", False)


@pytest.fixture(scope="session")
def _one_shell(tmp_path_factory):
    before = os.environ.get("IPYTHONDIR")
    os.environ["IPYTHONDIR"] = str(tmp_path_factory.mktemp("ipython"))
    shell = InteractiveShell()
    shell.history_manager.enabled = False
    gc.collect()
    gc.freeze()
    yield shell
    del os.environ["IPYTHONDIR"]
    if before is not None:
        os.environ["IPYTHONDIR"] = before


@pytest.fixture
def shell(aero, _one_shell):
    aero_jupyter.local()
    _one_shell.reset(new_session=False)
    # The shell's namespace is `__main__`, whose spec multiprocessing reads.
    _one_shell.user_ns.setdefault("__spec__", None)
    extension.load(_one_shell)
    yield _one_shell
    extension.unload(_one_shell)


@pytest.fixture(scope="session")
def influent(aero, _one_shell):
    """Data `influent` with two versions, and `level`, which followed each."""
    aero_jupyter.local()
    extension.load(_one_shell)
    with demo.Plant() as plant:
        _one_shell.user_ns["plant"] = plant
        for cell in (CLEAN, "%aero_get influent --wait 180", FOLLOW, "%aero_get level --wait 180"):
            assert _one_shell.run_cell(cell).success
        plant.publish(14)
        for cell in ("%aero_run take_in", "%aero_get level --version 2 --wait 180"):
            assert _one_shell.run_cell(cell).success
    extension.unload(_one_shell)


@pytest.fixture
def error_lines(shell):
    """Return a function that runs a cell and returns the lines of its error."""

    def lines(cell: str) -> list[str]:
        result = shell.run_cell(cell)
        error = result.error_before_exec or result.error_in_exec
        assert error is not None, result.result
        text: list[str] = error._render_traceback_()
        return text

    return lines


@pytest.fixture
def fill_form(shell, influent):
    """Runs cells as a notebook does, and gives a form beside them."""

    def begin(*cells):
        for cell in cells:
            assert shell.run_cell(cell, store_history=True).success
        return FilledForm(shell)

    return begin


@pytest.fixture
def site():
    """Where a table is, a web page that is called one, and nothing else."""
    with serve_in_thread(ThreadingHTTPServer(("127.0.0.1", 0), SourcePages)) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
