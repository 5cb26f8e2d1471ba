"""The local AERO stopped and started again, under panels that stay open."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import aero_jupyter
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.service import daemon
from aero_jupyter.session import connections as session

pytestmark = pytest.mark.slow

MADE = "def made_here(n=1):\n    return n\n"


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """An AERO of its own, that the test may stop."""
    monkeypatch.setenv("AERO_HOME", str(tmp_path))
    monkeypatch.setattr(session, "_current", None)
    yield tmp_path
    daemon.stop(tmp_path)


@pytest.mark.parametrize("port", ["is free again", "is taken"])
def test_panels_cards_frames_and_sessions_go_on_when_the_local_aero_is_back(home: Path, port: str) -> None:
    before = aero_jupyter.local()
    state = before.state
    assert state is not None
    flow = before.register(portable(MADE), outputs=["made_here"])
    bench, monitor, card = aero_jupyter.panel(), aero_jupyter.monitor(), aero_jupyter.flow(flow.id).panel
    assert monitor.widget is not None
    frame, pager = aero_jupyter.frame("data"), monitor._runs
    pager.turn(pager.place)
    watching: tuple[Any, ...] = (bench, pager, card)
    assert all(each.look() for each in watching)

    assert daemon.stop(home)
    assert not any(each.look() for each in watching)
    assert "✕ local AERO" in trees.as_text(bench.tree())
    number = urlsplit(state.url).port or 0
    with socket.socket() as taken:
        if port == "is taken":
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", number))
            taken.listen()
        again = daemon.ensure(home)

        assert (again.url == state.url) == (port == "is free again")
        assert again.token != state.token
        assert before.endpoints(with_status=True)[0]["status"] == "online"
        assert all(each.look() for each in watching)
        assert f"✓ local AERO · {again.url}" in trees.as_text(bench.tree())
        assert frame.aero.refresh()["name"].tolist() == ["made_here"]
        assert before.client.run_flow(flow.id).flow_id == flow.id
        assert aero_jupyter.current() is before


def test_whoever_calls_starts_it_again_and_the_session_is_the_same(home: Path) -> None:
    before = aero_jupyter.local()
    daemon.stop(home)
    assert aero_jupyter.current() is before
    assert before.client.list("data").all() == []
