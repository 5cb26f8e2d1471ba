"""States of the catalogue and the runs that were reached by clicks: their code restores them in another process."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from support.panel_threads import wait_for_panel_threads

import aero_jupyter
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.notebook.panels.runs.panel import monitor_of

AGAIN = """
import json, sys, threading
for code in json.load(sys.stdin):
    names = {}
    first, last = code.rstrip("\\n").rsplit("\\n", 1)
    exec(f"{first}\\nmade = {last}", names)
    made = names["made"]
    fresh = repr(made.value)
    made.widget
    made.on_displayed()
    for name in ("aero-panel", "aero-pager", "aero-pager"):
        for thread in threading.enumerate():
            if thread.name == name:
                thread.join(180)
    view = made._live.pager.view()
    made.on_hidden()
    detail = (view.detail.heading if view.detail else "").split(" · ")[:2]
    print(json.dumps([fresh, repr(made.value), view.about, [row.id for row in view.rows], detail]))
"""


@pytest.fixture(autouse=True)
def _here(shell: Any, influent: Any) -> None:
    """Panels stand on the shell's AERO, which has data."""


def shown(panel: Any, *actions: dict[str, Any]) -> Any:
    """Show a panel, and do things in it one after the other."""
    assert panel.widget is not None
    panel.on_displayed()
    panel.on_hidden()
    wait_for_panel_threads()
    for action in actions:
        panel._live.pager.act(action)
        wait_for_panel_threads()
    return panel


