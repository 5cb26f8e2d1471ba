"""Wildcard patterns: `*` matches any text, and every other character matches itself."""

from __future__ import annotations

from aero_jupyter.core.name_rules import normal_name


def matches_wildcard(value: object, pattern: str) -> bool:
    """Return whether a value matches a pattern, ignoring case; None counts as an empty text."""
    text = "" if value is None else normal_name(str(value)).casefold()
    first, *others = normal_name(pattern).casefold().split("*")
    if not others:
        return text == first
    *inner, last = others
    place, stop = len(first), len(text) - len(last)
    if not (text.startswith(first) and text.endswith(last)):
        return False
    for part in inner:
        found = text.find(part, place, stop)
        if found < 0:
            return False
        place = found + len(part)
    return place <= stop
