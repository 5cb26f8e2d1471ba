"""The server and the user in the workbench's header."""

from __future__ import annotations

import getpass
from typing import Any

import pytest

import aero_jupyter
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.session import connections as sessions


def head(bench: Any) -> str:
    return trees.as_text(bench.tree()).splitlines()[0]


@pytest.fixture
def _no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_current", None)


@pytest.mark.usefixtures("_no_session")
def test_on_the_local_aero_it_is_who_works_here(aero: Any) -> None:
    bench = aero_jupyter.panel()
    assert head(bench).startswith(f"◌ local AERO · {aero.url} · {getpass.getuser()} · connecting")
    assert bench.look()
    assert head(bench).startswith(f"✓ local AERO · {aero.url} · {getpass.getuser()} · answers")


def test_on_a_server_it_is_who_is_logged_in_with_globus(configured_server: Any, auth: Any) -> None:
    bench = aero_jupyter.panel()
    seen, log_entries = len(configured_server.tokens), len(auth.log)
    name = sessions.current().name
    assert head(bench).startswith(f"◌ {name} · Globus · not logged in · connecting")
    assert (len(configured_server.tokens), len(auth.log)) == (seen, log_entries)
    person = sessions.current().credentials.user_login  # type: ignore[union-attr]
    assert person is not None
    person.finish(auth.log_in(person.link()))
    assert bench.look()
    assert head(bench).startswith(f"✓ {name} · Globus · vh@example.edu · answers")


def test_a_token_handed_over_is_said(configured_server: Any) -> None:
    aero_jupyter.connect(configured_server.url, token="handed-over")
    bench = aero_jupyter.panel()
    assert " · Globus · with an access token · " in head(bench)
    assert not bench.look()
    assert head(bench).startswith("✕ ")
