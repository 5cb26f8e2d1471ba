"""Panels over a server that refuses, hangs, or wants a login: nothing holds up a cell, and each says why."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.older_server import older_server
from support.panel_threads import wait_for_panel_threads

import aero_jupyter
from aero_jupyter.notebook.panels import loading, table_panel
from aero_jupyter.notebook.panels.catalogue import Browse
from aero_jupyter.notebook.panels.workbench import panel as benches
from aero_jupyter.notebook.tables.query import ListQuery
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.poller import poller
from aero_jupyter.service import daemon
from aero_jupyter.session import connections as session

pytestmark = pytest.mark.slow

MAKERS: dict[str, Callable[[], Any]] = {
    "panel": lambda: aero_jupyter.panel(),
    "runs": lambda: aero_jupyter.panel("runs"),
    "browse": lambda: aero_jupyter.browse("sewage", where={"name": "s*"}),
    "monitor": lambda: aero_jupyter.monitor(state="failed"),
}


@pytest.fixture(autouse=True)
def _quick(shell: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for module in (loading, table_panel, benches):
        monkeypatch.setattr(module, "FIRST_PAGE_SECONDS", 3.0)
    home = os.environ["AERO_HOME"]
    yield
    # The local AERO of the tests, not an additional one of a single test.
    os.environ["AERO_HOME"] = home
    aero_jupyter.local()


@pytest.fixture(params=["refuses", "hangs"])
def broken(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server that gives no answer, and what is said of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        where = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        if request.param == "refuses":
            listener.close()
        aero_jupyter.connect(where, token="an-access-token")
        yield f"No answer from {where}." if request.param == "refuses" else f"{where} did not answer in time."


@pytest.mark.parametrize("name", MAKERS)
def test_a_panel_is_there_at_once_and_says_what_is_the_matter(broken: str, name: str) -> None:
    began = time.monotonic()
    panel = MAKERS[name]()
    assert panel.widget is not None
    panel.on_displayed()
    code, value, saved = panel.as_code(), panel.value, panel.mime_bundle()
    assert time.monotonic() - began < 2.5
    assert "Loading …" in saved["text/plain"] or broken in saved["text/plain"]
    wait_for_panel_threads()
    text = panel.mime_bundle()["text/plain"]
    assert broken in text
    assert "Trying again." in text
    assert (panel.as_code(), panel.value) == (code, value)
    assert broken in repr(panel)
    assert broken in panel._repr_html_()
    panel.close()


def stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> session.Session:
    monkeypatch.setenv("AERO_HOME", str(tmp_path))
    here = aero_jupyter.local()
    daemon.stop(tmp_path)
    return here


def test_the_table_comes_when_the_server_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = Browse(stopped(tmp_path, monkeypatch), ListQuery("data"))
    assert panel.widget is not None
    panel.on_displayed()
    wait_for_panel_threads()
    assert panel._live is None
    daemon.ensure(tmp_path)
    poller.now()
    until(lambda: panel._live is not None)
    assert panel.widget.children[0].children == (panel._live.box,)
    until(lambda: "There is nothing yet." in panel._live.pager.view().empty)
    panel.close()
    daemon.stop(tmp_path)


def test_retry_starts_a_local_aero_that_was_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = stopped(tmp_path, monkeypatch)
    panel = Browse(here, ListQuery("data"))
    assert panel.widget is not None
    wait_for_panel_threads()
    shown = panel._placeholder.tree()
    assert "retry" in [node["do"] for node in trees.walk(shown) if node["is"] == "button"]
    panel._placeholder.act({"do": "retry"})
    wait_for_panel_threads()
    assert panel._live is not None
    daemon.stop(tmp_path)
    bench = benches.Workbench(here, "register", {})
    assert not bench.look()
    bench.act({"do": "start"})
    wait_for_panel_threads()
    assert "✓ local AERO" in trees.as_text(bench.tree())
    daemon.stop(tmp_path)


def until(ready: Callable[[], bool]) -> None:
    clock = threading.Event()
    for _ in range(400):
        if ready():
            return
        clock.wait(0.05)
    raise AssertionError


def test_runs_that_need_a_login_say_so_in_their_tab(aero: Any) -> None:
    with older_server(aero.url, aero.token) as older:
        aero_jupyter.connect(older.url, token=aero.token)
        bench = aero_jupyter.panel("runs")
        assert bench.widget is not None
        wait_for_panel_threads()
        text = bench._panels["runs"].mime_bundle()["text/plain"]
        assert "Logging in to" in text
        assert "Retry" in str(bench._panels["runs"]._placeholder.tree())
        assert "◌" in trees.as_text(bench.tree()).splitlines()[0]
        assert " · Globus · with an access token" in trees.as_text(bench.tree())
        bench.close()
