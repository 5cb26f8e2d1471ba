"""What the service logs: a JSON object a line, in files that rotate, without secrets."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
from datetime import datetime, timezone
from logging.handlers import RotatingFileHandler
from pathlib import Path

_log = logging.getLogger(__name__)
#: Bytes of a log file, and how many are kept.
SIZE, KEPT = 2 << 20, 3
_SURE = "signature|credential|token|secret|passw(?:or)?d|api_?key"
_SECRET = re.compile(
    rf"(?i)(bearer\s+)[\w.~+/=-]+|(://)[^/\s@'\"]+(?=@)|([?&;][\w.-]*(?:{_SURE}|key|sig|code)[\w.-]*=)[^&\s'\"]+"
    rf"|(\b[\w-]*(?:{_SURE})[\w-]*=)[^&\s'\"]+"
)
#: What SQLAlchemy says of a statement that failed: data.
_PARAMETERS = re.compile(r"\[parameters: .*")


def without_secrets(text: str, *known: str) -> str:
    """Take tokens, passwords in urls, and what signs urls, out of a text."""
    for secret in known:
        text = text.replace(secret, "…")
    return _SECRET.sub(lambda found: f"{next(filter(None, found.groups()))}…", text)


class _Lines(logging.Formatter):
    def __init__(self, secrets: tuple[str, ...]) -> None:
        super().__init__()
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """Write a record as one line of JSON."""
        said = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "message": self._clean(record.getMessage()),
        }
        if record.exc_info:
            said["traceback"] = self._clean(self.formatException(record.exc_info))
        return json.dumps(said, ensure_ascii=False)

    def _clean(self, text: str) -> str:
        return _PARAMETERS.sub("[parameters: …]", without_secrets(text, *self._secrets))


def begin(file: Path, *secrets: str) -> None:
    """Log warnings and worse to a file; `secrets` never get into it."""
    handler = RotatingFileHandler(file, maxBytes=SIZE, backupCount=KEPT, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(_Lines(secrets))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    # DBOS brings a handler of its own to where there is none, and then keeps its lines from ours.
    logging.getLogger("dbos").addHandler(logging.NullHandler())


def take_over() -> None:
    """Let nothing into the log but lines of ours: neither what Python itself says, nor what others print."""
    logging.captureWarnings(capture=True)
    sys.excepthook = lambda kind, error, trace: _log.error("It ended.", exc_info=(kind, error, trace))
    threading.excepthook = lambda told: _log.error(
        "A thread ended.", exc_info=(told.exc_type, told.exc_value or told.exc_type(), told.exc_traceback)
    )
    nothing = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nothing, descriptor)
    os.close(nothing)
