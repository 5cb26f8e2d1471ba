"""One thread that looks at the server for every panel that wants to stay up to date."""

from __future__ import annotations

import threading
from typing import Protocol
from weakref import WeakSet

#: Seconds between two looks; doubled after each failure, up to the longest pause.
INTERVAL = 2.0
LONGEST_PAUSE = 30.0


class Watching(Protocol):
    """What wants to stay up to date."""

    def look(self) -> bool:
        """Look at the server, on the poller's thread; say whether it answered."""


class Poller:
    """Looks for all who watch, one after another; its thread lives while somebody does.

    Parameters
    ----------
    interval : float
        Seconds between two looks.
    """

    def __init__(self, interval: float = INTERVAL) -> None:
        self.interval = interval
        self.pause = interval
        self._watching: WeakSet[Watching] = WeakSet()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def __len__(self) -> int:
        return len(self._watching)

    def watch(self, one: Watching) -> None:
        """Look for one more, now and from now on."""
        with self._lock:
            self._watching.add(one)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="aero-poller", daemon=True)
                self._thread.start()
        self._wake.set()

    def leave(self, one: Watching) -> None:
        """Look for one no more."""
        with self._lock:
            self._watching.discard(one)
        self._wake.set()

    def now(self) -> None:
        """Look at once: something was done."""
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.clear()
            everyone = list(self._watching)
            answered = [one.look() for one in everyone]
            self.pause = self.interval if all(answered) else min(self.pause * 2, LONGEST_PAUSE)
            del everyone
            with self._lock:
                if not self._watching:
                    self._thread = None
                    return
            self._wake.wait(self.pause)


poller = Poller()
