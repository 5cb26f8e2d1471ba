"""The fallback of a widget waits for a front end in idle time of the kernel alone."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.events import EventManager, available_events

from aero_jupyter.notebook.widgets import idle_countdown
from aero_jupyter.notebook.widgets.idle_countdown import IdleCountdown


class Loop:
    """A kernel's loop that is turned by hand."""

    def __init__(self) -> None:
        self.due: list[Callable[[], object]] = []

    def add_callback(self, call: Callable[..., object], *args: Any) -> None:
        call(*args)

    def call_later(self, _seconds: float, call: Callable[[], object]) -> None:
        self.due.append(call)

    def turn(self, times: int) -> None:
        for _ in range(times):
            due, self.due = self.due, []
            for call in due:
                call()


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Any:
    shell = SimpleNamespace()
    shell.events = EventManager(shell, available_events)
    shell.kernel = SimpleNamespace(io_loop=Loop(), get_parent=lambda: {"header": {"msg_type": "comm_msg"}})
    monkeypatch.setattr(idle_countdown, "get_ipython", lambda: shell)
    return shell


def started() -> tuple[IdleCountdown, list[str]]:
    calls: list[str] = []
    countdown = IdleCountdown(3.0, lambda: calls.append("called"))
    countdown.start()
    return countdown, calls


def test_an_idle_kernel_makes_the_call_once(kernel: Any) -> None:
    _, calls = started()
    kernel.kernel.io_loop.turn(5)
    assert calls == []
    kernel.kernel.io_loop.turn(5)
    assert calls == ["called"]


def test_time_in_which_cells_run_does_not_count(kernel: Any) -> None:
    _, calls = started()
    kernel.events.trigger("pre_execute")
    # The loop turns while a cell awaits something.
    kernel.kernel.io_loop.turn(50)
    kernel.events.trigger("post_execute")
    for _ in range(20):
        # Cells in a row: a message of the front end waits behind them.
        kernel.events.trigger("pre_execute")
        kernel.events.trigger("post_execute")
        kernel.kernel.io_loop.turn(1)
    assert calls == []
    kernel.kernel.io_loop.turn(6)
    assert calls == ["called"]


def test_the_cell_that_shows_the_panel_does_not_count(kernel: Any) -> None:
    kernel.kernel.get_parent = lambda: {"header": {"msg_type": "execute_request"}}
    _, calls = started()
    kernel.kernel.io_loop.turn(50)
    assert calls == []
    kernel.events.trigger("post_execute")
    kernel.kernel.io_loop.turn(7)
    assert calls == ["called"]


def test_a_cancelled_countdown_makes_no_call_and_leaves_no_hook(kernel: Any) -> None:
    countdown, calls = started()
    kernel.kernel.io_loop.turn(3)
    countdown.cancel()
    kernel.kernel.io_loop.turn(10)
    assert calls == []
    assert not any(kernel.events.callbacks[name] for name in ("pre_execute", "post_execute"))
