"""Callbacks of panels: their errors are shown in the panel, on whatever thread they occur."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Mapping
from typing import Any

from aero_jupyter.core.errors import AeroError
from aero_jupyter.notebook.widgets.error_text import keep_error, story

#: A message of a front end, or a change of a trait: JSON.
Message = Mapping[str, Any]

#: Whether errors are raised again after they were shown; tests set it.
raises_again = False


def callback(method: Callable[..., None]) -> Callable[..., None]:
    """Show the errors of a method in its panel, and keep them for ``%aero_traceback``.

    The panel's ``show_error(lines, story)`` shows two lines, and the details folded.
    """

    @functools.wraps(method)
    def guarded(self: object, *args: Any, **kwargs: Any) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception as error:
            report_error(self, error)
            if raises_again:
                raise

    return guarded


def report_error(panel: object, error: Exception) -> None:
    """Keep an error for ``%aero_traceback``, and show it in its panel."""
    keep_error(error)
    show = getattr(panel, "show_error", None)
    if show is not None:
        # If the panel cannot show it, the error is kept for %aero_traceback.
        with contextlib.suppress(Exception):
            show(lines_of(error), story(error))


def lines_of(error: Exception) -> tuple[str, ...]:
    """Return an error as two lines: message and cure."""
    if isinstance(error, AeroError):
        return tuple(line for line in (error.message, error.cure) if line)
    return f"Something went wrong here: {type(error).__name__}: {error}", "See more with %aero_traceback"
