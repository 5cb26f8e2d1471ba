"""Waiting for what panels do on threads of their own."""

from __future__ import annotations

import threading

OF_PANELS = ("aero-panel", "aero-pager", "aero-download")


def settled(*names: str) -> None:
    """Wait until no thread of these names is left: what one begins may begin another."""
    while threads := [each for each in threading.enumerate() if each.name in (names or OF_PANELS)]:
        for thread in threads:
            # One that is only about to start cannot be joined yet.
            if thread.ident is not None:
                thread.join(30)
                assert not thread.is_alive(), thread
