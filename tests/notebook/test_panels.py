"""The workbench and its panels: values, code, what is carried on, and the forms they take where nobody clicks."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support.panel_threads import wait_for_panel_threads

import aero_jupyter
from aero_jupyter.client.lineage import Lineage, Link, lineage_of_flows
from aero_jupyter.core.errors import InvalidArgument, Unreachable
from aero_jupyter.core.models import Data
from aero_jupyter.core.run_states import FINAL_STATES
from aero_jupyter.notebook.panels.lineage.panel import LineageView
from aero_jupyter.notebook.panels.runs.panel import Monitor
from aero_jupyter.notebook.panels.workbench.panel import Workbench
from aero_jupyter.notebook.tables.loading import free_name
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.fallback_tree import FallbackTree


@pytest.fixture(autouse=True)
def _here(shell: Any, influent: Any) -> None:
    """Panels stand on the shell's AERO, which has data."""


def again(panel: Any) -> Any:
    """Rebuild a panel from its code."""
    names: dict[str, Any] = {}
    first, last = panel.as_code().rstrip("\n").rsplit("\n", 1)
    exec(f"{first}\nmade = {last}", names)
    return names["made"]


def buttons(panel: Any) -> dict[str, Any]:
    return {node["text"]: node for node in trees.walk(panel.tree()) if node["is"] == "button"}


def drawn_box(view: Any, name: str) -> Any:
    picture = next(node for node in trees.walk(view.tree()) if node["is"] == "picture")
    return next(box for box in picture["boxes"] if box["texts"][0] == name)


def test_the_workbench_says_where_it_is_and_has_four_tabs() -> None:
    bench = aero_jupyter.panel()
    text = repr(bench)
    assert "✓ local AERO · http://127.0.0.1:" in text
    assert " rows · as of " in text
    tabs = next(node for node in trees.walk(bench.tree()) if node["is"] == "tabs")
    assert [words for _, words in tabs["options"]] == ["Browse", "Register", "Runs", "Lineage"]
    assert again(bench).value == bench.value
    with pytest.raises(InvalidArgument, match="There is no tab 'flows'"):
        aero_jupyter.panel("flows")


def test_its_magic_opens_a_tab(shell: Any) -> None:
    bench = shell.run_line_magic("aero_panel", "runs")
    assert isinstance(bench, Workbench)
    assert bench.value.tab == "runs"
    assert "done" in repr(bench)


def test_a_row_is_carried_to_the_other_tabs() -> None:
    bench = aero_jupyter.panel()
    assert bench.widget is not None
    wait_for_panel_threads()
    data = aero_jupyter.current().client.resolve_data("influent")
    browse = bench._panels["browse"]
    for what, tab in (("lineage", "lineage"), ("runs", "runs"), ("use", "register")):
        browse.navigate_from_row(what, data)
        wait_for_panel_threads()
        assert bench.value.tab == tab
    assert isinstance(bench._panels["lineage"], LineageView)
    runs = bench._panels["runs"]
    assert isinstance(runs, Monitor)
    maker = next(
        flow for flow in aero_jupyter.current().client.list("flow").all() if data.id in {d.id for d in flow.outputs}
    )
    assert runs.value.flow == maker.id
    assert again(bench).value.tab == "register"
    assert again(bench).value.lineage == bench.value.lineage


def test_the_header_says_when_the_server_is_gone_and_when_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = aero_jupyter.panel()

    def gone(*_: Any, **__: Any) -> Any:
        raise Unreachable(0, "No answer.", "Wait.")

    with monkeypatch.context() as away:
        away.setattr(aero_jupyter.current().client, "_request", gone)
        assert not bench.look()
        assert "✕ local AERO" in trees.as_text(bench.tree())
        assert "No answer. Trying again." in trees.as_text(bench.tree())
    assert bench.look()
    assert "✓ local AERO" in trees.as_text(bench.tree())


def test_what_is_browsed_is_a_value_and_code_and_loads(shell: Any) -> None:
    panel = aero_jupyter.browse("influent", sort=None)
    assert panel.widget is not None
    panel.on_displayed()
    wait_for_panel_threads()
    pager = panel._live.pager
    pager.act({"do": "select", "ids": [pager.view().rows[0].id], "on": True})
    assert panel.value.query == "influent"
    assert len(panel.value.selected) == 1
    copy = again(panel)
    assert copy.widget is not None
    wait_for_panel_threads()
    assert copy.value == panel.value
    pager.act({"do": "open", "id": pager.view().rows[0].id})
    wait_for_panel_threads()
    links = pager.view().detail.links
    assert [link["text"] for link in links] == ["Page", "Use as input", "Load", "Lineage", "Runs"]
    pager.act({"do": "carry", "what": "load"})
    wait_for_panel_threads()
    note = pager.view().note
    assert note.startswith("Loaded as influent")
    assert "version 2" in note


