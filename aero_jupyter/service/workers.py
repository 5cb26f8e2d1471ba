"""Worker processes: user code runs there, within limits."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_SCRIPT = Path(__file__).with_name("worker.py")
#: Seconds between two looks at how much a running task has printed.
_LOOK = 0.5
#: Seconds in which a worker that has ended says how.
_PARTING = 2.0


class TaskFailed(Exception):
    """A task ended without a result; `traceback` is the task's own, empty when its process died."""

    def __init__(self, message: str, traceback: str = "") -> None:
        super().__init__(message)
        self.traceback = traceback


@dataclass(frozen=True)
class Limits:
    """What one task may use: wall-clock seconds, bytes of memory, of printed output, of result, files and processes."""

    seconds: float = 3600
    memory: int = 8 << 30
    output: int = 64 << 20
    result: int = 10 << 20
    files: int = 1024
    processes: int = 512


@dataclass(frozen=True)
class Task:
    """Source text and JSON arguments, or a `buffer` as the Compute SDK serialized it."""

    key: str
    name: str
    log: Path
    cwd: Path
    code: str = ""
    digest: str = ""
    args: Sequence[Any] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    buffer: str | None = None
    result_serializers: Sequence[str] = ()
    place: Mapping[str, str] = field(default_factory=dict)

    def line(self) -> bytes:
        """Spell it for the worker: one line of JSON."""
        common = {"log": str(self.log), "cwd": str(self.cwd)}
        if self.buffer is not None:
            serializers = list(self.result_serializers)
            work: dict[str, Any] = {"buffer": self.buffer, "result_serializers": serializers, "place": dict(self.place)}
        else:
            work = {
                "code": self.code,
                "digest": self.digest,
                "name": self.name,
                "args": list(self.args),
                "kwargs": dict(self.kwargs),
            }
        return json.dumps({**common, **work}).encode() + b"\n"


def _told(limits: Limits) -> dict[str, int]:
    return {"memory": limits.memory, "files": limits.files, "processes": limits.processes}


class Worker:
    """One worker process, in a session of its own so that it can be ended with all it started."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.done = 0
        self.cancelled = False
        self._process = subprocess.Popen(
            [sys.executable, "-u", str(_SCRIPT), json.dumps(_told(limits))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(),
            start_new_session=True,
        )
        self._pending = bytearray()
        self._group = self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id of what runs the tasks, which is also its group's."""
        return self._group

    def execute(self, task: Task) -> Any:
        """Run one task to its end; raises `TaskFailed`."""
        if not self.done:
            self._group = int(self._answer(task, time.monotonic() + 60)["group"])
        self.done += 1
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(task.line())
            self._process.stdin.flush()
        except OSError:
            raise self._died(task) from None
        answer = self._answer(task, time.monotonic() + self._limits.seconds)
        if answer["ok"]:
            return answer["value"]
        raise TaskFailed(answer["error"], answer["traceback"])

    def _answer(self, task: Task, deadline: float) -> dict[str, Any]:
        assert self._process.stdout is not None
        while b"\n" not in self._pending:
            if select.select([self._process.stdout], [], [], _LOOK)[0]:
                chunk = os.read(self._process.stdout.fileno(), 1 << 16)
                if not chunk:
                    raise self._died(task)
                self._pending += chunk
            self._check(task, deadline)
        line, _, rest = self._pending.partition(b"\n")
        self._pending = rest
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _check(self, task: Task, deadline: float) -> None:
        if time.monotonic() > deadline:
            self._stop_for(f"{task.name} did not end within {self._limits.seconds:g} s.")
        if len(self._pending) > self._limits.result:
            self._stop_for(f"The result of {task.name} is larger than {self._limits.result >> 20} MB.")
        if task.log.exists() and task.log.stat().st_size > self._limits.output:
            self._stop_for(f"{task.name} printed more than {self._limits.output >> 20} MB.")

    def _stop_for(self, reason: str) -> None:
        self.kill()
        raise TaskFailed(reason)

    def _died(self, task: Task) -> TaskFailed:
        with contextlib.suppress(subprocess.TimeoutExpired):
            # It says how it ended, a moment after its pipe has.
            self._process.wait(_PARTING)
        self.kill()
        if self.cancelled:
            return TaskFailed("The run was cancelled.")
        code = self._process.wait()
        if code == -signal.SIGKILL:
            how = "was killed, perhaps for want of memory"
        else:
            how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return TaskFailed(f"The worker process {how} while {task.name} ran.")

    def kill(self) -> None:
        """End the process and everything it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        try:
            self._process.wait(_PARTING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def _environment() -> dict[str, str]:
    """The service's environment without what user code has no business to know."""
    secret = ("AERO_", "GLOBUS_")
    return {key: value for key, value in os.environ.items() if not key.startswith(secret)}
