"""Suggestions of existing names for a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable

_LIMIT = 3
#: Minimum similarity of two names, from 0 to 1, as `difflib` measures it.
_SIMILARITY = 0.6
#: Maximum difference in similarity between the closest name and a further suggestion.
_BEHIND = 0.2
#: Minimum number of characters in a part that finds the whole name.
_SHORTEST_PART = 3


def close_names(text: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names most like a text, at most three, the best first.

    Parameters
    ----------
    text : str
        What was typed; its case does not matter.
    names : iterable of str
        The names that exist.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> close_names("Case", ["cases", "deaths"])
    ('cases',)
    >>> close_names("stick", ["stickney_north", "deaths"])
    ('stickney_north',)
    """
    import difflib

    folded = {name.casefold(): name for name in names if name}
    wanted = text.casefold().strip()
    close = difflib.get_close_matches(wanted, folded, n=_LIMIT, cutoff=_SIMILARITY)
    best = _similarity(wanted, close[0]) if close else 0.0
    close = [name for name in close if best - _similarity(wanted, name) <= _BEHIND]
    if len(wanted) >= _SHORTEST_PART:
        close += sorted(name for name in folded if wanted in name and name not in close)
    return tuple(folded[name] for name in close[:_LIMIT])


def _similarity(one: str, other: str) -> float:
    import difflib

    return difflib.SequenceMatcher(None, other, one).ratio()


def suggest(text: str, choices: Iterable[str]) -> str:
    """Return the advice for a name that is none of the choices: the closest ones, and all of them.

    Examples
    --------
    >>> suggest("weakly", ["daily", "weekly"])
    'Did you mean weekly? Choose one of daily, weekly.'
    >>> suggest("x", [])
    'There is none.'
    """
    known = list(choices)
    close = close_names(text, known)
    meant = f"Did you mean {' or '.join(close)}? " if close else ""
    return f"{meant}Choose one of {', '.join(known)}." if known else "There is none."
