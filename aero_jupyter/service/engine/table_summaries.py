"""Summaries of versions: computed once in a worker, on the first request, and stored beside the content."""

from __future__ import annotations

import concurrent.futures
import hashlib
import json
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any  # JSON values

from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.core.table_rows import TableRows
from aero_jupyter.core.table_summary import SUMMARY_FORMAT, TableSummary
from aero_jupyter.service.catalogue.serializers import CatalogueRecords
from aero_jupyter.service.engine.table_worker import TableWorker, reading_of
from aero_jupyter.service.storage.connection import RequestError, Row, new_id
from aero_jupyter.service.workers.task_request import TaskFailed

#: The folder of the stored summaries, in the folder of the local AERO.
FOLDER = "summaries"
#: Seconds that a request waits for a summary before the answer is that it is being computed.
WAIT_SECONDS = 2.0
#: Seconds that a request waits for rows.
_ROWS_SECONDS = 20.0


class TableSummaries:
    """The summaries of one local AERO.

    Parameters
    ----------
    catalogue, worker : CatalogueRecords, TableWorker
    folder : Path
        The folder of the stored summaries.
    """

    def __init__(self, catalogue: CatalogueRecords, worker: TableWorker, folder: Path) -> None:
        self._catalogue, self._worker, self._folder = catalogue, worker, folder
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="summary")
        self._lock = threading.Lock()
        self._working: dict[str, Future[dict[str, Any]]] = {}

    def get(self, data_id: str, number: int | None) -> Row:
        """Return the summary of a version, newest by default; or that it is being computed.

        Raises
        ------
        RequestError
            If there is no such dataset or version.
        """
        data = self._catalogue.data(data_id)
        version = self._version(data, number)
        answer = {"version": version["version"], "checksum": version["checksum"]}
        if version["data_file"] is None:
            reason = f"AERO stores only the URL of {data['name']}, not its content."
            return {**answer, "state": "ready", "summary": TableSummary(reason=reason).as_json()}
        summary = self._summary(data, version)
        return {**answer, "state": "working" if summary is None else "ready", "summary": summary}

    def rows(self, data_id: str, number: int | None, start: int, count: int) -> Row:
        """Return some rows of a version, newest by default.

        Raises
        ------
        RequestError
            If there is no such dataset or version, or the rows are not read in time.
        """
        data = self._catalogue.data(data_id)
        version = self._version(data, number)
        work = self._threads.submit(self._read_rows, data, version, start, count)
        try:
            return {"version": version["version"], "rows": work.result(_ROWS_SECONDS)}
        except concurrent.futures.TimeoutError:
            work.cancel()
            detail = f"{data['name']} version {version['version']} was not read within {_ROWS_SECONDS:g} s."
            raise RequestError(503, detail, "Try again in a moment.") from None

    def _read_rows(self, data: Row, version: Row, start: int, count: int) -> Row:
        try:
            found: Row = self._worker.run("rows_of_content", self._worker.table_of(data, version), start, count)
        except TaskFailed as error:
            label = f"{data['name']} version {version['version']}"
            return TableRows(reason=f"{label} could not be read: {error}").as_json()
        return found

    def stop(self) -> None:
        """Stop; what is computed now is computed again on the next request."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _version(self, data: Row, number: int | None) -> Row:
        found = self._catalogue.versions(data["id"], data["newest"] if number is None else number)
        if not found:
            raise RequestError(404, f"{data['name']} has no version {number or ''}".rstrip() + ".")
        return found[0]

    def _summary(self, data: Row, version: Row) -> dict[str, Any] | None:
        about = reading_of(data, version)
        digest = hashlib.sha256(json.dumps([SUMMARY_FORMAT, about], sort_keys=True).encode()).hexdigest()
        stored = self._folder / f"{version['checksum']}.{digest[:16]}.json"
        if stored.exists():
            with self._lock:
                self._working.pop(stored.name, None)
            found: dict[str, Any] = parse_json(stored.read_bytes())
            return found
        with self._lock:
            if stored.name not in self._working:
                self._working[stored.name] = self._threads.submit(self._compute, stored, data, version)
            work = self._working[stored.name]
        try:
            return work.result(WAIT_SECONDS)
        except concurrent.futures.TimeoutError:
            return None
        finally:
            if work.done():
                with self._lock:
                    self._working.pop(stored.name, None)

    def _compute(self, stored: Path, data: Row, version: Row) -> dict[str, Any]:
        try:
            table = self._worker.table_of(data, version)
            summary: dict[str, Any] = self._worker.run("summarize_content", table)
        except RequestError as error:
            return TableSummary(reason=error.detail).as_json()
        except TaskFailed as error:
            # Another attempt may have more time or memory.
            label = f"{data['name']} version {version['version']}"
            return TableSummary(reason=f"{label} could not be summarized: {error}").as_json()
        part = self._folder / f"{new_id()}.part"
        part.write_text(json.dumps(summary))
        part.replace(stored)
        return summary
