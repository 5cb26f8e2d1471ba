"""What went wrong with a run becomes two lines, and its story is kept."""

from __future__ import annotations

import re
import sys
import traceback

from aero_jupyter.core.errors import AeroError, RunFailed
from aero_jupyter.core.models import Run

# The name of an exception and its message, as a traceback ends.
_RAISED = re.compile(r"[A-Za-z_][\w.]*(: |$)")
_LINE = re.compile(r'File "<cell [^"]*", line (\d+)')


def ended_well(run: Run, name: str) -> Run:
    """Give the run back if it ended well.

    Raises
    ------
    RunFailed
        If it failed or was cancelled; its details hold the remote traceback and what was printed.
    """
    if run.state not in ("failed", "cancelled"):
        return run
    details = "\n".join(part for part in (run.traceback, run.log and f"It printed:\n{run.log}") if part)
    reason = run.error or f"Run {run.id[:8]} of {name} was {run.state}."
    raise RunFailed(raised(name, reason), where_of(run.traceback), details=details, run_id=run.id)


def raised(name: str, reason: str) -> str:
    """Say which function raised, where the reason is an exception as a traceback ends with it."""
    return f"{name}() raised {reason}" if _RAISED.match(reason) else reason


def where_of(trace: str | None) -> str:
    """Say on which line of its cell a function failed, where its traceback tells."""
    lines = _LINE.findall(trace or "")
    return f"See line {lines[-1]} of the cell, and %aero_traceback." if lines else "See more with %aero_traceback."


def keep(error: BaseException) -> None:
    """Make an error the last one: of a callback, which no cell has raised."""
    sys.last_value = error


def story(error: BaseException | None = None) -> str:
    """Tell the last error in full: its details, and the traceback here."""
    error = error or getattr(sys, "last_value", None)
    if error is None:
        return "Nothing has gone wrong in this kernel."
    here = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    details = error.details if isinstance(error, AeroError) else ""
    return f"{details.rstrip()}\n\n{here}" if details else here
