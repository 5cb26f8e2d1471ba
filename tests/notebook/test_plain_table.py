"""The table without anywidget: plain ipywidgets do all that it does, by their own traits and clicks."""

from __future__ import annotations

import base64
import html
import re
import time
from collections.abc import Iterator
from typing import Any

import ipywidgets
import pytest
from ipywidgets.widgets import widget as widgets
from support.panel_threads import wait_for_panel_threads

import aero_jupyter
from aero_jupyter.core.errors import Unreachable
from aero_jupyter.notebook.widgets import callbacks
from aero_jupyter.notebook.widgets.poller import poller

TEXT = """%%aero_register --output {name} --replace
def {name}(n=1):
    import pandas as pd
    return pd.DataFrame({{"n": [{what}]}})
"""


def below(widget: Any) -> Iterator[Any]:
    """Yield a widget and all its descendants."""
    for child in getattr(widget, "children", ()):
        yield from below(child)
    yield widget


class Plain:
    """A panel in a front end that has no anywidget."""

    def __init__(self, panel: Any) -> None:
        self.panel = panel
        assert panel.widget is not None
        panel.on_displayed()
        # The first page comes on a thread: late, on a busy machine.
        deadline = time.monotonic() + 180
        while self.live is None:
            assert time.monotonic() < deadline
            self.settle()
        self.live.close()
        self.settle()
        self.live.show_fallback()
        self.settle()

    @property
    def live(self) -> Any:
        return self.panel._live

    def settle(self) -> None:
        wait_for_panel_threads()

    def named(self, label: str, kind: Any = ipywidgets.Widget) -> Any:
        found = [each for each in self.widgets() if isinstance(each, kind) and each.description == label]
        assert len(found) == 1, (label, [getattr(each, "description", "") for each in self.widgets()])
        return found[0]

    def widgets(self) -> list[Any]:
        return [each for each in below(self.panel.widget) if hasattr(each, "description")]

    def press(self, label: str) -> None:
        button = self.named(label, ipywidgets.Button)
        assert not button.disabled, label
        button.click()
        self.settle()

    def put(self, label: str, value: Any) -> None:
        self.named(label).value = value
        self.settle()

    def choose(self, label: str, text: str) -> None:
        field = self.named(label)
        self.put(label, next(value for words, value in field.options if text in words))

    def look(self) -> None:
        assert self.panel._runs.look()

    @property
    def text(self) -> str:
        shown = [each.value for each in below(self.panel.widget) if isinstance(each, ipywidgets.HTML)]
        return html.unescape(re.sub(r"<[^>]+>", " ", " ".join(shown)))


@pytest.fixture(autouse=True)
def _here(shell: Any, influent: Any) -> None:
    """Panels stand on the shell's AERO, which has data."""


@pytest.fixture
def opened() -> Iterator[list[Plain]]:
    made: list[Plain] = []
    yield made
    for each in made:
        poller.leave(each.live.pager)


@pytest.fixture
def plain(opened: list[Plain]) -> Any:
    def make(panel: Any) -> Plain:
        opened.append(Plain(panel))
        return opened[-1]

    return make


def registered(shell: Any, name: str, what: str = "n") -> Any:
    shell.run_cell(TEXT.format(name=name, what=what))
    return aero_jupyter.current().client.resolve_flow(name)


def ran(flow: Any) -> Any:
    client = aero_jupyter.current().client
    return client.wait_for_run(client.run_flow(flow.id).id, 180)


def test_a_row_is_opened_and_carried_on(plain: Any) -> None:
    table = plain(aero_jupyter.browse("influent"))
    table.choose("open", "influent")
    assert "aero.read('influent')" in table.text
    carried: list[Any] = []
    table.panel.navigate = lambda what, data: carried.append((what, data.name))
    for words in ("Use as input", "Lineage", "Runs"):
        table.press(words)
    assert carried == [("use", "influent"), ("lineage", "influent"), ("runs", "influent")]
    table.press("Load")
    assert "Loaded as influent" in table.text
    table.press("Close")
    assert "Use as input" not in [each.description for each in table.widgets()]
    assert table.named("open").value == ""


def test_it_searches_sorts_turns_sizes_and_selects(plain: Any) -> None:
    client = aero_jupyter.current().client
    for number in range(40):
        client.post("data/source", data={"name": f"plainly_{number:02d}", "url": f"https://example.org/p{number}.csv"})
    table = plain(aero_jupyter.browse())
    table.put("Search", "plainly")
    table.press("Next")
    assert "16–30 of 40" in table.text
    table.put("page, of 3", "3")
    assert "31–40 of 40" in table.text
    table.choose("rows", "30 a page")
    assert table.panel.value.size == 30
    table.choose("sorted by", "name ▾")
    assert table.panel.value.sort == "-name"
    assert "1–30 of 40" in table.text
    rows = table.named("select")
    first, second = (id for _, id in rows.options[:2])
    rows.value = (first, second)
    assert table.panel.value.selected == (first, second)
    rows.value = (second,)
    assert table.panel.value.selected == (second,)
    assert "selected" in table.panel.as_code()
    assert table.panel.as_code().splitlines()[-1] in table.text
    table.press("Clear 1 selected")
    assert table.panel.value.selected == ()
    assert rows.value == ()


