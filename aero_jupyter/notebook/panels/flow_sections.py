"""Parts of the flow panel: the run times as a chart, and the registered code."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from aero_jupyter.core.models import Run
from aero_jupyter.notebook.formatting import format_state
from aero_jupyter.notebook.panels.flow_code import FlowCode, ReplacedCode
from aero_jupyter.notebook.record_facts import seconds_of
from aero_jupyter.notebook.settings import moment
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.chart_shapes import sparkline
from aero_jupyter.notebook.widgets.code import code
from aero_jupyter.notebook.widgets.figures import Shape, chart, table
from aero_jupyter.notebook.widgets.tree import Node

_WIDTH, _HEIGHT, _LABEL_HEIGHT = 400, 84, 18
#: Pixels from one bar to the next, at most.
_MAX_STEP = 28.0


def run_time_nodes(runs: Sequence[Run]) -> list[Node]:
    """Build the chart of the latest runs' times, oldest first: a click opens a run; and the same as a table."""
    timed = [(run, seconds) for run in reversed(runs) if (seconds := seconds_of(run)) is not None]
    if len(timed) < 2:
        return []
    longest = max(seconds for _, seconds in timed) or 1.0
    step = min(_WIDTH / len(timed), _MAX_STEP)
    shapes = [_bar(run, seconds / longest, at * step, step) for at, (run, seconds) in enumerate(timed)]
    times = [seconds for _, seconds in timed]
    label = f"Times of the last {len(timed)} runs: median {statistics.median(times):.1f} s, longest {longest:.1f} s"
    words = f"{len(timed)} runs, oldest first; longest {longest:.1f} s"
    shapes.append(Shape("text", "label", {"x": 0, "y": _HEIGHT - 4}, words))
    rows = [
        [moment(run.started_at) if run.started_at else "—", f"{seconds:.2f} s", format_state(run.state)]
        for run, seconds in reversed(timed)
    ]
    listed = trees.fold(
        "The run times as a table", table("Run times", ("started", "time", "state"), rows, numbers=(1,))
    )
    return [trees.group("Run times", chart(label, (_WIDTH, _HEIGHT), shapes, f"{label}\n{sparkline(times)}"), listed)]


def _bar(run: Run, share: float, x: float, step: float) -> Shape:
    most = _HEIGHT - _LABEL_HEIGHT
    height = max(2.0, share * most)
    place: dict[str, float | str] = {
        "x": round(x, 1),
        "y": round(most - height, 1),
        "width": round(min(24.0, max(2.0, step - 3)), 1),
        "height": round(height, 1),
    }
    words = f"{format_state(run.state)}, {seconds_of(run):.2f} s"
    kind = "failed-bar" if run.state == "failed" else "bar"
    return Shape("rect", kind, place, words, {"do": "run page", "id": run.id})


def _replaced_code(each: ReplacedCode) -> Node:
    when = moment(each.replaced_at) if each.replaced_at else "at an unknown time"
    return trees.fold(f"Replaced {when}", trees.pre(each.diff or "The same code, with other modules or checks."))


def code_nodes(found: FlowCode) -> list[Node]:
    """Build the registered code of a flow, the modules that were sent with it, and what can be copied."""
    if not found.text:
        return [trees.note("▲", found.missing)]
    modules = [trees.fold(f"Module {name}", code(f"Module {name}", text)) for name, text in found.modules.items()]
    again = trees.copy("Copy the cell that registers it", found.cell, "the cell") if found.cell else None
    return [
        trees.group(
            "Code",
            code("The registered code", found.text),
            *modules,
            trees.row(trees.copy("Copy code", found.text, "the code"), again),
            *(_replaced_code(each) for each in found.earlier),
            trees.text(found.missing, "meta") if found.missing else None,
        )
    ]
