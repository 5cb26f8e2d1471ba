"""Panels shown again and again: no more widgets than before, nobody who polls for nobody, and no error that is lost."""

from __future__ import annotations

import asyncio
import gc
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ipywidgets
import pytest
from support.panel_threads import wait_for_panel_threads

import aero_jupyter
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets import widget_host
from aero_jupyter.notebook.widgets.fallback_tree import FallbackTree
from aero_jupyter.notebook.widgets.idle_countdown import IdleCountdown
from aero_jupyter.notebook.widgets.poller import poller
from aero_jupyter.notebook.widgets.snapshot import StaticSnapshot
from aero_jupyter.notebook.widgets.widget_host import TreeHost


@pytest.fixture(autouse=True)
def _here(shell: Any, influent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Panels stand on the shell's AERO, which has data; a front end is given up when a test says so."""
    monkeypatch.setattr(widget_host, "WIDGET_HANDSHAKE_SECONDS", 3600)
    # Panels that other tests left open make no widgets while these tests count them.
    for each in gc.get_objects():
        if isinstance(each, IdleCountdown):
            each.cancel()


def alive() -> int:
    return len(ipywidgets.widgets.widget._instances)


def given_up(panel: Any) -> FallbackTree:
    """Show a panel where no front end says hello."""
    assert panel.widget is not None
    panel._host.show_fallback()
    plain: FallbackTree = panel._host.fallback
    return plain


def flat(widget: Any) -> list[Any]:
    return [widget, *(each for child in getattr(widget, "children", ()) for each in flat(child))]


def test_plain_controls_are_kept_from_one_show_to_the_next() -> None:
    card = aero_jupyter.flow("take_in").panel
    plain = given_up(card)
    before, buttons = alive(), [each for each in flat(plain) if isinstance(each, ipywidgets.Button)]
    for number in range(101):
        card._note = f"look {number}" if number % 2 else ""
        card.show()
    assert alive() == before
    assert [each for each in flat(plain) if isinstance(each, ipywidgets.Button)] == buttons
    card.close()


def test_a_form_that_changes_does_not_leave_its_old_controls_behind() -> None:
    done: list[Any] = []
    plain = FallbackTree(done.append)

    def show(*names: str) -> None:
        fields = [trees.field(name, name, "", known=names) for name in names]
        notes = [trees.note("▲", name, trees.button(f"Mend {name}", "mend", what=name)) for name in names]
        plain.show(trees.panel(*fields, *notes, trees.row(trees.button("Register", "register")), label="Form"))

    show("a")
    before = alive()
    for number in range(50):
        show("a", *(f"p{each}" for each in range(number % 4)))
    show("a")
    assert alive() == before
    show("b", "a")
    by_text = {getattr(each, "description", ""): each for each in flat(plain)}
    by_text["Mend b"].click()
    by_text["Mend a"].click()
    by_text["a"].value = "typed"
    assert done == [
        {"do": "mend", "what": "b"},
        {"do": "mend", "what": "a"},
        {"do": "set", "name": "a", "value": "typed"},
    ]


def test_rows_carried_on_leave_no_widgets_behind() -> None:
    bench, data = aero_jupyter.panel(), aero_jupyter.current().client.resolve_data("influent")
    assert bench.widget is not None
    bench.on_displayed()
    wait_for_panel_threads()
    counts, watching = [], []
    for what in ("lineage", "runs") * 6:
        bench._navigate_to_tab(what, data)
        wait_for_panel_threads()
        counts.append(alive())
        watching.append(len(poller))
    assert counts[-1] == counts[1]
    assert watching[-1] == watching[1]
    bench.close()


def test_a_panel_below_takes_the_place_of_the_one_before() -> None:
    browse, data = aero_jupyter.browse("influent"), aero_jupyter.current().client.resolve_data("influent")
    assert browse.widget is not None
    wait_for_panel_threads()
    counts, watching = [], []
    for what in ("lineage", "runs") * 4:
        browse.navigate_from_row(what, data)
        wait_for_panel_threads()
        counts.append(alive())
        watching.append(len(poller))
    assert counts[-1] == counts[1]
    assert watching[-1] == watching[1]
    before = alive()
    browse.close()
    assert alive() < before


def test_what_was_given_to_a_workbench_is_not_ended_by_it() -> None:
    mine = aero_jupyter.lineage("level@1")
    bench = aero_jupyter.panel("lineage", lineage=mine)
    assert bench.widget is not None
    bench._navigate_to_tab("lineage", aero_jupyter.current().client.resolve_data("influent"))
    wait_for_panel_threads()
    assert mine.widget.comm is not None
    bench.close()


def test_nobody_polls_for_plain_controls_that_nobody_sees() -> None:
    card = aero_jupyter.flow("take_in").panel
    before = len(poller)
    plain = given_up(card)
    assert len(poller) == before + 1
    plain._view_count = 1
    plain._view_count = 0
    assert len(poller) == before
    plain._view_count = 2
    assert len(poller) == before + 1
    # The front end was only slow: the fallback controls are gone, and so are their observers.
    card._host._handle_message(None, {"do": "hello", "view": "one"}, [])
    card._host._handle_message(None, {"do": "bye", "view": "one"}, [])
    assert len(poller) == before


def test_the_table_too_is_not_polled_for_when_its_plain_controls_are_gone() -> None:
    runs = aero_jupyter.monitor()
    assert runs.widget is not None
    wait_for_panel_threads()
    before, live = len(poller), runs._live
    assert live is not None
    live.show_fallback()
    assert len(poller) == before + 1
    controls = live.fallback
    assert controls is not None
    controls._view_count = 1
    controls._view_count = 0
    assert len(poller) == before


def test_who_waits_for_a_workbench_is_given_what_comes_of_its_tabs() -> None:
    bench = aero_jupyter.panel()
    assert bench.widget is not None
    data = aero_jupyter.current().client.resolve_data("influent")
    wait_for_panel_threads()
    bench._navigate_to_tab("lineage", data)
    wait_for_panel_threads()

    async def waited() -> Any:
        waiting = asyncio.ensure_future(bench.wait())
        await asyncio.sleep(0)
        view: Any = bench._panels["lineage"]
        boxes = next(node for node in trees.walk(view.tree()) if node["is"] == "picture")["boxes"]
        box = next(box for box in boxes if box["title"].startswith("influent "))
        view.act({"do": "open", "id": box["id"]})
        return await asyncio.wait_for(waiting, 30)

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: asyncio.run(waited())).result(180).name == "influent"
    bench.close()


def test_what_goes_wrong_on_a_timer_is_shown_once_and_kept() -> None:
    shown: list[tuple[str, ...]] = []

    class Panel:
        def show_error(self, lines: tuple[str, ...], story: str) -> None:
            shown.append(lines)
            twin.later()

    def broken() -> dict[str, str]:
        raise ValueError("no state")

    twin = StaticSnapshot(broken, Panel())
    twin._handle = object()
    for _ in range(2):
        twin.later()
        assert twin._update._pending is not None
        twin._update._pending._timer.function()
    assert shown == [("Something went wrong here: ValueError: no state", "See more with %aero_traceback")]
    assert str(sys.last_value) == "no state"
    if twin._update._pending is not None:
        twin._update._pending.cancel()


@pytest.mark.usefixtures("errors_are_shown")
def test_what_goes_wrong_in_plain_controls_is_shown_in_the_panel() -> None:
    card = aero_jupyter.flow("take_in").panel
    assert card.widget is not None
    shown: TreeHost = card._host
    shown._tree = {"children": [{"is": "field"}]}
    shown.show_fallback()
    assert "Something went wrong here: KeyError" in trees.as_text(card.tree())
    card.close()
