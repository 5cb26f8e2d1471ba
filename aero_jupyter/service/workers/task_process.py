"""A process that executes one task: forked before the task arrives, ended with everything that it started."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import resource
import select
import signal
import sys
from typing import BinaryIO, NoReturn

from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.service.workers.task import perform, serialize_answer

#: Signals that the worker ignores, because a child may send them to its parent by accident.
IGNORED_SIGNALS = tuple(
    getattr(signal, f"SIG{name}") for name in ("TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "ALRM")
)
#: Seconds between two checks of a child that has closed its pipe.
_CHECK_SECONDS = 0.05
#: Option numbers of Linux's prctl.
_DIE_WITH_PARENT, _DUMPABLE, _ADOPT_ORPHANS = 1, 4, 36
# Bound before any user code runs, because user code may replace these functions.
_write, _exit, _getpid = os.write, os._exit, os.getpid


class TaskProcess:
    """A child of this process that waits for one task.

    Parameters
    ----------
    limits : dict
        ``memory``, ``files``, ``processes`` and ``result`` of the task.
    channels : tuple of BinaryIO
        The channels of this process, which the child closes.

    Raises
    ------
    OSError
        If no process can be started.
    """

    def __init__(self, limits: dict[str, int], channels: tuple[BinaryIO, ...]) -> None:
        self._most = limits["result"]
        self._reader, writer = os.pipe()
        try:
            task, self._task = os.pipe()
        except OSError:
            _close(self._reader, writer)
            raise
        # Frozen objects are not touched by a child's garbage collector, and so their pages are not copied.
        gc.freeze()
        try:
            parent, self._child = os.getpid(), os.fork()
        except OSError:
            _close(self._reader, writer, task, self._task)
            raise
        if not self._child:
            _close(self._reader, self._task, *(channel.fileno() for channel in channels))
            _serve(limits, parent, task, writer)
        _close(writer, task)

    def send(self, line: bytes) -> None:
        """Send the task.

        Raises
        ------
        BrokenPipeError
            If the child ended before it received the whole task.
        """
        try:
            with os.fdopen(self._task, "wb") as pipe:
                pipe.write(line)
        except BrokenPipeError:
            os.close(self._reader)
            _kill_with_descendants(self._child)
            raise

    def answer(self, tasks: int) -> tuple[int, bytes]:
        """Wait for the answer and end the child; return its exit status, and the line it wrote or nothing.

        Parameters
        ----------
        tasks : int
            The descriptor that becomes readable when the service has ended.
        """
        try:
            return self._collect(tasks)
        finally:
            os.close(self._reader)
            _kill_with_descendants(self._child)

    def end(self) -> None:
        """End the child, which has received no task."""
        _close(self._reader, self._task)
        _kill_with_descendants(self._child)

    def _collect(self, tasks: int) -> tuple[int, bytes]:
        answer, speaks = bytearray(), True
        while b"\n" not in answer and len(answer) <= self._most:
            ready = select.select([self._reader, tasks] if speaks else [tasks], [], [], _CHECK_SECONDS)[0]
            if tasks in ready:
                # The service has ended: only then does its pipe become readable, and the run starts again elsewhere.
                _kill_with_descendants(self._child)
                os._exit(0)
            if self._reader in ready:
                chunk = os.read(self._reader, 1 << 16)
                answer, speaks = answer + chunk, bool(chunk)
            if self._reader not in ready or not speaks:
                ended, status = os.waitpid(self._child, os.WNOHANG)
                if ended:
                    return os.waitstatus_to_exitcode(status), b""
        return 0, bytes(answer.partition(b"\n")[0])


def _close(*descriptors: int) -> None:
    for each in descriptors:
        os.close(each)


def adopt_orphans() -> None:
    """Become the parent of descendants whose parent ends (Linux only)."""
    _prctl(_ADOPT_ORPHANS, 1)


def disable_ptrace() -> None:
    """Prevent other processes of this user from reading the environment, descriptors and memory (Linux only)."""
    _prctl(_DUMPABLE, 0)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _kill_with_descendants(child: int) -> None:
    """Kill the child, its group and its descendants; this process adopts orphans."""
    for end, target in ((os.killpg, child), (os.kill, child)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            end(target, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(child, 0)
    # Usually no process is left, and waitpid raises.
    with contextlib.suppress(ChildProcessError):
        while True:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                _end_below()
                os.waitpid(-1, 0)


def _end_below() -> None:
    import psutil

    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            process.kill()


def _serve(limits: dict[str, int], parent: int, tasks: int, writer: int) -> NoReturn:
    """Wait for a task, execute it, write its answer, and exit."""
    me, status = _getpid(), 1
    try:
        _initialize_child(parent)
        with os.fdopen(tasks, "rb") as pipe:
            line = pipe.read()
        if not line:
            _exit(0)
        _prctl(_DUMPABLE, 1)
        _limit(limits)
        answer = serialize_answer(perform(parse_json(line)))
        # A process that user code forked from this one must not write the answer.
        while answer and _getpid() == me:
            answer = answer[_write(writer, answer) :]
        status = 0
    finally:
        _exit(status)


def _initialize_child(parent: int) -> None:
    # In a group of its own, so that signals to the group do not reach the parent.
    os.setpgid(0, 0)
    _prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        _exit(1)
    for each in IGNORED_SIGNALS:
        signal.signal(each, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if "numpy" in sys.modules:
        # Without a new seed, each run would draw the same numbers.
        sys.modules["numpy"].random.seed()


def _limit(limits: dict[str, int]) -> None:
    _lower(resource.RLIMIT_NOFILE, limits["files"])
    if os.getuid():
        # The limit counts all processes of the user, so their current number is added. The limit does not bind root.
        _lower(resource.RLIMIT_NPROC, _tasks_of_user() + limits["processes"])
    memory = limits["memory"]
    if memory:
        for kind in (resource.RLIMIT_DATA, resource.RLIMIT_AS):
            try:
                resource.setrlimit(kind, (memory, memory))
            except (ValueError, OSError):
                continue  # macOS keeps neither
            return


def _lower(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))


def _tasks_of_user() -> int:
    count = 0
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        try:
            if name.isdigit() and os.stat(f"/proc/{name}").st_uid == os.getuid():
                count += len(os.listdir(f"/proc/{name}/task"))
        except OSError:
            continue
    return count
