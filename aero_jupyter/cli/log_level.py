"""The option ``--log``: log records on the standard error, without secrets and control characters."""

from __future__ import annotations

import argparse
import logging

from aero_jupyter.core.redaction import redact_text
from aero_jupyter.core.terminal_text import escape_controls

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class _EscapedFormatter(logging.Formatter):
    """A formatter of records that may hold text of a server."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record without secrets and without characters that affect the terminal."""
        return escape_controls(redact_text(super().format(record)))


def read_level(text: str) -> str:
    """Return the level that an option names.

    Raises
    ------
    argparse.ArgumentTypeError
        If there is no such level.
    """
    if text.upper() not in _LEVELS:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(_LEVELS)}")
    return text.upper()


def log_to_stderr(level: str) -> None:
    """Write log records from a level on to the standard error.

    Parameters
    ----------
    level : str
        One of DEBUG, INFO, WARNING, ERROR and CRITICAL.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_EscapedFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