def test_runs_are_narrowed_run_retried_and_their_flow_rests_and_is_deleted(plain: Any, shell: Any) -> None:
    flow = registered(shell, "plain_boom", "1 / 0")
    failed = ran(flow)
    client = aero_jupyter.current().client
    table = plain(aero_jupyter.monitor())
    table.look()
    table.choose("of", "plain_boom → plain_boom")
    table.look()
    table.choose("in", "failed")
    table.look()
    assert table.panel.value.flow == flow.id
    table.choose("open", failed.id[:8])
    assert "ZeroDivisionError" in table.text
    retry = [each for each in table.widgets() if each.description == "Retry"]
    retry[-1].click()
    table.settle()
    assert len(client.list("run", match=flow.id).all()) == 2
    table.press("Close")
    table.press("Run now")
    assert len(client.list("run", match=flow.id).all()) == 3
    table.press("Pause the flow")
    assert client.get_flow(flow.id).raw["paused"]
    table.press("Resume the flow")
    assert not client.get_flow(flow.id).raw["paused"]
    table.press("Delete the flow")
    assert "its registration is deleted" in table.text
    table.press("Keep it")
    assert "its registration is deleted" not in table.text
    table.press("Delete the flow")
    # The question stands above the actions.
    confirm, _ = [each for each in table.widgets() if each.description == "Delete the flow"]
    confirm.click()
    table.settle()
    assert "plain_boom was deleted." in table.text
    assert flow.id not in [each.id for each in client.list("flow").all()]


def test_an_open_run_is_cancelled_by_its_own_button(plain: Any, shell: Any) -> None:
    flow = registered(shell, "plain_slow", "__import__('time').sleep(30)")
    run = aero_jupyter.current().client.run_flow(flow.id)
    table = plain(aero_jupyter.monitor(flow))
    table.choose("open", run.id[:8])
    # The button of the run stands below those of the table.
    [each for each in table.widgets() if each.description == "Cancel"][-1].click()
    table.settle()
    assert aero_jupyter.current().client.wait_for_run(run.id, 180).state == "cancelled"


def test_what_goes_wrong_shows_there_too(plain: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callbacks, "raises_again", False)
    table = plain(aero_jupyter.browse("influent"))

    def gone(*_: Any, **__: Any) -> Any:
        raise Unreachable(0, "No <answer>.", "Wait.")

    with monkeypatch.context() as away:
        away.setattr(aero_jupyter.current().client, "_request", gone)
        table.put("Search", "level")
    assert "No <answer>." in table.text
    assert "Wait." in table.text


def test_a_file_is_offered(plain: Any) -> None:
    table = plain(aero_jupyter.browse("influent"))
    table.press("CSV of all")
    value = next(each.value for each in table.widgets() if "base64," in str(getattr(each, "value", "")))
    assert re.search(r'download="data-[\d-]+\.csv"', value)
    coded = value.partition("base64,")[2].partition('"')[0]
    assert base64.b64decode(coded).decode().startswith("name,description,")


def test_widgets_are_kept_however_often_it_is_shown(plain: Any, shell: Any) -> None:
    flow = registered(shell, "plain_kept")
    runs = [ran(flow) for _ in range(3)]
    table = plain(aero_jupyter.monitor(flow))
    table.choose("open", runs[0].id[:8])
    table.look()
    table.press("Close")
    before = len(widgets._instances)
    for run in runs * 5:
        table.choose("open", run.id[:8])
        table.look()
        table.press("Close")
    assert len(widgets._instances) == before


def test_where_the_table_was_only_slow_the_controls_go_with_all_they_are_made_of(plain: Any) -> None:
    table = plain(aero_jupyter.browse("influent"))
    before = len(widgets._instances)
    for _ in range(3):
        table.live._handle_message(None, {"do": "hello", "view": "late"}, [])
        assert list(table.live.box.children) == [table.live.widget]
        table.live.show_fallback()
    assert len(widgets._instances) == before


def test_a_table_that_nobody_shows_any_more_is_not_followed(plain: Any, shell: Any) -> None:
    table = plain(aero_jupyter.monitor())
    controls, runs = table.live.fallback, table.panel._runs
    assert runs in poller._schedules
    controls._view_count = 1
    controls._view_count = 0
    assert runs not in poller._schedules
    controls._view_count = 1
    assert runs in poller._schedules
