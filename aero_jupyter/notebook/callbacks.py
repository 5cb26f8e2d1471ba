"""Callbacks of panels: on any thread, and nothing that goes wrong in them is lost."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable
from typing import Any

from aero_jupyter.core.errors import AeroError
from aero_jupyter.notebook.errors import keep, story

#: Whether errors are raised again, as tests want them.
raised_again = False


def callback(method: Callable[..., None]) -> Callable[..., None]:
    """Show what goes wrong in a method of a panel there, and keep it for ``%aero_traceback``.

    The panel's ``show_error(lines, story)`` shows two lines, and the rest folded.
    """

    @functools.wraps(method)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception as error:
            caught(self, error)
            if raised_again:
                raise

    return guarded


def caught(panel: object, error: Exception) -> None:
    """Keep what went wrong for ``%aero_traceback``, and show it in the panel it went wrong in."""
    keep(error)
    show = getattr(panel, "show_error", None)
    if show is not None:
        # What cannot be shown for the same reason is kept at least.
        with contextlib.suppress(Exception):
            show(lines_of(error), story(error))


def lines_of(error: Exception) -> tuple[str, ...]:
    """Say an error in two lines."""
    if isinstance(error, AeroError):
        return tuple(line for line in (error.message, error.cure) if line)
    return f"Something went wrong here: {type(error).__name__}: {error}", "See more with %aero_traceback."
