"""Every open panel follows a local AERO without a click, and rows of a displayed frame open their pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from support.front_end import FrontEnd
from support.panel_threads import wait_for_panel_threads

import aero_jupyter
from aero_jupyter.core.models import Run
from aero_jupyter.notebook.panels.dataset.page import DatasetPage
from aero_jupyter.notebook.panels.frame_table import FrameTable
from aero_jupyter.notebook.panels.runs.page import RunPage
from aero_jupyter.notebook.widgets import poller

LONG = 120
RAW = "%%aero_register --output follows_raw\ndef follows_raw():\n    import time, pandas as pd\n" + (
    "    return pd.DataFrame({'n': [time.time_ns()]})"
)
COPY = "%%aero_register --input x=follows_raw --output follows_copy\ndef follows_copy(x):\n    {}"


def frame_table(kind: Any, *query: str, **where: str) -> FrameTable:
    frame = aero_jupyter.frame(kind, *query, where=where)
    assert frame._listing is not None
    table = FrameTable(frame._listing, frame.aero.code_of)
    assert table.widget is not None
    table.pager.start()
    wait_for_panel_threads()
    return table


def live_widget(panel: Any) -> Any:
    """Return the widget that the front end draws."""
    live = getattr(panel, "_live", None)
    return live.widget if live is not None else panel._host.widget


@contextmanager
def shown(panel: Any) -> Iterator[Callable[[str], None]]:
    """Open a view of a panel; yield a function that waits until the view contains a text."""
    assert panel.widget is not None
    wait_for_panel_threads()
    front = FrontEnd(live_widget(panel))
    front.hello()

    def wait_for(text: str) -> None:
        while text not in str(front.view):
            assert front.changed.wait(LONG), f"{text} did not appear in {panel!r}"
            front.changed.clear()

    yield wait_for
    front.send("bye", view="test")
    wait_for_panel_threads()
    panel.close()


def test_the_poller_asks_more_often_than_every_two_seconds() -> None:
    assert poller.INTERVAL < 2


def test_versions_registrations_and_failures_appear_in_every_open_panel(shell: Any, aero: Any) -> None:
    aero_jupyter.local()
    assert shell.run_cell(RAW).success
    client = aero_jupyter.current().client
    raw = client.resolve_flow("follows_raw")
    client.wait_for_run(client.run_flow(raw.id).id, 180)
    with (
        shown(aero_jupyter.browse("follows")) as catalogue,
        shown(aero_jupyter.monitor()) as runs,
        shown(aero_jupyter.lineage("follows_raw")) as lineage,
        shown(aero_jupyter.dataset("follows_raw")) as page,
        shown(frame_table("flow")) as table,
    ):
        assert shell.run_cell(COPY.format("raise ValueError('follows')")).success
        catalogue("follows_copy")
        lineage("follows_copy")
        table("'grown': 1")
        runs("✕ failed")
        lineage("last run failed")
        client.wait_for_run(client.run_flow(raw.id).id, 180)
        page("Version 2 was added.")
        catalogue("'text': '2'")


def test_a_click_on_a_row_of_a_frame_opens_the_page_of_its_dataset(influent: Any) -> None:
    table = frame_table("data", name="level")
    data = aero_jupyter.current().client.resolve_data("level")
    view = table.pager.view()
    id = next(row.id for row in view.rows if any(cell.text == "level" for cell in row.cells))
    table.pager.act({"do": "open", "id": id})
    wait_for_panel_threads()
    page = table._child
    assert isinstance(page, DatasetPage)
    assert page.value.data.id == data.id
    # The front end scrolls it into view.
    assert page.tree()["below"]
    assert table.pager.view().opened == id
    assert len(table.widget.children) == 2
    table.close()


@pytest.mark.parametrize("kind", ["search", "version", "run"])
def test_rows_of_searches_versions_and_runs_open_pages_too(influent: Any, kind: str) -> None:
    client = aero_jupyter.current().client
    data = client.resolve_data("influent")
    if kind == "search":
        table = frame_table("data", "influent")
    else:
        table = frame_table(kind, data.id if kind == "version" else client.resolve_flow("take_in").id)
    table.pager.act({"do": "open", "id": table.pager.view().rows[0].id})
    wait_for_panel_threads()
    page = table._child
    assert isinstance(page, RunPage if kind == "run" else DatasetPage)
    if isinstance(page, DatasetPage):
        assert page.value.data.id == data.id
        assert page.value.version == (1 if kind == "version" else None)
    else:
        assert isinstance(page.value, Run)
    table.close()


def test_a_row_of_a_flow_shows_its_fields(influent: Any) -> None:
    table = frame_table("flow")
    table.pager.act({"do": "open", "id": table.pager.view().rows[0].id})
    wait_for_panel_threads()
    assert table.pager.view().detail is not None
    assert table._child is None
    table.close()
