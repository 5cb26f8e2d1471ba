"""The page of a run: its steps on a time line, its log, its traceback, and the versions that it used and made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from aero_jupyter.compute.tracebacks import elide_frames
from aero_jupyter.core.errors import AeroError
from aero_jupyter.core.models import Run
from aero_jupyter.core.run_states import UNSUCCESSFUL_STATES
from aero_jupyter.notebook.as_code import called
from aero_jupyter.notebook.formatting import format_state
from aero_jupyter.notebook.panels.base import Message, Subject, Task, start_thread
from aero_jupyter.notebook.panels.environment_nodes import environment_nodes
from aero_jupyter.notebook.panels.runs.run_detail import time_line
from aero_jupyter.notebook.panels.tree_panel import TreePanel
from aero_jupyter.notebook.record_facts import names_of, seconds_of
from aero_jupyter.notebook.settings import moment
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.cards import notes_of
from aero_jupyter.notebook.widgets.figures import Shape, chart
from aero_jupyter.notebook.widgets.poller import poller
from aero_jupyter.notebook.widgets.tree import Node

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session

#: Pixels of the time line: its width, the column of the steps' names, the column of their times, and a step's height.
_WIDTH, _NAME_WIDTH, _TIME_WIDTH, _STEP_HEIGHT = 400, 90, 70, 22


class RunPage(TreePanel):
    """The page of a run; `run` makes it. A run that has not ended is followed."""

    label = "Run"

    def __init__(self, session: Session, run: Run, *, begin: Callable[[Task], None] = start_thread) -> None:
        super().__init__(session, begin=begin)
        self._run, self._note = run, ""

    @property
    def value(self) -> Run:
        """The run, as it was fetched last."""
        return self._run

    @property
    def subject(self) -> Subject:
        """The run."""
        return self._run

    def expression(self) -> str:
        """Return the call that builds the page."""
        return called("run", self._run.id)

    def nodes(self) -> Sequence[Node | None]:
        """Return the nodes of the tree."""
        run = self._run
        reason = [run.error] if run.error else []
        return [
            trees.text(f"{format_state(run.state)} · {run.flow_name or 'run'} · run {run.id[:8]}", "strong"),
            *(trees.text(line) for line in (*reason, *notes_of(run))),
            trees.text(self._when(), "meta"),
            *environment_nodes("Environment", run.environment),
            self._buttons(),
            trees.text(self._note, "meta") if self._note else None,
            *_version_nodes(run),
            *_traceback_nodes(run),
            *_step_nodes(run),
            trees.fold("Log", trees.pre(run.log), is_open=True) if run.log else None,
        ]

    def _when(self) -> str:
        run, seconds = self._run, seconds_of(self._run)
        began = run.started_at or run.created_at
        parts = (run.trigger, moment(began) if began else "", "" if seconds is None else f"{seconds:.2f} s")
        return " · ".join([*filter(None, parts), self.as_of()])

    def _buttons(self) -> Node:
        run = self._run
        return trees.row(
            trees.button("Cancel", "cancel") if not run.is_final else None,
            trees.button("Retry", "retry", primary=True) if run.state in UNSUCCESSFUL_STATES else None,
            trees.button("Runs of the flow", "carry", what="runs"),
            trees.button("Lineage", "carry", what="lineage"),
            trees.copy("Copy as code", self.as_code(), "the code"),
        )

    def screen_reader_text(self) -> str:
        """Return the last note, or the state of the run."""
        return self._note or format_state(self._run.state)

    def actions(self) -> Mapping[str, Callable[[Message], None]]:
        """Return the handlers of messages, by the name of the action."""
        client, run = self._session.client, self._run
        return {
            "cancel": lambda _: self._request(lambda: client.cancel_run(run.id), "Cancelled."),
            "retry": lambda _: self._request(lambda: client.run_flow(run.flow_id), "Retried: a new run was requested."),
            "version": lambda message: self._open_version(str(message.get("id"))),
            "carry": lambda message: self.navigate(str(message.get("what")), self._run),
        }

    def _request(self, request: Callable[[], object], note: str) -> None:
        def send() -> None:
            request()
            self._note = note
            self.look()

        self.run_in_background(send)

    def _open_version(self, id: str) -> None:
        if id in {f"{each.data_id}@{each.version}" for each in (*(self._run.used or ()), *(self._run.made or ()))}:
            self.navigate("page", id)

    @property
    def polled(self) -> RunPage | None:
        """The page, which follows its run until that has ended."""
        return None if self._run.is_final else self

    def look(self) -> bool:
        """Fetch the run; return whether the server answered."""
        try:
            run = self._session.client.get_run(self._run.id)
        except AeroError as error:
            self._note = f"{error.message} Trying again."
            self.show()
            return False
        was_final, self._run, self.fetched_at = self._run.is_final, run, datetime.now(timezone.utc)
        if run.is_final:
            poller.leave(self)
        self.show()
        if run.is_final and not was_final:
            self.resolve_waiters(run)
        return True


def _version_nodes(run: Run) -> list[Node]:
    """Build the buttons that open the versions that a run used and made."""
    used = "Open failed input" if run.state == "failed" else "Used"
    groups = ((used, run.used or ()), ("Made", run.made or ()))
    buttons = [
        trees.button(f"{word} {names_of([each])}", "version", id=f"{each.data_id}@{each.version}")
        for word, versions in groups
        for each in versions
    ]
    return [trees.row(*buttons)] if buttons else []


def _traceback_nodes(run: Run) -> list[Node]:
    """Build the traceback from the line of the cell on, with the whole one folded."""
    if not run.traceback:
        return []
    short = elide_frames(run.traceback)
    lines = short.split("\n")
    marked = [number + more for number, line in enumerate(lines) if line.startswith("→") for more in (0, 1)]
    shown = trees.pre(short, [number for number in marked if number < len(lines)])
    whole = trees.fold("The whole traceback", trees.pre(run.traceback)) if short != run.traceback.rstrip("\n") else None
    return [trees.group("Traceback", shown, whole)]


def _step_nodes(run: Run) -> list[Node]:
    """Build the time line of the steps."""
    steps = [step for step in run.steps if step.started_at]
    if not steps:
        return []
    now = datetime.now(timezone.utc)
    first = min(step.started_at for step in steps if step.started_at)
    total = max(((step.ended_at or now) - first).total_seconds() for step in steps) or 1.0
    scale = (_WIDTH - _NAME_WIDTH - _TIME_WIDTH) / total
    shapes = []
    for number, step in enumerate(steps):
        begun = step.started_at or first
        seconds, y = ((step.ended_at or now) - begun).total_seconds(), number * _STEP_HEIGHT
        time = f"{seconds:.2f} s{'' if step.ended_at else ' …'}"
        x, width = _NAME_WIDTH + (begun - first).total_seconds() * scale, max(2.0, seconds * scale)
        bar: dict[str, float | str] = {"x": round(x, 1), "y": y + 4, "width": round(width, 1), "height": 12}
        kind = "failed-bar" if step.state == "failed" else "bar"
        shapes += [
            Shape("text", "label", {"x": 0, "y": y + 14}, step.name),
            Shape("rect", kind, bar, f"{format_state(step.state)}: {step.name}, {time}"),
            Shape("text", "label", {"x": round(x + width, 1) + 6, "y": y + 14}, time),
        ]
    label = f"Steps of the run, {total:.2f} s"
    return [trees.group("Steps", chart(label, (_WIDTH, len(steps) * _STEP_HEIGHT), shapes, time_line(run)))]


def run(id: str) -> RunPage:
    """Show the page of a run: its steps on a time line, its log, its traceback, and what it used and made.

    Parameters
    ----------
    id : str
        The id of the run.

    Returns
    -------
    RunPage
        A panel; ``.value`` is the run, and ``await page.wait()`` returns it when it has ended.

    Raises
    ------
    NotFound
        If there is no such run.
    ClientError
        If the server refuses or does not answer.

    Examples
    --------
    >>> ended = aero.flow("clean").wait(timeout=60)
    >>> aero.run(ended.run.id).value.flow_name
    'clean'
    """
    from aero_jupyter.session import current

    session = current()
    return RunPage(session, session.client.get_run(id))
