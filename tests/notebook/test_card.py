"""The card of a flow whose last run failed: it says so, why, and leads there."""

from __future__ import annotations

from typing import Any

import pytest
from support.panel_threads import wait_for_panel_threads

import aero_jupyter
from aero_jupyter.core.errors import Unreachable
from aero_jupyter.core.models import Run
from aero_jupyter.notebook.widgets import tree as trees

TEXT = """%%aero_register --output card_made --replace
def card_made():
    import pandas as pd
    return pd.DataFrame({{"n": [{what}]}})
"""


@pytest.fixture
def made(shell: Any, influent: Any) -> Any:
    def register(what: str) -> Any:
        shell.run_cell(TEXT.format(what=what))
        client = aero_jupyter.current().client
        flow = client.resolve_flow("card_made")
        client.wait_for_run(client.run_flow(flow.id).id, 180)
        return aero_jupyter.flow("card_made")

    return register


def buttons(card: Any) -> list[str]:
    return [node["text"] for node in trees.walk(card.panel.tree()) if node["is"] == "button"]


def test_a_failure_is_said_with_its_reason_and_a_way_to_its_run(made: Any) -> None:
    card = made("1 / 0")
    heading, reason, *rest = repr(card).splitlines()
    assert heading.startswith("✕ card_made → card_made    flow ")
    assert reason.startswith("✕ The last run failed: ")
    assert "ZeroDivisionError" in reason
    assert "last: ✕ failed" in rest[-1]
    assert "Failed run" in buttons(card)
    carried: list[tuple[str, Any]] = []
    card.panel.navigate = lambda what, subject: carried.append((what, subject))
    card.panel.act({"do": "failed"})
    [(what, run)] = carried
    assert (what, run.state) == ("page", "failed")
    below = aero_jupyter.flow("card_made").panel
    assert below.widget is not None
    below.act({"do": "failed"})
    wait_for_panel_threads()
    assert len(below.widget.children) == 2
    assert isinstance(run, Run)


def test_what_went_well_again_has_no_failure(made: Any) -> None:
    made("1 / 0")
    card = made("__import__('time').time()")
    assert repr(card).startswith("✓ card_made")
    assert "last: ✓ done" in repr(card)
    assert "Failed run" not in buttons(card)


def test_an_endpoint_that_is_not_told_is_left_out(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: str) -> Any:
        raise Unreachable(0, "No answer.", "Wait.")

    monkeypatch.setattr(aero_jupyter.current().compute, "endpoint", gone)
    assert repr(made("__import__('time').time()")).splitlines()[0].endswith("· local endpoint")


def test_an_endpoint_elsewhere_is_named_with_its_state_and_python(made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    session = aero_jupyter.current()
    row = {"name": "cluster", "status": "offline", "python": "3.12.4"}
    monkeypatch.setattr(session.compute, "endpoint", lambda _: row)
    monkeypatch.setattr(type(session), "is_local", False)
    assert (
        repr(made("__import__('time').time()")).splitlines()[0].endswith("· endpoint cluster · offline · Python 3.12")
    )
