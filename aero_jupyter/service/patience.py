"""Waiting for a store that cannot be used now: a full disk, another program's lock."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from aero_jupyter.service.store import Refused

_T = TypeVar("_T")


class Stopping(BaseException):
    """The service ends. No `Exception`, so that nothing is concluded from it, and the work goes on at the next start."""


class Patience:
    """Does what uses the store, again and again as long as it fails and the service runs.

    Parameters
    ----------
    pause : float
        Seconds until it is tried again.
    """

    def __init__(self, pause: float = 1.0) -> None:
        self._pause = pause
        self._over = threading.Event()

    def __call__(self, work: Callable[[], _T]) -> _T:
        """Do it; a request that is refused is refused for good.

        Raises
        ------
        Stopping
            If the service ends before it is done.
        """
        while not self._over.is_set():
            try:
                return work()
            except Refused:
                raise
            except Exception as error:
                self.wait(error)
        raise Stopping

    def wait(self, error: Exception) -> None:
        """Say why, and let some time pass."""
        logging.getLogger(__name__).warning("The store cannot be used: %s. Trying again.", error)
        self._over.wait(self._pause)

    def end(self) -> None:
        """Try nothing again."""
        self._over.set()
