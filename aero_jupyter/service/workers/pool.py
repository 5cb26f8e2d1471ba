"""The pool of worker processes: started when needed, replaced when they die, ended when idle."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any  # JSON values

from aero_jupyter.service.process_limits import shortage
from aero_jupyter.service.workers.process import Worker
from aero_jupyter.service.workers.task_request import Task, TaskFailed, TaskLimits


class Pool:
    """A pool of at most `size` workers, started when needed and kept warm.

    Parameters
    ----------
    size : int
        Number of tasks that run at the same time.
    patience : float
        Seconds without a task after which all workers but one are ended, because each holds memory.
    """

    def __init__(self, size: int, limits: TaskLimits | None = None, *, patience: float = 30) -> None:
        self.size = size
        self._limits = limits or TaskLimits()
        self._free = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._idle: list[Worker] = []
        self._busy: dict[str, Worker] = {}
        self._waiting: set[str] = set()
        self._closed = False
        self._patience = patience
        self._used = 0.0
        self._watch: threading.Timer | None = None

    def warm(self) -> None:
        """Start one worker ahead of the first task, which reports why no worker can be started."""
        with self._lock, contextlib.suppress(OSError):
            if not self._idle and not self._busy and not self._closed:
                self._idle.append(Worker(self._limits))

    def run(self, task: Task, environment: dict[str, Any] | None = None) -> Any:
        """Run one task on a free worker and return its result; wait if no worker is free.

        Parameters
        ----------
        task : Task
        environment : dict, optional
            Receives the versions of Python and of packages with which the task ran, also if it fails.

        Raises
        ------
        TaskFailed
            If the task raised, took too long, exceeded a limit, or its process died.
        """
        with self._lock:
            self._waiting.add(task.key)
        with self._free:
            worker = self._take(task.key)
            try:
                return worker.execute(task)
            finally:
                if environment is not None:
                    environment |= worker.environment
                self._give_back(task.key, worker)

    def cancel(self, key: str) -> None:
        """Cancel the task with this key: its worker ends, or it never gets one."""
        with self._lock:
            self._waiting.discard(key)
            worker = self._busy.get(key)
            if worker is not None:
                worker.cancel()

    def close(self) -> None:
        """End all workers."""
        with self._lock:
            self._closed = True
            if self._watch is not None:
                self._watch.cancel()
            spare, self._idle = self._idle, []
            for worker in self._busy.values():
                worker.cancel()
        for worker in spare:
            worker.kill()

    def _take(self, key: str) -> Worker:
        with self._lock:
            if self._closed:
                raise TaskFailed("The service is stopping.")
            if key not in self._waiting:
                raise TaskFailed("The run was cancelled.")
            self._waiting.discard(key)
            worker = self._idle_or_new()
            while not worker.alive:
                worker.kill()
                worker = self._idle_or_new()
            self._busy[key] = worker
            return worker

    def _idle_or_new(self) -> Worker:
        try:
            return self._idle.pop() if self._idle else Worker(self._limits)
        except OSError as error:
            raise TaskFailed(f"No worker process could be started. {shortage(error) or error}") from None

    def _give_back(self, key: str, worker: Worker) -> None:
        with self._lock:
            self._busy.pop(key, None)
            fit = worker.alive and not worker.cancelled and not self._closed
            if fit:
                self._idle.append(worker)
                self._used = time.monotonic()
                self._watch_idle(self._patience)
        if not fit:
            worker.kill()

    def _watch_idle(self, seconds: float) -> None:
        """Schedule one check for idle workers, unless one is scheduled or at most one worker is idle."""
        if self._watch is None and len(self._idle) > 1:
            self._watch = threading.Timer(seconds, self._shed)
            self._watch.daemon = True
            self._watch.start()

    def _shed(self) -> None:
        with self._lock:
            self._watch = None
            left = self._used + self._patience - time.monotonic()
            spare: list[Worker] = []
            if left > 0 or self._busy:
                self._watch_idle(max(left, self._patience / 2))
            else:
                spare, self._idle = self._idle[:-1], self._idle[-1:]
        for worker in spare:
            worker.kill()
