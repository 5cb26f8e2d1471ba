"""The connection of the service to the process of one cluster."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any  # JSON values

from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.service.clusters.registry import Cluster
from aero_jupyter.service.workers.process_tree import kill_session, kill_tree
from aero_jupyter.service.workers.task_request import environment

#: Receives the message about a task: its ``answer``, or why the task was ``lost``.
Receiver = Callable[[dict[str, Any]], None]
#: Variables that a scheduler of jobs needs, besides those of every function.
_SCHEDULER_VARIABLES = ("SLURM_*", "PBS_*", "SGE_*", "LSF_*", "MODULEPATH", "LOADEDMODULES", "AERO_WORKER_ENV")
#: Starts of Parsl whose logs are kept.
_KEPT_LOGS = 5
#: Seconds that Parsl has to return what it has allocated, once the service ends.
_END_SECONDS = 10.0


class ClusterLink:
    """A running process of a cluster.

    Parameters
    ----------
    cluster : Cluster
    node_file : Path
        The source code that runs on a node.
    folder : Path
        The folder for the logs of Parsl.
    """

    def __init__(self, cluster: Cluster, node_file: Path, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for old in sorted((folder / "runinfo").glob("[0-9]*"))[:-_KEPT_LOGS]:
            shutil.rmtree(old, ignore_errors=True)
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._open: dict[str, Receiver] = {}
        self._why = ""
        self.slots: int | None = None
        self.is_over = self._has_ended = False
        self._served = cluster, _changed_at(cluster)
        with (folder / "parsl.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "aero_jupyter.service.clusters.parsl_process", cluster.parsl, str(node_file)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=folder,
                env=_environment(),
                start_new_session=True,
            )
        threading.Thread(target=self._receive, daemon=True, name="cluster").start()

    def submit(self, folder: str, receiver: Receiver) -> None:
        """Submit the task in a folder; the receiver is called once, on another thread."""
        with self._lock:
            self._open[folder] = receiver
            has_ended = self._has_ended
        # The receivers of a process that ends now are called when its output ends.
        self._write(folder)
        if has_ended:
            self._end_open()

    def _write(self, message: str | None) -> None:
        with self._writing, contextlib.suppress(OSError, ValueError):
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def close(self) -> None:
        """Wait until Parsl has returned what it has allocated, once the input has ended."""
        self.end_input()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Kill the process and what it started on this machine."""
        kill_tree(self._process.pid)
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def end_input(self) -> None:
        """End the input of the process, which ends with it."""
        self.is_over = True
        with self._writing, contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()

    def serves(self, cluster: Cluster) -> bool:
        """Return whether the process accepts tasks for a cluster, whose configuration has not changed since its start."""
        return not self.is_over and self._served == (cluster, _changed_at(cluster))

    def retire(self) -> None:
        """Accept no more tasks; the process ends after those it has."""
        self.is_over = True
        self._write(None)

    def _receive(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = parse_json(line)
            if "slots" in message:
                self.slots = message["slots"]
            elif "refused" in message:
                self._why = message["refused"]
            elif "broken" in message:
                self.retire()
            elif "finished" in message:
                self.end_input()
            else:
                self._deliver(message.pop("folder"), message)
        self._process.wait()
        # Its guard may have been killed with it.
        kill_session(self._process.pid)
        with self._lock:
            self.is_over = self._has_ended = True
        self._end_open()

    def _deliver(self, folder: str, message: dict[str, Any]) -> None:
        with self._lock:
            receiver = self._open.pop(folder, None)
        if receiver is not None:
            receiver(message)

    def _end_open(self) -> None:
        with self._lock:
            receivers, self._open = list(self._open.values()), {}
        for receiver in receivers:
            receiver({"refused": self._why} if self._why else {"lost": "The process of the cluster ended."})


def _changed_at(cluster: Cluster) -> int | None:
    """Return the time of the last change of a configuration; None without one."""
    with contextlib.suppress(OSError):
        return os.stat(cluster.parsl).st_mtime_ns
    return None


def _environment() -> dict[str, str]:
    more = {
        name: value
        for name, value in os.environ.items()
        if any(fnmatchcase(name, pattern) for pattern in _SCHEDULER_VARIABLES)
    }
    passed = environment(os.environ) | more
    # Parsl starts its programs by name; they are beside this Python.
    passed["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), passed.get("PATH", os.defpath)])
    return passed
