"""The timeline of a dataset: its versions and the runs that failed or changed nothing, in the order of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

from aero_jupyter.core.run_states import VERSIONLESS_STATES
from aero_jupyter.notebook.formatting import size_of
from aero_jupyter.notebook.panels.dataset.facts import DatasetFacts
from aero_jupyter.notebook.record_facts import drift_line
from aero_jupyter.notebook.settings import moment
from aero_jupyter.notebook.widgets.chart_shapes import day
from aero_jupyter.notebook.widgets.figures import Shape, chart, table
from aero_jupyter.notebook.widgets.nodes import Node

#: Events that the drawing shows, and versions that the table lists.
_MAX_EVENTS, _MAX_ROWS = 24, 8
_WIDTH, _HEIGHT, _LINE = 400, 56, 22
_MARKS = {"version": "●", "failed": "✕", "unchanged": "="}
_EARLIEST = datetime.min.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class TimelineEvent:
    """A version, or a run that made none: `kind` is "version", "failed" or "unchanged"."""

    kind: str
    at: datetime | None
    text: str
    number: int = 0
    has_drifted: bool = False


def events_of(facts: DatasetFacts) -> list[TimelineEvent]:
    """Return the versions and the other runs, oldest first."""
    events = []
    for version in facts.versions:
        when = moment(version.created_at) if version.created_at else "at an unknown time"
        text = " ".join(part for part in (f"Version {version.version}, {when}", drift_line(version)) if part)
        drifted = bool(version.drift_notes)
        events.append(TimelineEvent("version", version.created_at, text, version.version, drifted))
    for run in facts.runs:
        if run.state in VERSIONLESS_STATES:
            at = run.ended_at or run.created_at
            words = f"Failed: {run.error or 'no reason was recorded'}" if run.state == "failed" else "Unchanged"
            events.append(TimelineEvent(run.state, at, f"{words}, {moment(at)}" if at else words))
    return sorted(events, key=lambda event: (event.at or _EARLIEST, event.number))


def timeline_chart(facts: DatasetFacts, opened: int | None, compared: int | None) -> Node | None:
    """Build the drawing: a dot for each version, which opens it, and a mark for each run that made none."""
    events = events_of(facts)[-_MAX_EVENTS:]
    if not events:
        return None
    step = (_WIDTH - 24) / max(1, len(events) - 1)
    shapes = [Shape("path", "grid", {"d": f"M12 {_LINE}H{_WIDTH - 12}"})]
    for at, event in enumerate(events):
        x = round(12 + at * step, 1)
        shapes.append(_shape(event, x, event.number in (opened, compared)))
        if event.has_drifted:
            shapes.append(Shape("text", "middle", {"x": x, "y": _LINE + 19}, "▲"))
        if event.number and (event.number in (opened, compared) or len(events) <= _MAX_ROWS):
            side = "label" if x < 24 else "end" if x > _WIDTH - 24 else "middle"
            shapes.append(Shape("text", side, {"x": x - 8 if side == "label" else x, "y": 12}, f"v{event.number}"))
    first, last = events[0].at, events[-1].at
    if first and last:
        shapes.append(Shape("text", "label", {"x": 4, "y": _HEIGHT - 6}, day(first.timestamp())))
        shapes.append(Shape("text", "end", {"x": _WIDTH - 4, "y": _HEIGHT - 6}, day(last.timestamp())))
    marks = "".join("▲" if event.has_drifted else _MARKS[event.kind] for event in events)
    return chart("Versions and runs in the order of time", (_WIDTH, _HEIGHT), shapes, marks)


def _shape(event: TimelineEvent, x: float, is_chosen: bool) -> Shape:
    if event.kind == "version":
        message = {"do": "version", "number": event.number}
        place: dict[str, float | str] = {"cx": x, "cy": _LINE, "r": 6}
        return Shape("circle", "dot" if is_chosen else "ring", place, event.text, message)
    if event.kind == "failed":
        cross = f"M{x - 4} {_LINE - 4}L{x + 4} {_LINE + 4}M{x - 4} {_LINE + 4}L{x + 4} {_LINE - 4}"
        return Shape("path", "failure", {"d": cross}, event.text)
    return Shape("path", "axis", {"d": f"M{x} {_LINE - 4}V{_LINE + 4}"}, event.text)


def versions_table(facts: DatasetFacts, changes: Mapping[int, tuple[int, str]]) -> Node:
    """Build the table of the latest versions; `changes` maps a version to its rows and what changed in it."""
    rows = []
    has_notes = any(version.drift_notes for version in facts.versions[: -_MAX_ROWS - 1 : -1])
    before = {later.version: earlier for earlier, later in zip(facts.versions, facts.versions[1:], strict=False)}
    for version in facts.versions[: -_MAX_ROWS - 1 : -1]:
        size = version.file.size if version.file else None
        count, change = changes.get(version.version, (None, ""))
        earlier = before.get(version.version)
        if not change and earlier is not None and size is not None and earlier.file and earlier.file.size is not None:
            change = f"{size - earlier.file.size:+,} bytes"
        rows.append(
            [
                f"v{version.version}",
                moment(version.created_at) if version.created_at else "—",
                "—" if count is None else f"{count:,}",
                "—" if size is None else size_of(size),
                *([drift_line(version)] if has_notes else []),
                change or ("first version" if earlier is None else "—"),
            ]
        )
    notes = ("drift",) if has_notes else ()
    columns = ("version", "when", "rows", "size", *notes, "change against the version before")
    return table("The latest versions", columns, rows, numbers=(2, 3))
