"""Values in foreign records: each function returns a value of its type, or None."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

Record = Mapping[str, Any]


#: JSON can hold lone surrogates, which no encoding can write.
_HALVES = re.compile("[\ud800-\udfff]")


#: The largest integer that a table can store.
_MOST = 2**63 - 1


def text_from(value: object) -> str | None:
    """Return a value as text that every encoding can write; a value of another type as JSON."""
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return _HALVES.sub("\N{REPLACEMENT CHARACTER}", text)


def whole_from(value: object) -> int | None:
    """Parse an integer from an int, a float or a text; None for any other value."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = int(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) <= _MOST else None


def time_from(text: object) -> datetime | None:
    """Parse RFC 3339, ISO without offset (servers from before the UTC change), or ctime; return UTC."""
    if not isinstance(text, str) or not text:
        return None
    try:
        when = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
    except ValueError:
        try:
            when = datetime.strptime(text, "%a %b %d %H:%M:%S %Y")
        except ValueError:
            return None
    try:
        return when.replace(tzinfo=timezone.utc) if when.tzinfo is None else when.astimezone(timezone.utc)
    except OverflowError:
        return None


def record_from(value: object) -> Record:
    """Return a mapping as it is, and an empty one for a value of another type."""
    return value if isinstance(value, Mapping) else {}


def maps_from(value: object) -> Iterator[Record]:
    """Yield the mappings in a list; values of other types are dropped."""
    return (each for each in (value if isinstance(value, list) else ()) if isinstance(each, Mapping))
