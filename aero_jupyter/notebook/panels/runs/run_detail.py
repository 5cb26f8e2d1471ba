"""Details of a run: its steps on a time line, its log, and its traceback with the lines of the cell marked."""

from __future__ import annotations

from datetime import datetime, timezone

from aero_jupyter.core.errors import AeroError
from aero_jupyter.core.models import Run
from aero_jupyter.notebook.formatting import format_state
from aero_jupyter.notebook.panels.runs.actions import actions_on_runs
from aero_jupyter.notebook.record_facts import names_of
from aero_jupyter.notebook.tables.table_view import Action, DetailView
from aero_jupyter.notebook.widgets.cards import notes_of

#: Characters of the time line.
_TIME_LINE_WIDTH = 24


def run_detail(run: Run) -> DetailView:
    """Build the details of a run: its steps on a time line, its log, its traceback with the cell's lines marked."""
    parts = [part for part in (time_line(run), run.log or "", run.traceback or "") if part]
    story = "\n\n".join(part.rstrip("\n") for part in parts)
    story_lines = story.split("\n")
    marked = [
        number + more
        for number, line in enumerate(story_lines)
        if '"<cell ' in line
        for more in (0, 1)
        if number + more < len(story_lines)
    ]
    heading = f"{format_state(run.state)} · run {run.id[:8]} · {run.trigger or ''}".rstrip(" ·")
    lines = [*([run.error] if run.error else []), *notes_of(run)]
    actions = [{**action, "id": run.id} for action in actions_on_runs([run])]
    return DetailView(heading, lines, story, marked, links=version_links(run), actions=actions)


def missing_run_detail(id: str, error: AeroError) -> DetailView:
    """Build the details of a run that cannot be fetched, with the reason."""
    return DetailView(f"Run {id[:36]}", [error.message, error.cure or ""])


def version_links(run: Run) -> list[Action]:
    """Return links to the pages of a run and of the versions that it used and made, and to its lineage."""
    links: list[Action] = [
        {"what": f"page {each.data_id}@{each.version}", "text": f"{word} {names_of([each])}"}
        for word, versions in (("used", run.used), ("made", run.made))
        for each in versions or ()
    ]
    return [{"what": "page", "text": "Page"}, *links, *([{"what": "lineage", "text": "Lineage"}] if links else [])]


def time_line(run: Run) -> str:
    """Return the steps of a run as bars of text."""
    now = datetime.now(timezone.utc)
    first = min((step.started_at for step in run.steps if step.started_at), default=now)
    total = max((((step.ended_at or now) - first).total_seconds() for step in run.steps), default=0.0)
    lines = []
    for step in run.steps:
        start = (step.started_at - first).total_seconds() if step.started_at else 0.0
        duration = ((step.ended_at or now) - (step.started_at or now)).total_seconds()
        bar = _bar(start, duration, total or 1.0)
        time = f"{duration:7.2f} s" if step.ended_at else "    … now"
        lines.append(f"{bar} {time}  {format_state(step.state)}: {step.name}")
    return "\n".join(lines)


def _bar(start: float, duration: float, total: float) -> str:
    before = min(_TIME_LINE_WIDTH - 1, int(start / total * _TIME_LINE_WIDTH))
    length = max(1, min(_TIME_LINE_WIDTH - before, round(duration / total * _TIME_LINE_WIDTH)))
    return f"│{' ' * before}{'█' * length}{' ' * (_TIME_LINE_WIDTH - before - length)}│"
