"""A countdown in which only time counts that the kernel spends idle: a busy kernel receives no message."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any  # IPython's kernel, which has no types

from IPython import get_ipython

from aero_jupyter.notebook.widgets.background import DelayedCall

#: Steps of a countdown. A step counts if no cell ran in it.
_STEPS = 6


class IdleCountdown:
    """A call that is made once, after the kernel has been idle for some seconds, unless it is cancelled.

    Parameters
    ----------
    seconds : float
        The idle time.
    call : callable
        Called on the kernel's main thread; where no kernel runs, on a thread of its own.
    """

    def __init__(self, seconds: float, call: Callable[[], object]) -> None:
        self._step_seconds = seconds / _STEPS
        self._call = call
        self._remaining = _STEPS
        self._is_started = self._is_over = False
        self._is_executing = self._has_executed = False
        self._events: Any = None

    def start(self) -> None:
        """Start the countdown; does nothing if it was started or cancelled before."""
        if self._is_started or self._is_over:
            return
        self._is_started = True
        shell = get_ipython()
        kernel = getattr(shell, "kernel", None)
        self._loop = getattr(kernel, "io_loop", None)
        self._is_executing = kernel is not None and _executes_cell(kernel)
        if shell is not None:
            self._events = shell.events
            self._events.register("pre_execute", self._begin_cell)
            self._events.register("post_execute", self._end_cell)
        self._schedule_step()

    def cancel(self) -> None:
        """Cancel the call, if it has not been made."""
        self._is_over = True
        events, self._events = self._events, None
        if events is not None:
            events.unregister("pre_execute", self._begin_cell)
            events.unregister("post_execute", self._end_cell)

    def _begin_cell(self) -> None:
        self._is_executing = self._has_executed = True

    def _end_cell(self) -> None:
        self._is_executing = False
        self._has_executed = True

    def _schedule_step(self) -> None:
        if self._loop is None:
            DelayedCall(self._step_seconds, self._take_step).start()
        else:
            # The loop takes the step, so that no step is taken while the loop is held up.
            self._loop.add_callback(self._loop.call_later, self._step_seconds, self._take_step)

    def _take_step(self) -> None:
        if self._is_over:
            return
        if not self._is_executing and not self._has_executed:
            self._remaining -= 1
        self._has_executed = False
        if self._remaining:
            self._schedule_step()
            return
        self.cancel()
        self._call()


def _executes_cell(kernel: Any) -> bool:
    """Return whether this is called by a cell; other threads only keep the request that they were started in."""
    if threading.current_thread() is not threading.main_thread():
        return False
    return bool((kernel.get_parent() or {}).get("header", {}).get("msg_type") == "execute_request")
