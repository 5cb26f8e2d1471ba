"""Poller: one thread that updates all open panels from the server."""

from __future__ import annotations

import math
import threading
import time
from typing import Protocol
from weakref import WeakKeyDictionary

from aero_jupyter.client.transport import request_deadline
from aero_jupyter.notebook.widgets.background import run_in_background
from aero_jupyter.notebook.widgets.callbacks import report_error

#: Seconds between two polls; doubled after each failure, up to the longest pause.
INTERVAL = 1.5
LONGEST_PAUSE = 30.0
#: Seconds that one request of a poll may take.
REQUEST_SECONDS = 5.0


class Pollable(Protocol):
    """Object that a poller keeps up to date."""

    def look(self) -> bool:
        """Update from the server, on the poller's thread; return whether the server answered."""


class _Schedule:
    """The time of the next poll, and the pause after it."""

    def __init__(self, pause: float) -> None:
        self.pause = pause
        self.due = 0.0


class Poller:
    """Polls the server for all watched objects, one after another; its thread ends when none is watched.

    After a failure, an object is polled less often; the others are polled as before.

    Parameters
    ----------
    interval : float
        Seconds between two polls.
    """

    def __init__(self, interval: float = INTERVAL) -> None:
        self.interval = interval
        self._schedules: WeakKeyDictionary[Pollable, _Schedule] = WeakKeyDictionary()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None

    def __len__(self) -> int:
        return len(self._schedules)

    @property
    def pause(self) -> float:
        """Seconds between two polls of the object that is polled least often."""
        with self._lock:
            return max((schedule.pause for schedule in self._schedules.values()), default=self.interval)

    def watch(self, one: Pollable) -> None:
        """Poll an object, now and from now on."""
        with self._lock:
            self._schedules[one] = _Schedule(self.interval)
            if self._thread is None or not self._thread.is_alive():
                self._thread = run_in_background(self._run, "aero-poller")
        self._wake.set()

    def leave(self, one: Pollable) -> None:
        """Stop polling an object."""
        with self._lock:
            self._schedules.pop(one, None)
        self._wake.set()

    def now(self) -> None:
        """Poll all objects at once, for example after an action."""
        with self._lock:
            for schedule in self._schedules.values():
                schedule.due = 0.0
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.clear()
            self._poll_due()
            with self._lock:
                if not self._schedules:
                    self._thread = None
                    return
                wait = min(schedule.due for schedule in self._schedules.values()) - time.monotonic()
            self._wake.wait(min(max(0.0, wait), LONGEST_PAUSE))

    def _poll_due(self) -> None:
        now = time.monotonic()
        with self._lock:
            due = [one for one, schedule in self._schedules.items() if schedule.due <= now]
        for one in due:
            self._poll(one)

    def _poll(self, one: Pollable) -> None:
        with self._lock:
            schedule = self._schedules.get(one)
            if schedule is None:
                return
            schedule.due = math.inf
        has_answered = False
        try:
            with request_deadline(REQUEST_SECONDS):
                has_answered = one.look()
        except Exception as error:
            report_error(one, error)
        with self._lock:
            schedule.pause = self.interval if has_answered else min(schedule.pause * 2, LONGEST_PAUSE)
            # A poll that was requested during this one is due at once.
            schedule.due = min(schedule.due, time.monotonic() + schedule.pause)


poller = Poller()
