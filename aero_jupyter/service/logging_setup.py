"""The log of the service: one JSON object per line, in rotating files, without secrets."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from datetime import datetime, timezone
from logging.handlers import RotatingFileHandler
from pathlib import Path

from aero_jupyter.core.redaction import redact_text

_log = logging.getLogger(__name__)
#: Bytes of a log file, and the number of old files that are kept.
SIZE, KEPT = 2 << 20, 3


def without_secrets(text: str, *known: str) -> str:
    """Return a text without tokens, passwords in URLs and URL signatures."""
    for secret in known:
        text = text.replace(secret, "…")
    return redact_text(text)


class _Lines(logging.Formatter):
    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line of JSON."""
        fields = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "message": self._clean(record.getMessage()),
        }
        if record.exc_info:
            fields["traceback"] = self._clean(self.formatException(record.exc_info))
        return json.dumps(fields, ensure_ascii=False)

    def _clean(self, text: str) -> str:
        return without_secrets(text, *self._secrets)


def configure_logging(file: Path, *secrets: str) -> None:
    """Log warnings and errors to a file; `secrets` are removed from every line."""
    handler = RotatingFileHandler(file, maxBytes=SIZE, backupCount=KEPT, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(_Lines(secrets))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def take_over() -> None:
    """Route warnings and uncaught exceptions to the log; discard everything else printed to stdout and stderr."""
    logging.captureWarnings(capture=True)
    sys.excepthook = lambda kind, error, trace: _log.error(
        "The process ended with an error.", exc_info=(kind, error, trace)
    )
    threading.excepthook = lambda failure: _log.error(
        "A thread ended with an error.",
        exc_info=(failure.exc_type, failure.exc_value or failure.exc_type(), failure.exc_traceback),
    )
    nothing = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nothing, descriptor)
    os.close(nothing)
