"""Answers of servers, kept for a moment while somebody types."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

T = TypeVar("T")

#: Seconds for which an answer holds: what data there are, changes while somebody works.
HOLDS = {"data": 5.0, "names": 5.0, "taken": 5.0}
LONGEST = 60.0


class Lookups:
    """Answers of servers, each asked for once in a while.

    Parameters
    ----------
    clock : callable
        Gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], tuple[float, Any]] = {}

    def get(self, kind: str, what: str, ask: Callable[[], T]) -> T:
        """Give what is known and not too old, else ask."""
        now = self._clock()
        with self._lock:
            since, known = self._known.get((kind, what), (-math.inf, None))
        if now - since < HOLDS.get(kind, LONGEST):
            return cast("T", known)
        answer = ask()
        with self._lock:
            self._known[kind, what] = now, answer
        return answer

    def forget(self) -> None:
        """Ask anew from now on."""
        with self._lock:
            self._known.clear()
