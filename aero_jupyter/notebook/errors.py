"""What was typed becomes arguments or a usage error; what went wrong becomes two lines, and its story is kept."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
import traceback
from collections.abc import Mapping
from typing import Any

from IPython.core.error import UsageError

from aero_jupyter.core.errors import AeroError, RunFailed
from aero_jupyter.core.models import Run

# The name of an exception and its message, as a traceback ends.
_RAISED = re.compile(r"[A-Za-z_][\w.]*(: |$)")
_NAME = re.compile(r"\{([A-Za-z_]\w*)\}")


def expanded(text: str, names: Mapping[str, Any]) -> str:
    """Replace ``{name}`` by its value where the notebook knows the name; all else stays."""
    return _NAME.sub(lambda found: str(names.get(found[1], found[0])), text)


def arguments(magic: Any, line: str, names: Mapping[str, Any]) -> argparse.Namespace:
    """Read the line of a magic; quotes group words, and ``{name}`` stands for the notebook's value.

    Raises
    ------
    UsageError
        If the line is not what the magic takes.
    """
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"{str(error).lower()} in: {line}") from None
    parsed: argparse.Namespace = magic.parser.parse_args([expanded(word, names) for word in words])
    return parsed


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
    if _RAISED.match(reason):
        reason = f"{name}() raised {reason}"
    raise RunFailed(reason, "See where with %aero_traceback.", details=details, run_id=run.id)


def story(error: BaseException | None = None) -> str:
    """Tell the last error in full: its details, and the traceback here."""
    error = error or getattr(sys, "last_value", None)
    if error is None:
        return "Nothing has gone wrong in this kernel."
    here = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    details = error.details if isinstance(error, AeroError) else ""
    return f"{details.rstrip()}\n\n{here}" if details else here