def elsewhere(*panels: Any) -> list[list[Any]]:
    """Rebuild panels from their code in a fresh process."""
    codes = json.dumps([panel.as_code() for panel in panels])
    done = subprocess.run([sys.executable, "-c", AGAIN], input=codes, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def seen(panel: Any) -> list[Any]:
    view = panel._live.pager.view()
    detail = (view.detail.heading if view.detail else "").split(" · ")[:2]
    value = repr(panel.value)
    return [value, value, view.about, [row.id for row in view.rows], detail]


@pytest.fixture(scope="module")
def _catalogue(aero: Any) -> None:
    client = aero_jupyter.local().client
    for number in range(40):
        client.post("data/source", data={"name": f"stated_{number:02d}", "url": f"https://example.org/s{number}.csv"})


@pytest.fixture(scope="module")
def flow(aero: Any) -> Any:
    """A flow with two pages of runs."""
    session = aero_jupyter.local()
    from aero_jupyter.compute.portable_function import portable

    text = "def stated():\n    import time\n    import pandas as pd\n    return pd.DataFrame({'n': [time.time()]})\n"
    flow = session.register(portable(text), outputs=["stated"])
    for _ in range(17):
        assert session.client.wait_for_run(session.client.run_flow(flow.id).id, 180).is_final
    return flow


@pytest.mark.slow
@pytest.mark.usefixtures("_catalogue")
def test_the_catalogue_as_it_was_left(shell: Any) -> None:
    id = aero_jupyter.current().client.resolve_data("stated_07").id
    searched = {"do": "search", "text": "stated"}
    panels = [
        shown(aero_jupyter.browse(), searched, {"do": "sort", "column": "updated"}),
        shown(aero_jupyter.browse(), searched, {"do": "sort", "column": "url"}, {"do": "sort", "column": "url"}),
        shown(aero_jupyter.browse("stated"), {"do": "next"}, {"do": "next"}),
        shown(aero_jupyter.browse(), {"do": "sort", "column": "name"}, {"do": "size", "size": 30}, {"do": "next"}),
        shown(aero_jupyter.browse("stated_07"), {"do": "open", "id": id}),
        shown(aero_jupyter.browse("stated_07"), {"do": "open", "id": id}, {"do": "close"}),
        shown(
            aero_jupyter.browse("stated_07"), {"do": "select", "ids": [id], "on": True}, {"do": "search", "text": ""}
        ),
    ]
    assert elsewhere(*panels) == [seen(panel) for panel in panels]
    assert panels[0].value.sort == "updated"
    assert panels[1].value.sort == "-url"
    assert (panels[2].value.page, panels[3].value.size) == (3, 30)
    assert panels[4].value.opened == id
    assert panels[6].value.selected == (id,)


@pytest.mark.slow
def test_the_runs_as_they_were_left(flow: Any) -> None:
    run = aero_jupyter.current().client.list("run", match=flow.id).page(1)[3]
    panels = [
        shown(aero_jupyter.monitor(flow), {"do": "sort", "column": "created"}),
        shown(aero_jupyter.monitor(flow), {"do": "sort", "column": "seconds"}, {"do": "sort", "column": "seconds"}),
        shown(aero_jupyter.monitor(flow), {"do": "next"}, {"do": "stand"}),
        shown(aero_jupyter.monitor(flow), {"do": "size", "size": 60}),
        shown(aero_jupyter.monitor(flow), {"do": "open", "id": run.id}),
        shown(aero_jupyter.monitor(), {"do": "choose", "name": "flow", "value": flow.id}),
        shown(aero_jupyter.monitor(flow), {"do": "choose", "name": "state", "value": "failed"}),
        shown(aero_jupyter.monitor(flow), {"do": "choose", "name": "since", "value": "86400"}),
        shown(aero_jupyter.monitor(flow), {"do": "search", "text": "no such"}),
    ]
    assert elsewhere(*panels) == [seen(panel) for panel in panels]
    assert panels[0].value.sort == "created"
    assert panels[1].value.sort == "-seconds"
    assert (panels[2].value.page, panels[2].value.paused) == (2, True)
    assert panels[4].value.run == run.id


@pytest.mark.slow
def test_the_code_for_a_flow_that_is_gone_shows_the_runs_it_left(shell: Any) -> None:
    shell.run_cell("%%aero_register --output stated_gone\ndef stated_gone(n=1):\n    return n\n")
    client = aero_jupyter.current().client
    client.wait_for_run(client.run_flow(client.resolve_flow("stated_gone").id).id, 60)
    panel = shown(aero_jupyter.monitor("stated_gone"), {"do": "delete"}, {"do": "delete it"})
    assert "stated_gone was deleted." in panel._live.pager.view().note
    (again,) = elsewhere(panel)
    assert again[0] == repr(panel.value)
    assert again[3] == [row.id for row in panel._live.pager.view().rows] != []
    here = shown(aero_jupyter.monitor(panel.value.flow))
    assert here._live.pager.view().heading.endswith("· deleted · local AERO")


@pytest.mark.slow
def test_a_run_that_is_not_there_is_said_where_it_would_be_and_the_table_goes_on(flow: Any) -> None:
    panel = shown(aero_jupyter.monitor(flow, run="nonsense"))
    view = panel._live.pager.view()
    assert view.detail.heading == "Run nonsense"
    assert "valid UUID" in view.detail.lines[0]
    before = len(view.rows)
    new = aero_jupyter.current().client.run_flow(flow.id)
    assert panel._runs.look()
    view = panel._live.pager.view()
    assert new.id in [row.id for row in view.rows]
    assert len(view.rows) >= min(before, 15)
    assert "UUID" not in view.asked
    panel._live.pager.act({"do": "close"})
    assert panel._runs.look()
    assert panel._live.pager.view().detail is None
    assert panel.value.run is None


@pytest.mark.slow
def test_a_run_is_followed_with_it_open(flow: Any) -> None:
    run = aero_jupyter.current().client.list("run", match=flow.id).page(1)[-1]
    panel = shown(monitor_of(aero_jupyter.current(), run))
    assert (panel.value.flow, panel.value.run) == (flow.id, run.id)
    assert run.id[:8] in panel._live.pager.view().detail.heading


@pytest.mark.parametrize("asked", [{"sort": "colour"}, {"page": 0}, {"size": 7}])
def test_a_place_that_cannot_be_is_refused(asked: dict[str, Any]) -> None:
    for make in (aero_jupyter.monitor, aero_jupyter.browse):
        with pytest.raises(InvalidArgument):
            make(**asked)


def test_an_open_data_that_is_gone_is_said() -> None:
    panel = shown(aero_jupyter.browse("influent", opened="ffffffff-0000-4000-8000-000000000000"))
    assert "not found" in panel._live.pager.view().note
    assert panel.value.opened is None
