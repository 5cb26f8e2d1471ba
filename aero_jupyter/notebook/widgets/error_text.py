"""Errors of runs as two lines; the full text is kept for ``%aero_traceback``."""

from __future__ import annotations

import re
import sys
import traceback

from aero_jupyter.core.errors import AeroError, RunFailed
from aero_jupyter.core.models import Run
from aero_jupyter.core.redaction import redact_text
from aero_jupyter.core.run_states import UNSUCCESSFUL_STATES
from aero_jupyter.core.terminal_text import escape_controls

# The last line of a traceback: the name of an exception and its message.
_RAISED = re.compile(r"[A-Za-z_][\w.]*(: |$)")
_LINE = re.compile(r'File "<cell [^"]*", line (\d+)')


def raise_for_run(run: Run, name: str) -> Run:
    """Return the run if it succeeded, else raise its error.

    Raises
    ------
    RunFailed
        If the run failed or was cancelled; the details hold the remote traceback and the output of ``print``.
    """
    if run.state not in UNSUCCESSFUL_STATES:
        return run
    details = "\n".join(part for part in (run.traceback, run.log and f"It printed:\n{run.log}") if part)
    reason = run.error or f"Run {run.id[:8]} of {name} was {run.state}."
    raise RunFailed(raised(name, reason), failing_line(run.traceback), details=details, run_id=run.id)


def raised(name: str, reason: str) -> str:
    """Return the reason of a failure; name the function if the reason is the last line of a traceback."""
    return f"{name}() raised {reason}" if _RAISED.match(reason) else reason


def failing_line(trace: str | None) -> str:
    """Return the line of the cell on which a function failed, if its traceback names it."""
    lines = _LINE.findall(trace or "")
    return f"See line {lines[-1]} of the cell, and %aero_traceback" if lines else "See more with %aero_traceback"


def keep_error(error: BaseException) -> None:
    """Store an error of a callback as the last one; no cell raised it."""
    sys.last_value = error


def story(error: BaseException | None = None) -> str:
    """Return the last error in full: its details, and the traceback in this kernel."""
    error = error or getattr(sys, "last_value", None)
    if error is None:
        return "No error has occurred in this kernel."
    local_traceback = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    details = error.details if isinstance(error, AeroError) else ""
    return escape_controls(redact_text(f"{details.rstrip()}\n\n{local_traceback}" if details else local_traceback))
