"""Lanes of runs: each has threads of its own, so that the runs of one do not wait for those of another."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from aero_jupyter.service.engine.run_retries import RunRetries, Stopping


class RunLane:
    """The threads that execute the runs of one kind.

    Parameters
    ----------
    name : str
    claim : callable
        Returns the id of the next run that is due, or None.
    execute : callable
        Receives the id of each run.
    retry : RunRetries
    """

    def __init__(
        self, name: str, claim: Callable[[], str | None], execute: Callable[[str], None], retry: RunRetries
    ) -> None:
        self._name, self._claim, self._execute, self._retry = name, claim, execute, retry
        self._resumed: deque[str] = deque()
        self._wake = threading.Event()
        self._claiming = threading.Lock()
        self._stopping = False

    def start(self, threads: int) -> None:
        """Start the threads."""
        for number in range(threads):
            threading.Thread(target=self._loop, daemon=True, name=f"{self._name}-{number}").start()

    def wake(self) -> None:
        """Look for a run that is due."""
        self._wake.set()

    def resume(self, run_id: str) -> None:
        """Execute a run that was claimed before; it precedes those that are not."""
        self._resumed.append(run_id)
        self._wake.set()

    def stop(self) -> None:
        """Take no more runs."""
        self._stopping = True
        self._wake.set()

    def _loop(self) -> None:
        try:
            while True:
                self._execute(self._next())
        except Stopping:
            return

    def _next(self) -> str:
        """Wait for a run to execute: one thread waits for it, the others wait for that thread."""
        with self._claiming:
            while not self._stopping:
                self._wake.clear()
                if self._resumed:
                    return self._resumed.popleft()
                if (run_id := self._retry(self._claim)) is not None:
                    return run_id
                self._wake.wait()
        raise Stopping
