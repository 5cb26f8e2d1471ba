"""Parsers of untrusted text: each one returns a value or raises ValueError, and nothing else."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any  # JSON values

#: Digits of a number of bytes or seconds that can be meant.
_MOST_DIGITS = 18


def parse_json(
    text: str | bytes,
    parse_constant: Callable[[str], Any] | None = None,
    parse_float: Callable[[str], Any] | None = None,
) -> Any:
    """Parse untrusted JSON; `parse_constant` receives NaN and infinities, `parse_float` the text of each float.

    Raises
    ------
    ValueError
        If it is not JSON, or nested too deeply to be read.
    """
    try:
        return json.loads(text, parse_constant=parse_constant, parse_float=parse_float)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def parse_count(text: str | None) -> int | None:
    """Parse a number of ASCII digits, as in Content-Length; None for anything else."""
    digits = (text or "").strip(" \t")
    is_count = digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS
    return int(digits) if is_count else None


def parse_pause(text: str | None) -> float | None:
    """Parse Retry-After, a number of seconds or a date, as seconds from now; None if invalid."""
    seconds = parse_count(text)
    if seconds is not None:
        return float(seconds)
    try:
        return max(0.0, parsedate_to_datetime(text or "").timestamp() - time.time())
    except (ValueError, TypeError, OverflowError, IndexError, OSError):
        return None