def test_a_row_opened_by_itself_opens_the_other_panel_below() -> None:
    panel = aero_jupyter.browse("influent")
    assert len(panel.widget.children) == 1
    panel.navigate_from_row("lineage", aero_jupyter.current().client.resolve_data("influent"))
    wait_for_panel_threads()
    assert len(panel.widget.children) == 2


@pytest.mark.parametrize(
    ("text", "name"), [("sewage", "sewage_2"), ("a b", "a_b"), ("7x", "data_7x"), ("class", "data_class"), ("", "data")]
)
def test_a_variable_is_never_overwritten(text: str, name: str) -> None:
    assert free_name(text, {"sewage": 1}) == name


@pytest.mark.usefixtures("errors_are_shown")
def test_lineage_opens_boxes_and_goes_on_from_them() -> None:
    view = aero_jupyter.lineage("level@1")
    view._start_task = lambda task: task()
    box = drawn_box(view, "influent")
    view.act({"do": "open", "id": box["id"]})
    shown = trees.as_text(view.tree())
    assert "aero.read('influent', version=1)" in shown
    assert again(view).value == view.value
    assert again(view).value.opened == box["id"]
    view.act({"do": "here"})
    assert view.value.data_id == box["id"].partition(":")[0]
    view.act({"do": "open", "id": "nonsense"})
    assert "This box is no longer in the graph." in trees.as_text(view.tree())


def test_the_state_and_the_time_narrow_the_runs() -> None:
    runs = aero_jupyter.monitor(state="done", since=3600)
    assert "done" in repr(runs)
    assert again(runs).value == runs.value
    assert not len(aero_jupyter.monitor(state="failed", text="level v99")._frame)
    with pytest.raises(InvalidArgument, match="There is no state 'dnoe'"):
        aero_jupyter.monitor(state="dnoe")


def test_a_flow_rests_goes_on_and_is_deleted_from_its_runs(shell: Any) -> None:
    shell.run_cell("%%aero_register --output panel_gone\ndef panel_gone(n=1):\n    return n\n")
    panel = aero_jupyter.monitor("panel_gone")
    assert panel.widget is not None
    wait_for_panel_threads()
    pager = panel._runs
    pager._begin = lambda task: task()
    pager.look()
    texts = [action["text"] for action in pager.view().actions]
    assert {"Pause the flow", "Delete the flow"} <= set(texts)
    pager.act({"do": "pause"})
    assert "paused" in pager.view().heading
    pager.act({"do": "go"})
    assert "paused" not in pager.view().heading
    pager.act({"do": "delete"})
    confirm = pager.view().confirm.text
    assert "its registration is deleted" in confirm
    assert "Its outputs (panel_gone)" in confirm
    pager.act({"do": "keep"})
    assert pager.view().confirm is None
    pager.act({"do": "delete"})
    pager.act({"do": "delete it"})
    assert "was deleted" in pager.view().note
    assert panel.value.flow


def test_a_flow_deleted_by_somebody_else_is_said(shell: Any) -> None:
    shell.run_cell("%%aero_register --output panel_taken\ndef panel_taken(n=1):\n    return n\n")
    client = aero_jupyter.current().client
    flow = client.resolve_flow("panel_taken")
    card = aero_jupyter.flow(flow.id)
    panel = aero_jupyter.monitor(flow.id)
    assert panel.widget is not None
    wait_for_panel_threads()
    client.delete_flow(flow.id)
    panel._runs.look()
    assert panel._runs.view().note == "This flow was deleted. Its runs and their versions are kept."
    card.panel.look()
    assert "This flow was deleted. Its versions are kept." in trees.as_text(card.panel.tree())


def test_the_card_of_a_flow_lives(shell: Any) -> None:
    card = aero_jupyter.flow("take_in")
    panel = card.panel
    panel._start_task = lambda task: task()
    assert set(buttons(panel)) == {"Run now", "Pause", "Code", "Runs", "Lineage"}
    assert again(panel).value.id == panel.value.id
    panel.act({"do": "pause"})
    assert "paused, until it is resumed" in trees.as_text(panel.tree())
    panel.act({"do": "resume"})
    before = len(aero_jupyter.current().client.list("run", match=panel.value.id).all())
    panel.act({"do": "run"})
    runs = aero_jupyter.current().client.list("run", match=panel.value.id).all()
    assert len(runs) == before + 1
    assert aero_jupyter.current().client.wait_for_run(runs[0].id, 180).state in FINAL_STATES
    assert repr(card).splitlines()[0] == trees.as_text(panel.tree()).splitlines()[0]


def test_who_waits_for_a_panel_is_given_what_comes_of_it() -> None:
    view = aero_jupyter.lineage("level@1")
    box = drawn_box(view, "influent")

    async def waited() -> Any:
        waiting = asyncio.ensure_future(view.wait())
        await asyncio.sleep(0)
        threading.Thread(target=view.act, args=({"do": "open", "id": box["id"]},)).start()
        return await asyncio.wait_for(waiting, 30)

    # On a thread of its own: the browser tests keep a loop in this one.
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: asyncio.run(waited())).result(180).name == "influent"


