"""What the service logs: a JSON object a line, in files that rotate, without secrets."""

from __future__ import annotations

import json
import logging
import re
from datetime import datetime, timezone
from logging.handlers import RotatingFileHandler
from pathlib import Path

#: Bytes of a log file, and how many are kept.
SIZE, KEPT = 2 << 20, 3
_SECRET = re.compile(
    r"(?i)(bearer\s+)[\w.~+/=-]+|((?:[?&;]|\b)(?:[\w-]*(?:signature|credential|token|secret|key|sig|code)[\w-]*)=)[^&\s'\"]+"
)


def without_secrets(text: str, *known: str) -> str:
    """Take tokens, and what signs urls, out of a text."""
    for secret in known:
        text = text.replace(secret, "…")
    return _SECRET.sub(lambda found: f"{found[1] or found[2]}…", text)


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
            "message": without_secrets(record.getMessage(), *self._secrets),
        }
        if record.exc_info:
            said["traceback"] = without_secrets(self.formatException(record.exc_info), *self._secrets)
        return json.dumps(said, ensure_ascii=False)


def begin(file: Path, *secrets: str) -> None:
    """Log warnings and worse to a file; `secrets` never get into it."""
    handler = RotatingFileHandler(file, maxBytes=SIZE, backupCount=KEPT, encoding="utf-8")
    handler.setFormatter(_Lines(secrets))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
