"""What the workbench says of where it is, and as whom."""

from __future__ import annotations

import getpass
from typing import Any

import pytest

import aero_jupyter
from aero_jupyter import session as sessions
from aero_jupyter.notebook.panels import tree as trees


def head(bench: Any) -> str:
    return trees.as_text(bench.tree()).splitlines()[0]


@pytest.fixture
def _no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_current", None)


@pytest.mark.usefixtures("_no_session")
def test_on_the_local_aero_it_is_who_works_here(aero: Any) -> None:
    bench = aero_jupyter.panel()
    assert head(bench).startswith(f"◌ local AERO · {aero.url} · {getpass.getuser()} · asking")
    assert bench.look()
    assert head(bench).startswith(f"✓ local AERO · {aero.url} · {getpass.getuser()} · answers")


def test_on_a_server_it_is_who_is_logged_in_with_globus(here: Any, auth: Any) -> None:
    bench = aero_jupyter.panel()
    seen, asked = len(here.seen), len(auth.log)
    name = sessions.current().name
    assert head(bench).startswith(f"◌ {name} · Globus · nobody is logged in · asking")
    assert (len(here.seen), len(auth.log)) == (seen, asked)
    person = sessions.current().credentials.person  # type: ignore[union-attr]
    assert person is not None
    person.finish(auth.log_in(person.link()))
    assert bench.look()
    assert head(bench).startswith(f"✓ {name} · Globus · vh@example.edu · answers")


def test_a_token_handed_over_is_said(here: Any) -> None:
    aero_jupyter.connect(here.url, token="handed-over")
    bench = aero_jupyter.panel()
    assert " · Globus · with an access token · " in head(bench)
    assert not bench.look()
    assert head(bench).startswith("✕ ")
