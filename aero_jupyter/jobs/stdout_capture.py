"""The capture of a function's standard output and standard error."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Callable
from typing import Any  # streams, as in io

#: Characters that are kept at the beginning and the end.
_HEAD, _TAIL = 16_384, 49_152


class Printed:
    """The capture of this thread's standard output and standard error during a block, in order.

    Warnings and log records that go to standard error are kept too. What other threads write goes where it went
    before: an endpoint may run several tasks in one process, each with a class of its own made from this text.
    """

    def __init__(self) -> None:
        self._head = self._tail = ""
        self._lost = 0
        self._streams = (_KeptStream(self._keep, "stdout"), _KeptStream(self._keep, "stderr"))

    def __enter__(self) -> Printed:
        for stream in self._streams:
            stream.take_over()
        return self

    def __exit__(self, *_: object) -> None:
        for stream in self._streams:
            stream.hand_back()

    def text(self) -> str:
        """Return the captured text; of a long one, beginning and end."""
        self._cut()
        gap = f"\n[{self._lost:,} characters left out]\n" if self._lost else ""
        return self._head + gap + self._tail

    def _keep(self, text: str) -> None:
        room = _HEAD - len(self._head)
        self._head += text[:room]
        self._tail += text[room:] if room < len(text) else ""
        if len(self._tail) > 2 * _TAIL:
            self._cut()

    def _cut(self) -> None:
        self._lost += max(0, len(self._tail) - _TAIL)
        self._tail = self._tail[-_TAIL:]


class _KeptStream(io.TextIOBase):
    """A stream of ``sys`` for the thread that created it."""

    aero_ended = False

    def __init__(self, keep: Callable[[str], None], name: str) -> None:
        self._keep = keep
        self._name = name
        self._thread = threading.get_ident()
        self._below: Any = getattr(sys, name)

    def take_over(self) -> None:
        self._below = getattr(sys, self._name)
        setattr(sys, self._name, self)

    def hand_back(self) -> None:
        self.aero_ended = True
        if getattr(sys, self._name) is self:
            setattr(sys, self._name, self._under())

    def writable(self) -> bool:
        """Return True: the stream is writable."""
        return True

    def write(self, text: str) -> int:
        """Capture a text; pass a text of another thread on."""
        if self.aero_ended or threading.get_ident() != self._thread:
            return int(self._under().write(text))
        self._keep(text)
        return len(text)

    def _under(self) -> Any:
        # Overlapping tasks end in any order: streams of ended tasks are skipped.
        while getattr(self._below, "aero_ended", False):
            self._below = self._below._below
        return self._below
