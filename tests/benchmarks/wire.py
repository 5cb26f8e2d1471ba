"""Bytes that the kernel sends to a front end for one update, compared with the whole view."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from support.front_end import FrontEnd
from support.panel_threads import wait_for_panel_threads

import aero_jupyter
from aero_jupyter.client.lineage import Lineage, Link
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.models import Data, Version
from aero_jupyter.notebook.panels.lineage.panel import LineageView
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.view_widget import ViewWidget
from aero_jupyter.session.session import Session
from benchmarks.figures import Figure
from benchmarks.place import own_session

_MAKE = "def made(n=3):\n    import pandas as pd\n    return pd.DataFrame({'level': range(n)})\n"
_ROWS, _RUNS, _BOXES = 60, 15, 300


def measure() -> Iterator[Figure]:
    """Measure an age, a page turn, a poll of runs and a selection in a lineage."""
    with own_session() as session:
        for number in range(_ROWS):
            body = {"name": f"source_{number}", "url": f"https://example.org/{number}.csv"}
            session.client.post("data/source", data=body)
        flow = session.register(portable(_MAKE), outputs=["made"])
        for _ in range(_RUNS):
            session.client.wait_for_run(session.client.run_flow(flow.id).id, 60)
        yield _changed_age(session)
        yield _page_turn()
        yield _poll(session, flow.id)
        yield _selection(session)


def _sent(what: str, front: FrontEnd, act: Callable[[], object], most: float) -> Figure:
    """Count the bytes of the messages, and of the whole views that they stand for."""
    whole: list[int] = []
    apply = front.apply

    def applied(data: dict[str, Any]) -> None:
        apply(data)
        whole.append(len(json.dumps({"method": "update", "state": {"view": front.view}, "buffer_paths": []})))

    front.received.clear()
    front.apply = applied  # type: ignore[method-assign]
    act()
    wait_for_panel_threads()
    parts = f"{front.bytes:,} of {sum(whole):,} bytes, {len(whole)} messages"
    return Figure(f"bytes of {what}, beside whole views", front.bytes / sum(whole), "", parts, most)


def _opened(widget: ViewWidget) -> FrontEnd:
    front = FrontEnd(widget)
    front.hello()
    wait_for_panel_threads()
    return front


def _changed_age(session: Session) -> Figure:
    panel = aero_jupyter.dataset("made")
    assert panel.widget is not None
    wait_for_panel_threads()
    widget = panel._host.widget
    front = _opened(widget)
    aged = json.loads(json.dumps(panel.tree()))
    node = next(
        node for node in trees.walk(aged) if "ago" in str(node.get("text")) or "just now" in str(node.get("text"))
    )
    node["text"] = node["text"].replace("just now", "1 min ago")
    figure = _sent("one changed age on the page of a dataset", front, lambda: widget.show(aged), 0.05)
    panel.close()
    return figure


def _page_turn() -> Figure:
    panel = aero_jupyter.browse()
    assert panel.widget is not None
    wait_for_panel_threads()
    live = panel._live
    live.pager.act({"do": "next"})
    live.pager.act({"do": "previous"})
    wait_for_panel_threads()
    figure = _sent("a page turn", _opened(live.widget), lambda: live.pager.act({"do": "next"}), 0.8)
    panel.close()
    return figure


def _poll(session: Session, flow: str) -> Figure:
    panel = aero_jupyter.monitor()
    assert panel.widget is not None
    wait_for_panel_threads()
    front = _opened(panel._live.widget)
    panel._live.pager.look()
    session.client.wait_for_run(session.client.run_flow(flow).id, 60)
    figure = _sent("a poll that brings one run", front, panel._live.pager.look, 0.3)
    panel.close()
    return figure


def _selection(session: Session) -> Figure:
    def version(number: int) -> Version:
        return Version(f"v{number}", f"d{number}", 1, data=Data(f"d{number}", f"data {number}"))

    links = tuple(Link(f"f{n}", None, (version(n // 3),), (version(n),)) for n in range(1, _BOXES))
    data = version(5).data
    assert data is not None
    panel = LineageView(session, Lineage(data, 1, True, links))
    assert panel.widget is not None
    assert panel._host is not None
    wait_for_panel_threads()
    front = _opened(panel._host.widget)
    picture = next(node for node in trees.walk(panel.tree()) if node["is"] == "picture")
    box = picture["boxes"][-1]["id"]
    figure = _sent(
        f"a selection in a lineage of {_BOXES} boxes", front, lambda: panel.act({"do": "open", "id": box}), 0.25
    )
    panel.close()
    return figure
