"""Waiting for the background threads of panels."""

from __future__ import annotations

import threading

PANEL_THREADS = ("aero-panel", "aero-pager", "aero-download")


def wait_for_panel_threads(*names: str) -> None:
    """Wait until no thread of these names runs; a thread may start another one."""
    while threads := [each for each in threading.enumerate() if each.name in (names or PANEL_THREADS)]:
        for thread in threads:
            # A thread that has not started cannot be joined.
            if thread.ident is not None:
                thread.join(180)
                assert not thread.is_alive(), thread
