"""Background work of the notebook: one module starts threads and timers."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest

import aero_jupyter.notebook
from aero_jupyter.notebook.widgets.background import Debounce, DelayedCall, submit

_STARTS = re.compile(r"\b(Thread|Timer|ThreadPoolExecutor|ProcessPoolExecutor)\(")


def test_only_the_module_of_background_work_starts_threads_and_timers() -> None:
    room = Path(aero_jupyter.notebook.__file__).parent
    starting = [path.name for path in sorted(room.rglob("*.py")) if _STARTS.search(path.read_text("utf-8"))]
    assert starting == ["background.py"]


def test_a_future_holds_the_result_or_the_error() -> None:
    assert submit(lambda: 1).result(180) == 1
    with pytest.raises(ZeroDivisionError):
        submit(lambda: 1 / 0).result(180)


def test_requests_that_arrive_together_lead_to_one_call() -> None:
    called = threading.Event()
    calls: list[int] = []

    def call() -> None:
        calls.append(1)
        called.set()

    debounce = Debounce(0.05, call)
    for _ in range(5):
        debounce.request()
    assert called.wait(180)
    assert calls == [1]


def test_a_cancelled_call_is_not_made_and_not_started_again() -> None:
    calls: list[int] = []
    delayed = DelayedCall(0.0, lambda: calls.append(1))
    delayed.cancel()
    delayed.start()
    assert calls == []
    assert not [each for each in threading.enumerate() if each is delayed._timer]
