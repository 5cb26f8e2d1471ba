"""A run in full: its steps on a time line, its log, and its traceback with the lines of the cell marked."""

from __future__ import annotations

from datetime import datetime, timezone

from aero_jupyter.core.errors import AeroError
from aero_jupyter.core.models import Run
from aero_jupyter.notebook.columns import time_of
from aero_jupyter.notebook.page import View
from aero_jupyter.notebook.words import state_of

#: Columns of a step's bar on the time line.
_WIDE = 24


def told(run: Run) -> View:
    """Tell a run in full: its steps on a time line, its log, its traceback with the lines of the cell marked."""
    parts = [part for part in (_steps(run), run.log or "", run.traceback or "") if part]
    story = "\n\n".join(part.rstrip("\n") for part in parts)
    lines = story.split("\n")
    marked = [
        at + more for at, line in enumerate(lines) if '"<cell ' in line for more in (0, 1) if at + more < len(lines)
    ]
    heading = f"{state_of(run.state)} · run {run.id[:8]} · {run.trigger or ''}".rstrip(" ·")
    return {"heading": heading, "lines": [run.error] if run.error else [], "pre": story, "marked": marked, "code": ""}


def lost(id: str, error: AeroError) -> View:
    """Tell a run that cannot be told, and why."""
    return {
        "heading": f"Run {id[:36]}",
        "lines": [error.message, error.cure or ""],
        "pre": "",
        "marked": [],
        "code": "",
    }


def _steps(run: Run) -> str:
    """Draw the steps on a time line."""
    steps = list(run.raw.get("steps") or ())
    times = [(time_of(step.get("started_at")), time_of(step.get("ended_at"))) for step in steps]
    now = datetime.now(timezone.utc)
    first = min((begin for begin, _ in times if begin), default=now)
    whole = max(((end or now) - first).total_seconds() for _, end in times) if times else 0.0
    parts = []
    for step, (began, ended) in zip(steps, times, strict=True):
        begin = (began - first).total_seconds() if began else 0.0
        took = ((ended or now) - (began or now)).total_seconds()
        bar = _bar(begin, took, whole or 1.0)
        told = f"{took:7.2f} s" if ended else "    … now"
        parts.append(f"{bar} {told}  {state_of(step['state'])}: {step['name']}")
    return "\n".join(parts)


def _bar(begin: float, took: float, whole: float) -> str:
    before = min(_WIDE - 1, int(begin / whole * _WIDE))
    long = max(1, min(_WIDE - before, round(took / whole * _WIDE)))
    return f"│{' ' * before}{'█' * long}{' ' * (_WIDE - before - long)}│"
