"""Worker processes: user code runs there, within limits."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NoReturn

from aero_jupyter.service.processes import below, end_below
from aero_jupyter.service.task import WARM, bounded

#: Found where this package is, even where nobody installed it; tasks shall not find more there than elsewhere.
_START = (
    "import sys; sys.path[0] = sys.argv.pop(1); from aero_jupyter.service.worker import main; del sys.path[0]; main()"
)
_ROOT = Path(__file__).parents[2]
#: Seconds between two looks at how much a running task has printed.
_LOOK = 0.5
#: Seconds in which a worker that has ended says how.
_PARTING = 2.0
#: Bytes of an answer beside its result.
_MARGIN = 1 << 20
#: What a function gets to know of the service's environment; ``AERO_WORKER_ENV`` adds names, with commas between.
PASSED = (
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_*", "TZ", "TMPDIR", "PYTHON*", "VIRTUAL_ENV",
    "CONDA_*", "LD_LIBRARY_PATH", "DYLD_*", "OMP_*", "OPENBLAS_*", "MKL_*", "NUMEXPR_*", "NUMBA_*", "CUDA_*", "R_HOME",
    "R_LIBS*", "JAVA_HOME", "PROJ_*", "GDAL_*", "MPLBACKEND", "MPLCONFIGDIR", "XDG_*", "SSL_CERT_*", "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy",
    "no_proxy",
)  # fmt: skip


class TaskFailed(Exception):
    """A task ended without a result; `traceback` is the task's own, empty when its process died."""

    def __init__(self, message: str, traceback: str = "") -> None:
        super().__init__(bounded(message))
        self.traceback = bounded(traceback)


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
    place: Mapping[str, str] = field(default_factory=dict)

    def line(self, mark: str, warm: Sequence[str]) -> bytes:
        """Spell it for the worker: one line of JSON, with the mark that its answer begins with."""
        common = {"mark": mark, "warm": list(warm), "log": str(self.log), "cwd": str(self.cwd)}
        if self.buffer is not None:
            work: dict[str, Any] = {"buffer": self.buffer, "place": dict(self.place)}
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
    most = limits.result + _MARGIN
    return {"memory": limits.memory, "files": limits.files, "processes": limits.processes, "result": most}


class Worker:
    """One worker process, in a session of its own so that it can be ended with all it started."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.cancelled = False
        self._ended = False
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-c", _START, str(_ROOT), json.dumps(_told(limits))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(os.environ),
            start_new_session=True,
        )
        self._pending = bytearray()
        self._warm: list[str] = []

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def execute(self, task: Task) -> Any:
        """Run one task to its end; raises `TaskFailed`."""
        mark = secrets.token_hex(16)
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(task.line(mark, self._warm))
            self._process.stdin.flush()
            line = self._answer(task, time.monotonic() + self._limits.seconds)
        except OSError:
            self._died(task, self._code())
        finally:
            _cut(task.log, self._limits.output)
        return self._result(task, mark, line)

    def _answer(self, task: Task, deadline: float) -> bytes:
        assert self._process.stdout is not None
        while b"\n" not in self._pending:
            if select.select([self._process.stdout], [], [], _LOOK)[0]:
                chunk = os.read(self._process.stdout.fileno(), 1 << 16)
                if not chunk:
                    raise BrokenPipeError
                self._pending += chunk
            else:
                self._check_processes(task)
            self._check(task, deadline)
        line, _, rest = self._pending.partition(b"\n")
        self._pending = rest
        return bytes(line)

    def _result(self, task: Task, mark: str, line: bytes) -> Any:
        try:
            marked, status, said = line.split(b" ", 2)
            if marked != mark.encode() or self._pending:
                raise ValueError
            if not said:
                self._died(task, int(status))
            answer = json.loads(said, parse_constant=_refuse)
            self._warm = [name for name in WARM if name in (*self._warm, *answer["warm"])]
            told = answer["value"] if answer["ok"] else (str(answer["error"]), str(answer["traceback"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            self._stop_for(f"What {task.name} answered cannot be read.")
        if not answer["ok"]:
            raise TaskFailed(*told)
        if len(said) > self._limits.result:
            self._stop_for(self._too_large(task))
        return told

    def _check(self, task: Task, deadline: float) -> None:
        if time.monotonic() > deadline:
            self._stop_for(f"{task.name} did not end within {self._limits.seconds:g} s.")
        if len(self._pending) > self._limits.result + _MARGIN:
            self._stop_for(self._too_large(task))
        if task.log.exists() and task.log.stat().st_size > self._limits.output:
            self._stop_for(f"{task.name} printed more than {self._limits.output >> 20} MB.")

    def _check_processes(self, task: Task) -> None:
        # The system's own limit does not bind root, and counts the user's other processes with these.
        if len(below(self._process.pid)) > self._limits.processes:
            self._stop_for(f"{task.name} started more than {self._limits.processes} processes.")

    def _too_large(self, task: Task) -> str:
        return f"The result of {task.name} is larger than {self._limits.result >> 20} MB."

    def _stop_for(self, reason: str) -> NoReturn:
        self.kill()
        raise TaskFailed(reason)

    def _code(self) -> int:
        with contextlib.suppress(subprocess.TimeoutExpired):
            # It says how it ended, a moment after its pipe has.
            self._process.wait(_PARTING)
        self.kill()
        return self._process.wait()

    def _died(self, task: Task, code: int) -> NoReturn:
        if self.cancelled:
            raise TaskFailed("The run was cancelled.")
        if code == -signal.SIGKILL:
            how = "was killed, perhaps for want of memory"
        else:
            how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        raise TaskFailed(f"The worker process {how} while {task.name} ran.")

    def cancel(self) -> None:
        """End what it does, from any thread."""
        self.cancelled = True
        self._end_tree()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def kill(self) -> None:
        """End the process and everything it started."""
        self._end_tree()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        try:
            # Nothing more to do for it: it collects what it adopted, and ends.
            self._process.wait(_PARTING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._ended = True

    def _end_tree(self) -> None:
        if not self._ended:
            end_below(self._process.pid)


def _cut(log: Path, most: int) -> None:
    """Keep of a log what a task may print, where it was faster than the looks at it."""
    with contextlib.suppress(OSError):
        if log.stat().st_size > most:
            os.truncate(log, most)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Take of an environment what user code may know; ``AERO_WORKER_ENV`` names more, with * for anything."""
    more = [name.strip() for name in environ.get("AERO_WORKER_ENV", "").split(",")]
    names = [*PASSED, *(name for name in more if name)]
    passed = {key: value for key, value in environ.items() if any(fnmatchcase(key, name) for name in names)}
    # A worker forks, which macOS ends where its own libraries are in use.
    return passed | ({"OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES"} if sys.platform == "darwin" else {})
