"""Run of a cell's function, once, on an endpoint, while the notebook waits."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any  # values of the notebook's namespace

from aero_jupyter.compute.service_limits import RESULT_MINUTES
from aero_jupyter.core.errors import AeroError, RunFailed
from aero_jupyter.core.name_rules import parameter_name
from aero_jupyter.core.run_states import OPEN_STATES
from aero_jupyter.notebook.formatting import format_state
from aero_jupyter.notebook.registration.endpoint_checks import unused_options_note
from aero_jupyter.notebook.registration.findings import raise_on_error
from aero_jupyter.notebook.registration.pairs import endpoint_config_from, kwargs_from
from aero_jupyter.notebook.registration.pinned_dates import pin_dates
from aero_jupyter.notebook.registration.request import inputs_from
from aero_jupyter.notebook.widgets.cards import Card
from aero_jupyter.notebook.widgets.error_text import failing_line, raised
from aero_jupyter.notebook.widgets.progress import Display

if TYPE_CHECKING:
    from aero_jupyter.compute.task_results import TaskResult
    from aero_jupyter.session.session import Session


def run(session: Session, cell: str, args: argparse.Namespace, names: Mapping[str, Any], timeout: float) -> Any:
    """Run the function of a cell on an endpoint, show its progress, and return its result.

    Raises
    ------
    FunctionRefused
        If the function cannot run elsewhere.
    InvalidArgument, UnknownName
        If a required parameter has no value, or a name is unknown.
    RunFailed
        If the function raised, its endpoint went offline, or the timeout passed.
    """
    from aero_jupyter.compute.live_functions import known_elsewhere
    from aero_jupyter.compute.portable_function import portable
    from aero_jupyter.session.flow_request import FlowOptions
    from aero_jupyter.session.single_run import run_once

    function = portable(cell, args.name, first_line=2, known_elsewhere=known_elsewhere(names))
    inputs, versions, findings = pin_dates(session.client, *inputs_from(args.input))
    raise_on_error(findings)
    config = endpoint_config_from(args.endpoint_config)
    options = FlowOptions(not_fetched=tuple(map(parameter_name, args.no_fetch)), endpoint_config=config)
    unused = unused_options_note(session, args.endpoint, config)
    warning = f"▲ {unused}" if unused else session.endpoint_warning(args.endpoint)
    task_display = _TaskDisplay(function.name, args.endpoint, warning, session.compute.limit_note)
    try:
        result = run_once(
            session,
            function,
            endpoint=args.endpoint,
            inputs=inputs,
            versions=versions,
            kwargs=kwargs_from(args.kwarg),
            options=options,
            timeout=timeout,
            on_state=task_display.show_state,
        )
    except KeyboardInterrupt:
        raise task_display.interrupt_error() from None
    except AeroError:
        task_display.show_timeout()
        raise
    task_display.show_result(result)
    if result.error is not None:
        reason = raised(function.name, result.error)
        raise RunFailed(reason, failing_line(result.traceback), details=result.report, run_id=result.task_id)
    return result.value


class _TaskDisplay:
    """The display of a task in the notebook.

    Parameters
    ----------
    limit_note : callable
        Returns a sentence while a limit of the service is near.
    """

    def __init__(self, name: str, endpoint: str, endpoint_warning: str | None, limit_note: Callable[[], str]) -> None:
        self._title = f"{name} on {endpoint}"
        self._endpoint_warning = endpoint_warning or ""
        self._limit_note = limit_note
        self._display = Display()
        self._started_at = time.monotonic()
        self._task = ""
        self._show("queued")

    def show_state(self, task: str, state: str) -> None:
        """Show a state of the task."""
        self._task = task
        if state in OPEN_STATES:
            self._show(state)

    def show_result(self, result: TaskResult) -> None:
        """Show the result: the failing lines of the cell, and the output of ``print``."""
        took = f" in {time.monotonic() - self._started_at:.1f} s"
        self._show("done" if result.error is None else "failed", took, result.report)

    def show_timeout(self) -> None:
        """Show that the wait ended without a result; nothing if the task was not started."""
        if self._task:
            self._show("failed")
        else:
            self._display.clear()

    def interrupt_error(self) -> AeroError:
        """Return the error that describes a task whose wait was interrupted."""
        if not self._task:
            self._display.clear()
            return AeroError("You stopped it before the service had taken the task.", "Run the cell to start it.")
        self._show("interrupted")
        return AeroError(
            f"You stopped waiting; task {self._task[:8]} continues on the endpoint.",
            f"Run the cell to start it again; the service drops a result after {RESULT_MINUTES} minutes.",
        )

    def _show(self, state: str, took: str = "", story: str = "") -> None:
        task = f"    task {self._task[:8]}" if self._task else ""
        words = "– not waited for" if state == "interrupted" else format_state(state)
        card = Card(f"{words}{took}: {self._title}{task}", self._endpoint_warning, self._limit_note(), pre=story)
        self._display.show(card, last=state not in OPEN_STATES)
