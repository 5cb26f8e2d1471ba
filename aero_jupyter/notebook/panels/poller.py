"""One thread that looks at the server for every panel that wants to stay up to date."""

from __future__ import annotations

import math
import threading
import time
from typing import Protocol
from weakref import WeakKeyDictionary

from aero_jupyter.client.transport import briefly
from aero_jupyter.notebook.callbacks import caught

#: Seconds between two looks; doubled after each failure, up to the longest pause.
INTERVAL = 2.0
LONGEST_PAUSE = 30.0
#: Seconds that one request of a look may take.
PATIENCE = 5.0


class Watching(Protocol):
    """What wants to stay up to date."""

    def look(self) -> bool:
        """Look at the server, on the poller's thread; say whether it answered."""


class _Turn:
    """When one is looked for next, and how long it waits from then on."""

    def __init__(self, pause: float) -> None:
        self.pause = pause
        self.due = 0.0


class Poller:
    """Looks for all who watch, one after another; its thread lives while somebody does.

    Who is not answered, or fails, is looked for less often; the others as often as before.

    Parameters
    ----------
    interval : float
        Seconds between two looks.
    """

    def __init__(self, interval: float = INTERVAL) -> None:
        self.interval = interval
        self._turns: WeakKeyDictionary[Watching, _Turn] = WeakKeyDictionary()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def __len__(self) -> int:
        return len(self._turns)

    @property
    def pause(self) -> float:
        """Seconds between two looks for who is looked for least often."""
        with self._lock:
            return max((turn.pause for turn in self._turns.values()), default=self.interval)

    def watch(self, one: Watching) -> None:
        """Look for one more, now and from now on."""
        with self._lock:
            self._turns[one] = _Turn(self.interval)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="aero-poller", daemon=True)
                self._thread.start()
        self._wake.set()

    def leave(self, one: Watching) -> None:
        """Look for one no more."""
        with self._lock:
            self._turns.pop(one, None)
        self._wake.set()

    def now(self) -> None:
        """Look at once: something was done."""
        with self._lock:
            for turn in self._turns.values():
                turn.due = 0.0
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.clear()
            self._look_round()
            with self._lock:
                if not self._turns:
                    self._thread = None
                    return
                wait = min(turn.due for turn in self._turns.values()) - time.monotonic()
            self._wake.wait(min(max(0.0, wait), LONGEST_PAUSE))

    def _look_round(self) -> None:
        now = time.monotonic()
        with self._lock:
            due = [one for one, turn in self._turns.items() if turn.due <= now]
        for one in due:
            self._look(one)

    def _look(self, one: Watching) -> None:
        with self._lock:
            turn = self._turns.get(one)
            if turn is None:
                return
            turn.due = math.inf
        answered = False
        try:
            with briefly(PATIENCE):
                answered = one.look()
        except Exception as error:
            caught(one, error)
        with self._lock:
            turn.pause = self.interval if answered else min(turn.pause * 2, LONGEST_PAUSE)
            # Who asked for a look while this one was under way gets another.
            turn.due = min(turn.due, time.monotonic() + turn.pause)


poller = Poller()
