"""The function of a cell, run once on an endpoint while the notebook waits."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aero_jupyter.core.errors import AeroError, InvalidArgument, RunFailed
from aero_jupyter.notebook.errors import raised, where_of
from aero_jupyter.notebook.progress import Display
from aero_jupyter.notebook.views import Card
from aero_jupyter.notebook.wishes import inputs_from, kwargs_from
from aero_jupyter.notebook.words import state_of

if TYPE_CHECKING:
    from aero_jupyter.compute.results import Outcome
    from aero_jupyter.session import Session

_VERSION = re.compile(r"(.+)@(\d+)")


def run(session: Session, cell: str, args: argparse.Namespace, names: Mapping[str, Any], timeout: float) -> Any:
    """Run the function of a cell on an endpoint, show how far it is, and give what it returned.

    Raises
    ------
    FunctionRefused
        If the function cannot travel.
    InvalidArgument, UnknownName
        If it would be called with the wrong parameters, or a name is not known.
    RunFailed
        If it raised, its endpoint went away, or the time was over.
    """
    from aero_jupyter.compute.functions import portable
    from aero_jupyter.compute.live import known_elsewhere
    from aero_jupyter.once import run_once

    function = portable(cell, args.name, first_line=2, known_elsewhere=known_elsewhere(names))
    inputs, versions = _with_versions(inputs_from(args.input))
    watched = _Watched(function.name, args.endpoint, session.remark(args.endpoint))
    try:
        outcome = run_once(
            session,
            function,
            endpoint=args.endpoint,
            inputs=inputs,
            versions=versions,
            kwargs=kwargs_from(args.kwarg),
            timeout=timeout,
            told=watched.told,
        )
    except KeyboardInterrupt:
        raise watched.interrupted() from None
    except AeroError:
        watched.given_up()
        raise
    watched.ended(outcome)
    if outcome.error is not None:
        reason = raised(function.name, outcome.error)
        raise RunFailed(reason, where_of(outcome.traceback), details=outcome.story, run_id=outcome.task_id)
    return outcome.value


class _Watched:
    """A task as it is seen from the notebook."""

    def __init__(self, name: str, endpoint: str, remark: str | None) -> None:
        self._what = f"{name} on {endpoint}"
        self._remark = remark or ""
        self._shown = Display()
        self._begun = time.monotonic()
        self._task = ""
        self._show("queued")

    def told(self, task: str, state: str) -> None:
        """Show a state of the task."""
        self._task = task
        if state in ("queued", "running"):
            self._show(state)

    def ended(self, outcome: Outcome) -> None:
        """Show how it ended: where it raised, with its cell's lines marked, and what it printed."""
        took = f" in {time.monotonic() - self._begun:.1f} s"
        self._show("done" if outcome.error is None else "failed", took, outcome.story)

    def given_up(self) -> None:
        """Show that nobody waits for it any more; nothing, where it was not even started."""
        if self._task:
            self._show("failed")
        else:
            self._shown.clear()

    def interrupted(self) -> AeroError:
        """Say what becomes of the task when nobody waits any more."""
        if not self._task:
            self._shown.clear()
            return AeroError("You stopped it before the service had taken the task.", "Run the cell to start it.")
        self._show("left")
        return AeroError(
            f"You stopped waiting; task {self._task[:8]} goes on at the endpoint.", "Run the cell to start it anew."
        )

    def _show(self, state: str, took: str = "", story: str = "") -> None:
        task = f"    task {self._task[:8]}" if self._task else ""
        said = "– not waited for" if state == "left" else state_of(state)
        card = Card(f"{said}{took}: {self._what}{task}", self._remark, pre=story)
        self._shown.show(card, last=state not in ("queued", "running"))


def _with_versions(inputs: Mapping[str, str]) -> tuple[dict[str, str], dict[str, int]]:
    names, versions = dict(inputs), dict[str, int]()
    for parameter, text in inputs.items():
        found = _VERSION.fullmatch(text)
        if found:
            names[parameter], versions[parameter] = found[1], int(found[2])
        elif "@" in text:
            raise InvalidArgument(
                f"--input {parameter}={text} names no version after the @.", "Write --input PARAMETER=NAME@3."
            )
    return names, versions
