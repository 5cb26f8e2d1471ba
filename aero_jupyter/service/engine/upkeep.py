"""Upkeep of the stored content in the background: retention, and compaction of earlier versions."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
from datetime import datetime, timezone
from pathlib import Path

from aero_jupyter.service import home_lock
from aero_jupyter.service.catalogue.retention import apply_retention
from aero_jupyter.service.storage.compaction import Compaction
from aero_jupyter.service.storage.database import Store
from aero_jupyter.service.storage.run_state_lists import CLAIMED_SQL

#: Seconds after the start, or after a new version, before the work begins: what a user waits for comes first.
_SETTLED_SECONDS = 5.0
#: Seconds between two applications of the retention policies.
_RETENTION_SECONDS = 3600.0
#: Seconds before the work is repeated after an error, and while a backup or another operation holds the folder.
_RETRY_SECONDS = 60.0
#: The pause after each version: a part of the time that it took, and at least so many seconds, in which an operation
#: that waits for the folder begins.
_PAUSE_PART, _LEAST_PAUSE_SECONDS = 3.0, 0.2
#: Seconds for which compaction waits until no run is active; a service that is never idle compacts nevertheless.
_BUSY_SECONDS = 30.0


class Upkeep:
    """The upkeep of one local AERO.

    Parameters
    ----------
    store : Store
    home : Path
        The folder of the local AERO.
    """

    def __init__(self, store: Store, home: Path) -> None:
        self._store, self._home = store, home
        self._compaction = Compaction(store, home)
        self._wake = threading.Event()
        self._end = threading.Event()
        self._retention_at = 0.0

    def start(self) -> None:
        """Start in the background."""
        threading.Thread(target=self._loop, daemon=True, name="upkeep").start()

    def wake(self, *, has_new_policy: bool = False) -> None:
        """Wake the upkeep because there may be a new version, or a new policy."""
        if has_new_policy:
            self._retention_at = 0.0
        self._wake.set()

    def stop(self) -> None:
        """Stop after the version that is being compacted."""
        self._end.set()
        self._wake.set()

    def _loop(self) -> None:
        _lower_priority()
        while not self._end.wait(_SETTLED_SECONDS):
            self._wake.clear()
            try:
                self._work()
                self._wake.wait(_RETENTION_SECONDS)
            except home_lock.Held:
                self._end.wait(_RETRY_SECONDS)
            except Exception as error:
                if not self._end.is_set():
                    logging.getLogger(__name__).warning("Versions cannot be compacted: %s.", type(error).__name__)
                    self._end.wait(_RETRY_SECONDS)

    def _work(self) -> None:
        if time.monotonic() >= self._retention_at:
            with self._alone():
                apply_retention(self._store, datetime.now(timezone.utc))
            self._retention_at = time.monotonic() + _RETENTION_SECONDS
        while not self._end.is_set():
            self._await_idle()
            began = time.monotonic()
            with self._alone():
                if not self._compaction.step():
                    return
            self._end.wait(max(_LEAST_PAUSE_SECONDS, _PAUSE_PART * (time.monotonic() - began)))

    def _alone(self) -> contextlib.AbstractContextManager[None]:
        """Exclude a backup, garbage collection and other operations on the folder."""
        return home_lock.exclusive(home_lock.operation_lock(self._home), "upkeep")

    def _await_idle(self) -> None:
        latest = time.monotonic() + _BUSY_SECONDS
        sql = f"SELECT EXISTS (SELECT 1 FROM run WHERE state IN {CLAIMED_SQL})"
        while time.monotonic() < latest and self._store.db.value(sql) and not self._end.wait(_LEAST_PAUSE_SECONDS):
            pass


def _lower_priority() -> None:
    """Lower the priority of this thread below all others; only Linux has priorities of threads."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
