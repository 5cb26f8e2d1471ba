"""Retries of a run while the store cannot be used, because of a full disk or the lock of another program."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from typing import TypeVar

from aero_jupyter.service.storage.connection import RequestError

_T = TypeVar("_T")


class Stopping(BaseException):
    """The end of the service; not an `Exception`, so that no step fails because of it and the work resumes later."""


def is_store_failure(error: BaseException | None) -> bool:
    """Return whether an error was caused by a database or disk that cannot be used now."""
    while error is not None:
        if isinstance(error, (sqlite3.DatabaseError, OSError)):
            return True
        error = error.__cause__ or error.__context__
    return False


class RunRetries:
    """Repeats operations and steps of runs while the store cannot be used and the service runs.

    Parameters
    ----------
    pause : float
        Seconds between two attempts.
    """

    def __init__(self, pause: float = 1.0) -> None:
        self._pause = pause
        self._over = threading.Event()

    def __call__(self, work: Callable[[], _T]) -> _T:
        """Execute the operation; a refused request is not repeated.

        Raises
        ------
        Stopping
            If the service ends before the operation succeeds.
        """
        while not self._over.is_set():
            try:
                return work()
            except RequestError:
                raise
            except Exception as error:
                self.wait(error)
        raise Stopping

    def step(self, step: Callable[[], _T]) -> _T:
        """Execute a step of a run; repeat it only if the store failed, because its own failures end the run."""
        while True:
            try:
                return step()
            except Exception as error:
                if self._over.is_set() or not is_store_failure(error):
                    raise
                self.wait(error)

    def wait(self, error: Exception) -> None:
        """Log the error and pause."""
        logging.getLogger(__name__).warning("The store cannot be used: %s. Trying again.", error)
        self._over.wait(self._pause)

    def end(self) -> None:
        """Stop all retries."""
        self._over.set()
