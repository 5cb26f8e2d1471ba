"""Ten panels open for an hour of simulated time: threads, memory, requests and widgets do not grow.

Neither as plain controls, where the front end has no anywidget, nor when rows are carried on again and again.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from typing import Any

import psutil
from ipywidgets.widgets.widget import _instances

import aero_jupyter
from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.notebook.widgets import widget_host
from aero_jupyter.notebook.widgets.poller import INTERVAL, Pollable, poller
from aero_jupyter.session.session import Session
from benchmarks.figures import Figure
from benchmarks.place import own_session

_HOUR = 3600
_CARRIED = 20
_MAKE = "def made(n=3):\n    import pandas as pd\n    return pd.DataFrame({'level': range(n)})\n"
_READ = "def read(x):\n    import pandas as pd\n    return pd.read_csv(x).mean().to_frame('mean')\n"


def measure() -> Iterator[Figure]:
    """Look as often as an hour has looks, as fast as the machine can, and compare its ends."""
    with own_session() as session:
        _register(session)
        counted = _Counted(session.client)
        watching = _ten()
        looks, ends = int(_HOUR / INTERVAL), []
        for number in range(looks):
            for each in watching:
                assert each.look()
            if number in (looks // 10, looks - 1):
                gc.collect()
                rss = psutil.Process().memory_info().rss / 1e6
                ends.append((threading.active_count(), rss, counted.requests / (number + 1)))
    (threads, memory, requests), (more_threads, more_memory, more_requests) = ends
    message = f"{looks} looks of ten panels"
    yield Figure("ten panels, an hour: threads, last beside first", more_threads / threads, "×", message, 1.0)
    yield Figure("the same: memory, last less first", more_memory - memory, "MB", f"{more_memory:.0f} MB", 10.0)
    yield Figure("the same: requests a look, last beside first", more_requests / requests, "×", "", 1.05)
    with own_session() as session:
        _register(session)
        yield _plain()
        yield from _carried(session)


def _register(session: Session) -> None:
    flow = session.register(portable(_MAKE), outputs=["made"])
    session.client.wait_for_run(session.client.run_flow(flow.id).id, 60)
    session.register(portable(_READ), inputs={"x": "made"}, outputs=["read"], policy=PolicyEnum.ANY)
    session.client.wait_for_version(session.client.resolve_data("read").id, 1, 60)


def _plain() -> Figure:
    """Look for an hour at panels whose front end never says hello."""
    panels = [aero_jupyter.flow("made").panel, aero_jupyter.flow("read").panel, aero_jupyter.panel("register")]
    for panel in panels:
        assert panel.widget is not None
        panel._host.show_fallback()
        panel.look()
    _settled()
    first = len(_instances)
    for _ in range(int(_HOUR / INTERVAL)):
        for panel in panels:
            panel.show()
    last = len(_instances)
    for panel in panels:
        panel.close()
    return Figure("plain controls, an hour: widgets, last beside first", last / first, "×", f"{last} widgets", 1.0)


def _carried(session: Session) -> Iterator[Figure]:
    """Carry a row on, again and again, in the workbench and below a panel that stands alone."""
    data = session.client.resolve_data("made")
    # No front end is there, and none is given up.
    widget_host.WIDGET_HANDSHAKE_SECONDS = _HOUR
    for what, panel in (("the workbench", aero_jupyter.panel()), ("the catalogue", aero_jupyter.browse())):
        assert panel.widget is not None
        panel.on_displayed()
        counts = []
        for _ in range(_CARRIED):
            for where in ("lineage", "runs"):
                panel.navigate(where, data) if what == "the catalogue" else panel._navigate_to_tab(where, data)
                _settled()
            counts.append((len(_instances), len(poller)))
        (first, watching), (last, still_watching) = counts[0], counts[-1]
        message = f"{2 * _CARRIED} rows"
        yield Figure(f"carried on in {what}: widgets, last beside first", last / first, "×", message, 1.0)
        yield Figure("the same: who is looked for, last beside first", still_watching / watching, "×", message, 1.0)
        panel.close()


def _settled() -> None:
    for thread in threading.enumerate():
        if thread.name in ("aero-panel", "aero-pager"):
            thread.join(60)


class _Counted:
    """Counts what a client asks."""

    def __init__(self, client: Any) -> None:
        self.requests, send = 0, client._send

        def counting(*args: Any, **kwargs: Any) -> Any:
            self.requests += 1
            return send(*args, **kwargs)

        client._send = counting


def _ten() -> list[Pollable]:
    found: list[Any] = []
    for which in (None, "made", "read", "made"):
        monitor = aero_jupyter.monitor(which)
        assert monitor.widget is not None
        _settled()
        found.append(monitor._runs)
    found += [aero_jupyter.flow(which).panel for which in ("made", "read", "made")]
    for tab in ("browse", "runs", "register"):
        bench = aero_jupyter.panel(tab)
        assert bench.widget is not None
        found.append(bench)
    for panel in found[4:]:
        assert panel.widget is not None
    return found
