"""Times, sizes and states as people read them."""

from __future__ import annotations

from datetime import datetime, timezone

_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}
_MARKS = {"queued": "◌", "done": "✓", "unchanged": "=", "failed": "✕", "cancelled": "–"}


def ago(when: datetime | None, now: datetime | None = None) -> str:
    """Say how long ago something was: "3 min ago"; of what is yet to be, though clocks differ, its day."""
    if when is None:
        return ""
    seconds = ((now or datetime.now(timezone.utc)) - when).total_seconds()
    if seconds < -86_400:
        return f"{when:%Y-%m-%d}"
    return f"{span_of(seconds)} ago" if seconds >= 60 else "just now"


def span_of(seconds: float) -> str:
    """Say how long something takes, in its largest unit: "3 min"."""
    whole = max(0, int(seconds))
    unit, size = next((each for each in (("d", 86_400), ("h", 3_600), ("min", 60)) if whole >= each[1]), ("s", 1))
    return f"{whole // size} {unit}"


def state_of(state: str) -> str:
    """Say a run's state with its shape."""
    return f"{_MARKS.get(state, '●')} {state}"


def size_of(count: float) -> str:
    """Say a number of bytes: "22 kB"."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def printable(text: str) -> str:
    """Write what steers a terminal so that it steers none."""
    return text.translate(_CONTROLS)


def shortened(text: str, most: int = 48) -> str:
    """Cut a long text in its middle."""
    kept = most - 1
    return text if len(text) <= most else f"{text[: kept - kept // 2]}…{text[-(kept // 2) :]}"
