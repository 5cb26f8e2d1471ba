"""The check that a value survives JSON unchanged."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator


def find_unfit_value(value: object) -> str | None:
    """Return why a value does not survive JSON unchanged, or None if it does (tuples become lists).

    Parameters
    ----------
    value : object
        Of any type.

    Returns
    -------
    str or None
        The first reason, with the path of the value, such as "NaN at ['level'][3]".
    """
    try:
        json.dumps(value)
    except (TypeError, ValueError, RecursionError) as error:
        return str(error)
    return next(_unfit(value), None)


def _unfit(value: object) -> Iterator[str]:
    # json.dumps succeeded, so there is no cycle.
    waiting = [("", value)]
    while waiting:
        place, each = waiting.pop()
        if isinstance(each, float) and not math.isfinite(each):
            name = "NaN" if math.isnan(each) else "infinity"
            yield f"{name} at {place}" if place else name
        elif isinstance(each, dict):
            for key in each:
                if not isinstance(key, str):
                    yield f"the key {key!r}{f' at {place}' if place else ''} would become a text"
            waiting += [(f"{place}[{key!r}]", held) for key, held in reversed(each.items())]
        elif isinstance(each, (list, tuple)):
            waiting += [(f"{place}[{at}]", held) for at, held in reversed(list(enumerate(each)))]
