"""Cache of server responses, for the seconds between two keystrokes."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

T = TypeVar("T")

#: Seconds for which responses of a kind are cached.
TTL_SECONDS = {"data": 5.0, "names": 5.0, "taken": 5.0}
DEFAULT_TTL_SECONDS = 60.0


class Lookups:
    """Cached responses of servers, by kind and key.

    Parameters
    ----------
    clock : callable
        Returns seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], tuple[float, Any]] = {}

    def get(self, kind: str, key: str, fetch: Callable[[], T]) -> T:
        """Return the cached value if it is recent, else fetch it."""
        now = self._clock()
        with self._lock:
            since, known = self._known.get((kind, key), (-math.inf, None))
        if now - since < TTL_SECONDS.get(kind, DEFAULT_TTL_SECONDS):
            return cast("T", known)
        response = fetch()
        with self._lock:
            self._known[kind, key] = now, response
        return response

    def clear(self) -> None:
        """Clear the cache."""
        with self._lock:
            self._known.clear()
