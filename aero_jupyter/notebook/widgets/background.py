"""Background work of the notebook: the one module that starts threads and timers. All of them are daemons."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def run_in_background(task: Callable[[], object], name: str = "aero-notebook") -> threading.Thread:
    """Run a task on a daemon thread of its own; return the thread.

    A thread pool would not do: Python waits for its threads at exit, and a task may wait for a slow server.
    """
    thread = threading.Thread(target=task, name=name, daemon=True)
    thread.start()
    return thread


def submit(task: Callable[[], T], name: str = "aero-notebook") -> Future[T]:
    """Run a task on a daemon thread of its own; return its future."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            result = task()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)

    run_in_background(run, name)
    return future


class DelayedCall:
    """A call that is made once, some seconds after `start`, unless it is cancelled.

    Parameters
    ----------
    seconds : float
        The delay.
    call : callable
        Called on a thread of its own.
    """

    def __init__(self, seconds: float, call: Callable[[], object]) -> None:
        self._timer = threading.Timer(seconds, call)
        self._timer.daemon = True

    def start(self) -> None:
        """Start the delay; does nothing if it was started or cancelled before."""
        if self._timer.ident is None and not self._timer.finished.is_set():
            self._timer.start()

    def cancel(self) -> None:
        """Cancel the call, if it has not been made."""
        self._timer.cancel()


class Debounce:
    """Call that is delayed and made once for all requests that arrive meanwhile.

    Parameters
    ----------
    seconds : float
        The delay after the first request.
    call : callable
        Called on a thread of its own.
    """

    def __init__(self, seconds: float, call: Callable[[], object]) -> None:
        self._seconds = seconds
        self._call = call
        self._pending: DelayedCall | None = None

    def request(self) -> None:
        """Request the call; does nothing if one is pending."""
        if self._pending is None:
            self._pending = DelayedCall(self._seconds, self._make_call)
            self._pending.start()

    def _make_call(self) -> None:
        # A request that arrives during the call must lead to another one.
        self._pending = None
        self._call()
