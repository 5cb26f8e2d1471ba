"""Worker processes, in which user code runs within limits."""

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
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn  # JSON values

from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.service.process_limits import shortage
from aero_jupyter.service.workers.process_tree import descendants, kill_tree
from aero_jupyter.service.workers.task import WARM
from aero_jupyter.service.workers.task_request import Task, TaskFailed, TaskLimits, environment

#: The package is importable although it may not be installed; its folder is then removed from the path of the tasks.
_START_CODE = "import sys; sys.path[0] = sys.argv.pop(1); from aero_jupyter.service.workers.main import main; del sys.path[0]; main()"
#: Seconds between two checks of the output size of a running task.
_CHECK_SECONDS = 0.5
#: Seconds to wait for the exit status of a worker that has ended.
_EXIT_SECONDS = 2.0
#: Bytes of an answer besides its result.
_ENVELOPE_BYTES = 1 << 20


def _worker_limits(limits: TaskLimits) -> dict[str, int]:
    most = limits.result + _ENVELOPE_BYTES
    return {"memory": limits.memory, "files": limits.files, "processes": limits.processes, "result": most}


def _own_command() -> list[str]:
    return ["-c", _START_CODE, str(Path(__file__).parents[3])]


class Worker:
    """One worker process, in its own session so that it can be ended with everything it started.

    Parameters
    ----------
    limits : TaskLimits
    command : sequence of str, optional
        The arguments of Python that start another worker than the one of this package.

    Attributes
    ----------
    environment : dict
        The versions of Python and of packages with which the last task ran; empty if its process did not say.
    """

    def __init__(self, limits: TaskLimits, command: Sequence[str] = ()) -> None:
        self._limits = limits
        self.cancelled = False
        self.environment: dict[str, Any] = {}
        self._ended = False
        self._process = subprocess.Popen(
            [sys.executable, "-u", *(command or _own_command()), json.dumps(_worker_limits(limits))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(os.environ),
            start_new_session=True,
        )
        self._pending = bytearray()
        self._warm: list[str] = []
        self._has_runtime = False

    @property
    def alive(self) -> bool:
        """True if the process is running."""
        return self._process.poll() is None

    def execute(self, task: Task) -> Any:
        """Run one task to its end and return its result; raise `TaskFailed` otherwise."""
        mark, self.environment = secrets.token_hex(16), {}
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(task.line(mark, self._warm, has_runtime=self._has_runtime))
            self._process.stdin.flush()
            self._has_runtime |= bool(task.runtime)
            line = self._answer(task, time.monotonic() + self._limits.seconds)
        except OSError as error:
            if lacking := shortage(error):
                self._stop_for(f"{task.name} could not be monitored. {lacking}")
            self._raise_for_exit(task, self._code())
        finally:
            _truncate_log(task.log, self._limits.output)
        return self._result(task, mark, line)

    def _answer(self, task: Task, deadline: float) -> bytes:
        assert self._process.stdout is not None
        # Unlike `select`, `poll` has no largest descriptor.
        readable = select.poll()
        readable.register(self._process.stdout, select.POLLIN)
        while b"\n" not in self._pending:
            if readable.poll(_CHECK_SECONDS * 1000):
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
            marked, status, environment, answer_text = line.split(b" ", 3)
            if marked != mark.encode() or self._pending:
                raise ValueError
            self.environment = parse_json(environment)
            if not answer_text:
                self._raise_for_exit(task, int(status))
            answer = parse_json(answer_text, parse_constant=_refuse_constant)
            self._warm = [name for name in WARM if name in (*self._warm, *answer["warm"])]
            outcome = answer["value"] if answer["ok"] else (str(answer["error"]), str(answer["traceback"]))
        except (ValueError, KeyError, TypeError):
            self._stop_for(f"The response of {task.name} cannot be read.")
        if not answer["ok"]:
            raise TaskFailed(*outcome)
        if len(answer_text) > self._limits.result:
            self._stop_for(self._too_large(task))
        return outcome

    def _check(self, task: Task, deadline: float) -> None:
        if time.monotonic() > deadline:
            self._stop_for(f"{task.name} did not end within {self._limits.seconds:g} s.")
        if len(self._pending) > self._limits.result + _ENVELOPE_BYTES:
            self._stop_for(self._too_large(task))
        if task.log.exists() and task.log.stat().st_size > self._limits.output:
            self._stop_for(f"{task.name} printed more than {self._limits.output >> 20} MB.")

    def _check_processes(self, task: Task) -> None:
        # The operating system's limit does not bind root, and it counts the user's other processes as well.
        if len(descendants(self._process.pid)) > self._limits.processes:
            self._stop_for(f"{task.name} started more than {self._limits.processes} processes.")

    def _too_large(self, task: Task) -> str:
        return f"The result of {task.name} is larger than {self._limits.result >> 20} MB."

    def _stop_for(self, reason: str) -> NoReturn:
        self.kill()
        raise TaskFailed(reason)

    def _code(self) -> int:
        with contextlib.suppress(subprocess.TimeoutExpired):
            # The exit status is available a moment after the pipe has closed.
            self._process.wait(_EXIT_SECONDS)
        self.kill()
        return self._process.wait()

    def _raise_for_exit(self, task: Task, code: int) -> NoReturn:
        if self.cancelled:
            raise TaskFailed("The run was cancelled.")
        if code == -signal.SIGKILL:
            how = "was killed, possibly because memory ran out"
        else:
            how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        raise TaskFailed(f"The worker process {how} while {task.name} ran.")

    def cancel(self) -> None:
        """Cancel the current task, from any thread."""
        self.cancelled = True
        self._end_tree()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def kill(self) -> None:
        """Kill the process and everything it started."""
        self._end_tree()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        try:
            # The worker reaps the processes that it adopted, and exits by itself.
            self._process.wait(_EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._ended = True

    def _end_tree(self) -> None:
        if not self._ended:
            kill_tree(self._process.pid)


def _truncate_log(log: Path, most: int) -> None:
    """Truncate a log to the permitted size, if the task printed faster than the checks ran."""
    with contextlib.suppress(OSError):
        if log.stat().st_size > most:
            os.truncate(log, most)


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(constant)
