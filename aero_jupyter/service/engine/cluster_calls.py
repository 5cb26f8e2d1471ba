"""Calls of functions on clusters: a run is left while its tasks wait and run there, and resumed once they have ended."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any  # JSON values

from aero_jupyter.service.catalogue.runs import Runs
from aero_jupyter.service.clusters.cluster_tasks import ClusterTask, ClusterTasks
from aero_jupyter.service.engine.step_tasks import StepTask, failure
from aero_jupyter.service.storage.connection import RequestError, Row
from aero_jupyter.service.workers.task_request import TaskFailed

#: Bytes that are copied at once from the log of a task.
_CHUNK_BYTES = 1 << 20


class RunSuspended(BaseException):
    """The run goes on once its tasks on a cluster have ended; not an `Exception`, so that no step fails because of it."""


class ClusterCalls:
    """The calls that run on clusters.

    Parameters
    ----------
    runs : Runs
    clusters : ClusterTasks
    resume : callable
        Receives the id of a run whose tasks have ended, on any thread.
    """

    def __init__(self, runs: Runs, clusters: ClusterTasks, resume: Callable[[str], None]) -> None:
        self._runs, self._clusters, self._resume = runs, clusters, resume
        self._lock = threading.Lock()
        self._calls: dict[str, _Call] = {}

    def start(self, run_id: str, endpoint: str, tasks: Sequence[StepTask]) -> None:
        """Submit the tasks of a run; the run is resumed once all have ended, or the first one has failed."""
        call = _Call(tasks, lambda: self._resume(run_id))
        logs = self._runs.live_logs[run_id] = []
        with self._lock:
            self._calls[run_id] = call
        for each in tasks:
            made = self._clusters.submit(endpoint, each.task)
            call.made.append(made)
            logs.extend([made.place.log] if made.place is not None else [])
        # Only now, so that the results find each task.
        for made in list(call.made):
            made.outcome.add_done_callback(call.note_end)

    def has_ended(self, run_id: str) -> bool:
        """Return whether the tasks of a run were submitted; a run is not resumed before they have ended."""
        with self._lock:
            return run_id in self._calls

    def answers(self, run_id: str) -> list[Row]:
        """Return the answers of the tasks of a run up to the first failure; their files are in the folder of the run."""
        with self._lock:
            call = self._calls.pop(run_id)
        folder = self._runs.folder(run_id)
        try:
            self._collect_logs(run_id, call)
            if (failed := call.failure()) is not None:
                return [failed]
            return [{"value": _with_files(made, folder), "environment": made.environment} for made in call.made]
        except RequestError as error:
            return [{"error": str(error), "traceback": ""}]
        finally:
            call.end()

    def cancel(self, run_id: str) -> None:
        """Cancel the tasks of a run."""
        with self._lock:
            call = self._calls.get(run_id)
        for task in list(call.made) if call is not None else ():
            task.cancel()

    def discard(self, run_id: str) -> None:
        """Forget the tasks of a run that has ended without their results."""
        with self._lock:
            call = self._calls.pop(run_id, None)
        self._runs.live_logs.pop(run_id, None)
        if call is not None:
            call.end()

    def _collect_logs(self, run_id: str, call: _Call) -> None:
        self._runs.live_logs.pop(run_id, None)
        with self._runs.log(run_id).open("ab") as log:
            for place in [each.place for each in call.made if each.place is not None]:
                with contextlib.suppress(FileNotFoundError), place.log.open("rb") as part:
                    shutil.copyfileobj(part, log, _CHUNK_BYTES)


class _Call:
    """The tasks of one run."""

    def __init__(self, tasks: Sequence[StepTask], on_end: Callable[[], None]) -> None:
        self._tasks = tasks
        self.made: list[ClusterTask] = []
        self._lock = threading.Lock()
        self._open = len(tasks)
        self._on_end: Callable[[], None] | None = on_end

    def note_end(self, outcome: Future[Any]) -> None:
        """Resume the run once, if nothing more is to be waited for."""
        with self._lock:
            self._open -= 1
            is_over = not self._open or outcome.exception() is not None
            on_end = self._on_end if is_over else None
            self._on_end = None if is_over else self._on_end
        if on_end is not None:
            on_end()

    def failure(self) -> Row | None:
        """Return the answer of the first task that failed, if one did."""
        for task, made in zip(self._tasks, list(self.made), strict=False):
            error = made.outcome.exception() if made.outcome.done() else None
            if isinstance(error, TaskFailed):
                return failure(task.renamed(error), made.environment)
        return None

    def end(self) -> None:
        """Cancel what still runs, and remove the folders of the tasks."""
        for made in self.made:
            made.cancel()
            made.remove()


def _with_files(task: ClusterTask, folder: Path) -> Any:
    """Return the value of a task, with the files of its outputs moved from the shared folder to that of the run."""
    value = task.outcome.result()
    outputs = value.get("aero", {}).get("output_data", {}) if isinstance(value, dict) else {}
    for name, entry in outputs.items() if isinstance(outputs, dict) else ():
        files = entry.get("files") if isinstance(entry, dict) else None
        if isinstance(files, dict) and task.place is not None:
            place = task.place.files
            entry["files"] = {key: _moved(name, str(path), place, folder / str(key)) for key, path in files.items()}
    return value


def _moved(name: str, path: str, folder: Path, target: Path) -> str:
    file = Path(path)
    if file.parent.resolve() != folder.resolve() or target.parent.resolve() == folder.resolve():
        raise RequestError(422, f"Output {name} is not in the folder of its run.")
    if file.is_symlink() or not file.is_file():
        raise RequestError(422, f"Output {name} is not a regular file.")
    shutil.move(file, target)
    return str(target)
