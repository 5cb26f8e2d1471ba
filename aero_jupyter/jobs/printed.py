"""What a function prints, kept beside its result."""

from __future__ import annotations

import io
import sys
import threading
from typing import Any

#: Characters that are kept: the beginning and the end.
_HEAD, _TAIL = 16_384, 49_152


class Printed(io.TextIOBase):
    """Takes what this thread prints while the block lasts; what other threads print goes where it went before.

    An endpoint may run several tasks in one process, each with a class of its own made from this text.
    """

    aero_ended = False

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._head = self._tail = ""
        self._lost = 0
        self._below: Any = sys.stdout

    def __enter__(self) -> Printed:
        self._below = sys.stdout
        sys.stdout = self
        return self

    def __exit__(self, *_: object) -> None:
        self.aero_ended = True
        if sys.stdout is self:
            sys.stdout = self._under()

    def writable(self) -> bool:
        """Whether it can be written to: always."""
        return True

    def write(self, text: str) -> int:
        """Take what is printed."""
        if self.aero_ended or threading.get_ident() != self._thread:
            return int(self._under().write(text))
        room = _HEAD - len(self._head)
        self._head += text[:room]
        self._tail += text[room:] if room < len(text) else ""
        if len(self._tail) > 2 * _TAIL:
            self._cut()
        return len(text)

    def text(self) -> str:
        """Give what was printed; of very much, its beginning and its end."""
        self._cut()
        gap = f"\n[{self._lost:,} characters left out]\n" if self._lost else ""
        return self._head + gap + self._tail

    def _cut(self) -> None:
        self._lost += max(0, len(self._tail) - _TAIL)
        self._tail = self._tail[-_TAIL:]

    def _under(self) -> Any:
        # Tasks that overlap end in any order: those that have ended are skipped, and let go.
        while getattr(self._below, "aero_ended", False):
            self._below = self._below._below
        return self._below
