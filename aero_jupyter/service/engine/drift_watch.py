"""Drift of new versions: judged once each in a worker, after the commit and in the order of the versions."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any  # JSON values

from aero_jupyter.service.catalogue import version_drift
from aero_jupyter.service.catalogue.serializers import CatalogueRecords
from aero_jupyter.service.engine.table_worker import TableWorker
from aero_jupyter.service.storage.connection import RequestError, Row
from aero_jupyter.service.workers.task_request import TaskFailed

#: Versions before a judged one that are read if their profile is not known, and profiles that are compared with.
_READ_VERSIONS, _COMPARED_VERSIONS = 54, 200
#: Seconds before the work is repeated after an error of the store.
_RETRY_SECONDS = 60.0
#: Seconds without a commit or the end of a run before a version is judged, and the longest wait for that: runs come first.
_QUIET_SECONDS, _BUSY_SECONDS = 0.25, 1.0


class DriftWatch:
    """Judges the new versions of one local AERO.

    Parameters
    ----------
    catalogue, worker : CatalogueRecords, TableWorker
    """

    def __init__(self, catalogue: CatalogueRecords, worker: TableWorker) -> None:
        self._catalogue, self._store, self._worker = catalogue, catalogue.store, worker
        self._wake = threading.Event()
        self._stopping = False

    def start(self, on_judged: Callable[[], None]) -> None:
        """Start in the background; `on_judged` is called after each version, because there may be a notice."""
        threading.Thread(target=self._loop, args=(on_judged,), daemon=True, name="drift").start()

    def wake(self) -> None:
        """Wake the watch because there may be a new version."""
        self._wake.set()

    def stop(self) -> None:
        """Stop; a version that is being judged is judged again after the next start."""
        self._stopping = True
        self._wake.set()

    def _loop(self, on_judged: Callable[[], None]) -> None:
        self._wake.set()
        while not self._stopping:
            try:
                self._await_quiet()
                due = version_drift.next_version(self._store)
                if due is None:
                    self._wake.wait()
                elif not self._stopping:
                    self._judge(due["data_id"], due["version"])
                    on_judged()
            except Exception as error:
                if not self._stopping:
                    logging.getLogger(__name__).warning("Drift cannot be judged: %s.", type(error).__name__)
                    self._wake.wait(_RETRY_SECONDS)

    def _await_quiet(self) -> None:
        latest = time.monotonic() + _BUSY_SECONDS
        while self._wake.is_set() and not self._stopping and time.monotonic() < latest:
            self._wake.clear()
            self._wake.wait(_QUIET_SECONDS)

    def _judge(self, data_id: str, number: int) -> None:
        """Judge a version; earlier versions without a profile, which were made before there were enough, come first."""
        data = self._catalogue.data(data_id)
        for before, each in version_drift.with_predecessors(self._store, data_id, number, _READ_VERSIONS):
            profiles = version_drift.known_profiles(self._store, data_id, number, _COMPARED_VERSIONS)
            if each in profiles or self._stopping:
                continue
            earlier = [profile for known, profile in profiles.items() if known < each and profile is not None]
            version = self._catalogue.versions(data_id, each)[0]
            found = self._profile(data, version, before, earlier)
            if not self._stopping:
                # Failures of the worker are final: another attempt would fail likewise.
                notes = found["notes"] if found and each == number else []
                version_drift.store_profile(self._store, data, version, found and found["profile"], notes)

    def _profile(self, data: Row, version: Row, before: int | None, earlier: list[Row]) -> dict[str, Any] | None:
        replaced = [] if before is None else self._catalogue.versions(data["id"], before)
        try:
            table, *previous = [self._worker.table_of(data, each) for each in (version, *replaced)]
            found: dict[str, Any] | None
            found = self._worker.run("profile_content", table, previous[0] if previous else None, earlier)
        except (RequestError, TaskFailed):
            return None
        return found
