"""The folder that the service and the nodes of a cluster share: source code of this package, and a folder for each task."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shlex
import shutil
import threading
from dataclasses import asdict, fields, replace
from functools import cache
from pathlib import Path
from typing import Any  # JSON values

from aero_jupyter.core import file_ownership
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.jobs.bundle import bundle_source
from aero_jupyter.service.storage.connection import new_id
from aero_jupyter.service.workers.task_request import Task, TaskLimits

#: The modules of the code of a node and of its workers, each after those that it depends on.
_NODE = (
    "/core/safe_parsing",
    "/service/process_limits",
    "/service/workers/process_tree",
    "/service/workers/task",
    "/service/workers/task_request",
    "/service/workers/process",
    "/service/clusters/node",
)
_WORKER = ("/core/safe_parsing", "/service/workers/task", "/service/workers/task_process", "/service/workers/main")
_TASK_FIELDS = [field.name for field in fields(Task) if field.name != "runtime"]


@cache
def node_source() -> str:
    """Return the source code that runs on a node."""
    return bundle_source(_NODE)


@cache
def worker_source() -> str:
    """Return the source code of a worker process."""
    return bundle_source(_WORKER)


class SharedFolder:
    """The shared folder of one cluster.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._code, self._tasks = folder / "code", folder / "tasks"
        self._writing = threading.Lock()
        self._written: set[Path] = set()

    def prepare(self) -> None:
        """Create the folder and remove the tasks of an earlier service, which end with that.

        Raises
        ------
        InvalidArgument
            If other users can write into the folder or replace it.
        OSError
            If the folder cannot be used.
        """
        for folder in (self._code, self._tasks):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in (self.folder, self._code, self._tasks):
            if not file_ownership.belongs_to_user(folder):
                cure = f"Run: chmod go-w {shlex.quote(str(folder))}; or choose another folder with --folder"
                raise InvalidArgument(f"Other users can write into the shared folder {folder}, or own it.", cure)
        if (parent := file_ownership.parent_open_to_others(self.folder)) is not None:
            cure = "Choose another folder: aero-jupyter endpoint add NAME --parsl FILE --folder FOLDER"
            raise InvalidArgument(f"Other users can replace the shared folder: they can write into {parent}.", cure)
        for attempt in self._tasks.iterdir():
            TaskFolder(attempt).remove()
        self._written.clear()

    def code_file(self, source: str) -> Path:
        """Return the file that holds a source code."""
        file = self._code / f"{hashlib.sha256(source.encode()).hexdigest()[:16]}.py"
        with self._writing:
            if file not in self._written:
                part = file.with_suffix(".part")
                part.write_text(source, encoding="utf-8")
                part.replace(file)
                self._written.add(file)
        return file

    def place(self, task: Task, limits: TaskLimits, earlier: TaskFolder | None = None) -> TaskFolder:
        """Place a task in a folder of its own.

        Parameters
        ----------
        earlier : TaskFolder, optional
            The folder of its earlier attempt, whose inputs it takes: the store may have compacted them meanwhile.
        """
        placed = TaskFolder(self._tasks / new_id())
        placed.files.mkdir(parents=True, mode=0o700)
        placed.inputs.mkdir(mode=0o700)
        kwargs = dict(task.kwargs)
        if isinstance(kwargs.get("aero"), dict):
            kwargs["aero"] = placed.with_files(kwargs["aero"], earlier)
        task = replace(task, kwargs=kwargs, log=placed.log, cwd=placed.files)
        request = {
            "task": {name: _plain(getattr(task, name)) for name in _TASK_FIELDS},
            "limits": asdict(limits),
            "worker": str(self.code_file(worker_source())),
            "runtime": str(self.code_file(task.runtime)) if task.runtime else "",
        }
        with os.fdopen(os.open(placed.folder / "task.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(request, file)
        placed.ticket.touch()
        return placed


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


class TaskFolder:
    """The folder of one task: its request, its files, its log, and the ticket without which it ends.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files, self.inputs = folder / "files", folder / "inputs"
        self.log, self.ticket = folder / "log", folder / "ticket"

    @property
    def is_started(self) -> bool:
        """True if a node has begun the task."""
        return (self.folder / "started").exists()

    def cancel(self) -> None:
        """End the task on whichever node it runs."""
        self.ticket.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the folder; a task in it ends."""
        with contextlib.suppress(OSError):
            self.cancel()
        shutil.rmtree(self.folder, ignore_errors=True)

    def with_files(self, aero: dict[str, Any], earlier: TaskFolder | None) -> dict[str, Any]:
        """Return the ``aero`` argument of a task with its files in this folder.

        Outputs of another collection are uploaded from the node.
        """
        sources = aero.get("stored_files", {})
        if earlier is not None:
            sources = {name: str(earlier.inputs / name) for name in sources}
        stored = {name: self._linked(path, self.inputs, name) for name, path in sources.items()}
        outputs = {name: self._with_download(entry) for name, entry in aero.get("output_data", {}).items()}
        place = {"stored_files": stored, "output_data": outputs, "temp_dir": str(self.files)}
        return {**aero, **place, "shared_folder": bool(aero.get("takes_over_files"))}

    def _with_download(self, entry: dict[str, Any]) -> dict[str, Any]:
        if not (entry.get("download") and entry.get("file")):
            return entry
        kept = {key: value for key, value in entry.items() if key != "file_state"}
        return {**kept, "file": self._linked(entry["file"], self.files, Path(entry["file"]).name)}

    def _linked(self, path: str, folder: Path, name: str) -> str:
        """Return the path of a file in this folder: a second name on one disk, a copy on another."""
        target = folder / name
        try:
            os.link(path, target)
        except OSError:
            shutil.copyfile(path, target)
        return str(target)
