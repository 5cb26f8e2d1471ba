"""Waiting for what another process does."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Seconds after which nobody waits any longer, also on a machine that has other work.
LONGEST_WAIT = 180.0


def wait_until(condition: Callable[[], object], seconds: float = LONGEST_WAIT) -> None:
    """Wait until a condition holds; fail after some seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
