"""Text forms of times, sizes and states."""

from __future__ import annotations

from datetime import datetime, timezone

from aero_jupyter.core.terminal_text import escape_controls

_STATE_SYMBOLS = {"queued": "◌", "done": "✓", "unchanged": "=", "failed": "✕", "cancelled": "–"}


def ago(when: datetime | None, now: datetime | None = None) -> str:
    """Return how long ago something happened: "3 min ago"; for a later time, its date."""
    if when is None:
        return ""
    seconds = ((now or datetime.now(timezone.utc)) - when).total_seconds()
    if seconds < -86_400:
        return f"{when:%Y-%m-%d}"
    return f"{span_of(seconds)} ago" if seconds >= 60 else "just now"


def span_of(seconds: float) -> str:
    """Return a duration in its largest unit: "3 min"."""
    whole = max(0, int(seconds))
    unit, size = next((each for each in (("d", 86_400), ("h", 3_600), ("min", 60)) if whole >= each[1]), ("s", 1))
    return f"{whole // size} {unit}"


def format_state(state: str) -> str:
    """Return the state of a run with its symbol."""
    return f"{_STATE_SYMBOLS.get(state, '●')} {state}"


def size_of(count: float) -> str:
    """Return a number of bytes as text: "22 kB"."""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def printable(text: str) -> str:
    """Escape the control characters of a terminal."""
    return escape_controls(text)


def elide_middle(text: str, limit: int = 48) -> str:
    """Shorten a long text in its middle."""
    visible = limit - 1
    return text if len(text) <= limit else f"{text[: visible - visible // 2]}…{text[-(visible // 2) :]}"