def test_without_anywidget_the_same_tree_is_plain_controls() -> None:
    done: list[Any] = []
    plain = FallbackTree(done.append)
    tree = trees.panel(
        trees.tabs("one", {"one": "One", "two": "Two"}),
        trees.field("name", "Name", "<b>", known=["a"]),
        trees.choice("how", "How", "x", {"x": "X", "y": "Y"}),
        trees.note("✕", "<img>", trees.button("Mend", "mend", what="it")),
        trees.trouble(["Gone.", "Wait."], "story"),
        label="All",
    )
    plain.show(tree)
    flat = list(_flat(plain))
    by_text = {getattr(each, "description", ""): each for each in flat}
    by_text["Mend"].click()
    by_text["Name"].value = "new"
    by_text["How"].value = "y"
    assert done == [
        {"do": "mend", "what": "it"},
        {"do": "set", "name": "name", "value": "new"},
        {"do": "set", "name": "how", "value": "y"},
    ]
    kept = by_text["Name"]
    plain.show(tree)
    assert kept in list(_flat(plain))
    assert not any("<img>" in str(getattr(each, "value", "")) for each in flat)


def _flat(widget: Any) -> Any:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _flat(child)


def test_who_looks_is_counted_so_that_nobody_polls_for_nobody() -> None:
    card = aero_jupyter.flow("take_in").panel
    from aero_jupyter.notebook.widgets.poller import poller

    before = len(poller)
    card.act({"do": "hello", "view": "a"})
    card.act({"do": "hello", "view": "b"})
    assert len(poller) == before + 1
    card.act({"do": "bye", "view": "a"})
    assert len(poller) == before + 1
    card.act({"do": "bye", "view": "b"})
    assert len(poller) == before


def test_a_long_chain_is_folded_and_opens_with_a_click() -> None:
    data = [Data(f"d{number}", f"data {number}") for number in range(100)]
    links = tuple(Link(f"f{n}", None, (data[n],), (data[n + 1],)) for n in range(99))
    view = LineageView(aero_jupyter.current(), Lineage(data[50], None, False, links))

    def drawn() -> list[Any]:
        return next(node for node in trees.walk(view.tree()) if node["is"] == "picture")["boxes"]

    folded = next(box for box in drawn() if box["texts"][0] == "… 49 more")
    assert "by flow: this server does not list the versions that were used" in repr(view)
    view.act({"do": "open", "id": folded["id"]})
    assert len(drawn()) > 50
    assert view.value.unfolded == (folded["id"],)


def test_what_failed_last_is_marked_in_its_lineage(shell: Any) -> None:
    text = "%%aero_register --input x=influent --output panel_broken\ndef panel_broken(x):\n    {}\n    return x\n"
    shell.run_cell(text.format("pass"))
    client = aero_jupyter.current().client
    client.wait_for_version(client.resolve_data("panel_broken").id, 1, 60)
    shell.run_cell(text.format("raise ValueError('now')").replace("register", "register --replace"))
    flow = client.resolve_flow("panel_broken")
    client._poll(lambda: client.get_flow(flow.id).raw["last_state"] == "failed" or None, 60, "It did not fail.")
    by_flow = lineage_of_flows(client.resolve_data("panel_broken"), [client.get_flow(flow.id)])
    assert "panel_broken · you are here · last run failed" in repr(LineageView(aero_jupyter.current(), by_flow))


@pytest.mark.usefixtures("errors_are_shown")
def test_two_forms_about_the_same_flow_do_not_overwrite_each_other() -> None:
    text = "def panel_twice(n=1):\n    return {} if n is None else str(n)\n"
    first, second = (aero_jupyter.register_form(text.format(number), when="none") for number in (1, 2))
    for form in (first, second):
        form._start_task = lambda task: task()
        form.act({"do": "hello", "view": "one"})
        assert buttons(form)["Register"]["can"]
    first.act({"do": "register"})
    assert first.flow is not None
    second.act({"do": "register"})
    assert second.flow is None
    shown = trees.as_text(second.tree())
    assert "A flow panel_twice → panel_twice exists already" in shown
    assert "its text differs: - return 1" in shown
    assert second.value.text == text.format(2)


@pytest.mark.parametrize("tab", ["browse", "runs"])
def test_a_tab_can_be_turned_to_again_and_again(tab: str) -> None:
    bench = aero_jupyter.panel(tab)
    assert bench.widget is not None
    bench.on_displayed()
    wait_for_panel_threads()
    live = bench._panels[tab]._live
    live._handle_message(None, {"do": "hello", "view": "one"}, [])
    for other in ("register", tab, "lineage", tab):
        bench.act({"do": "tab", "tab": other})
        wait_for_panel_threads()
        assert bench._error is None
        assert bench.value.tab == other
    live._handle_message(None, {"do": "bye", "view": "one"}, [])
    bench.on_hidden()
