"""What a value must be, as people write it: `*` stands for anything, and every other character for itself."""

from __future__ import annotations


def fits(value: object, pattern: str) -> bool:
    """Whether a value is as a pattern says, whatever its case; a missing one is as an empty text."""
    text = "" if value is None else str(value).casefold()
    first, *others = pattern.casefold().split("*")
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
