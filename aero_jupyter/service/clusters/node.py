"""The code that runs on a node of a cluster: executes a task in a worker process, within limits.

It is sent as source code, after the modules that it needs, and is loaded once in each process of Parsl.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import platform
import socket
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any  # JSON values

from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.service.workers.process import Worker
from aero_jupyter.service.workers.task_request import Task, TaskFailed, TaskLimits

#: Executes the source code of the worker, without its folder on the path of modules.
_START_WORKER = (
    "import sys; del sys.path[0]; exec(compile(open(sys.argv.pop(1)).read(), '<worker>', 'exec'), globals()); main()"
)
_idle_workers: list[NodeWorker] = []
_idle_lock = threading.Lock()


class NodeWorker(Worker):
    """A worker whose task ends once the service has removed the task's ticket.

    Parameters
    ----------
    limits : TaskLimits
    file : str
        The source code of the worker.
    """

    def __init__(self, limits: TaskLimits, file: str) -> None:
        super().__init__(limits, ("-c", _START_WORKER, file))
        self.limits, self.file = limits, file
        self.ticket = Path()

    def _check(self, task: Task, deadline: float) -> None:
        if not has_ticket(self.ticket):
            self._stop_for("The run was cancelled.")
        super()._check(task, deadline)


def has_ticket(ticket: Path) -> bool:
    """Return whether a task should run; opening the file asks a network disk, which else answers from its cache."""
    try:
        with ticket.open():
            return True
    except OSError:
        return False


def run(folder: str) -> str:
    """Execute the task in a folder; return its answer as JSON."""
    about: dict[str, Any] = {"python": platform.python_version(), "node": socket.gethostname()}
    try:
        answer: dict[str, Any] = {"ok": True, "value": _execute(Path(folder), about)}
    except TaskFailed as failed:
        answer = {"ok": False, "error": str(failed), "traceback": failed.traceback}
    except OSError as error:
        answer = {"ok": False, "error": f"The node {about['node']} cannot run the task: {error}.", "traceback": ""}
    return json.dumps({**answer, **about})


def _execute(folder: Path, about: dict[str, Any]) -> Any:
    """Execute the task in a folder; `about` receives the environment in which it ran, also if it fails."""
    ticket = folder / "ticket"
    if not has_ticket(ticket):
        raise TaskFailed("The run was cancelled.")
    if importlib.util.find_spec("requests") is None:
        raise TaskFailed(f"The Python of the node {socket.gethostname()} has no package `requests`. Install it there.")
    (folder / "started").touch()
    request = parse_json((folder / "task.json").read_text())
    worker = _take(TaskLimits(**request["limits"]), request["worker"])
    worker.ticket = ticket
    try:
        return worker.execute(_task_of(request))
    finally:
        about["environment"] = worker.environment
        _give_back(worker)


def _task_of(request: Mapping[str, Any]) -> Task:
    task: dict[str, Any] = dict(request["task"])
    task |= {key: Path(task[key]) for key in ("log", "cwd")}
    return Task(**task, runtime=_text(request["runtime"]) if request["runtime"] else "")


@functools.cache
def _text(file: str) -> str:
    return Path(file).read_text()


def _take(limits: TaskLimits, file: str) -> NodeWorker:
    with _idle_lock:
        worker = _idle_workers.pop() if _idle_workers else None
    if worker is not None:
        if worker.alive and (worker.limits, worker.file) == (limits, file):
            return worker
        worker.kill()
    return NodeWorker(limits, file)


def _give_back(worker: NodeWorker) -> None:
    if not worker.alive:
        return worker.kill()
    with _idle_lock:
        _idle_workers.append(worker)
    return None
