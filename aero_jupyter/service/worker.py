"""The worker process: it takes one task after another from its parent, and does each in a child of its own.

A task is one line of JSON, its answer one line too: the task's mark, how the child ended, and what it said. User code
runs in the child only, so what it does to its process ends with the task, and so does everything it started. Started by
`workers.Worker`; it imports next to nothing of this package.
"""

from __future__ import annotations

import ast
import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import select
import signal
import sys
from typing import Any, BinaryIO, NoReturn

from aero_jupyter.service.task import CODE, WARM, compiled, line_of, perform

#: Seconds between two looks at a child that does not speak any more.
_LOOK = 0.05
#: What a child may send to its parent in passing.
_SIGNALS = tuple(getattr(signal, f"SIG{name}") for name in ("TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "ALRM"))
#: Of Linux's prctl.
_DIE_WITH_PARENT, _DUMPABLE, _ADOPT_ORPHANS = 1, 4, 36
# Bound before any user code runs, which may put others in their places.
_write, _exit, _getpid = os.write, os._exit, os.getpid


def main() -> None:
    """Serve tasks until the service goes away."""
    limits = json.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    _prctl(_ADOPT_ORPHANS, 1)
    hide()
    tasks, answers = _own_channels()
    import requests  # noqa: F401  warm: every task speaks HTTP

    while line := tasks.readline():
        task = json.loads(line)
        _prepare(task)
        # A child's collector leaves alone, and so does not copy, what is there already.
        gc.freeze()
        status, said = _in_child(task, limits, (tasks, answers))
        answers.write(f"{task['mark']} {status} ".encode() + said + b"\n")
        answers.flush()


def hide() -> None:
    """Let no other process of this user read this one's environment, descriptors and memory, where Linux can."""
    _prctl(_DUMPABLE, 0)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _own_channels() -> tuple[BinaryIO, BinaryIO]:
    """Move the protocol off descriptors 0 and 1, which user code reads and writes."""
    tasks, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    return tasks, answers


def _prepare(task: dict[str, Any]) -> None:
    """Do once what every child would do again; no user code runs."""
    # Where it is no Python, the child says so.
    with contextlib.suppress(Exception):
        if "code" in task and task["digest"] not in CODE:
            _import({each for each in _names_at_top(task["code"]) if each.partition(".")[0] in sys.stdlib_module_names})
            compiled(task["digest"], task["code"])
    if "buffer" in task:
        _import({"globus_compute_sdk.serialize"})
    if sys.platform == "linux":
        _import({*task["warm"]} & {*WARM})


def _names_at_top(code: str) -> set[str]:
    statements = ast.parse(code).body
    plain = {each.name for part in statements if isinstance(part, ast.Import) for each in part.names}
    return plain | {part.module or "" for part in statements if isinstance(part, ast.ImportFrom)}


def _import(names: set[str]) -> None:
    for name in names - sys.modules.keys():
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def _in_child(task: dict[str, Any], limits: dict[str, int], channels: tuple[BinaryIO, BinaryIO]) -> tuple[int, bytes]:
    """Do a task in a process of its own; how it ended, and the line it said or nothing."""
    reader, writer = os.pipe()
    parent, child = os.getpid(), os.fork()
    if not child:
        for descriptor in (reader, *(channel.fileno() for channel in channels)):
            os.close(descriptor)
        _serve(task, limits, parent, writer)
    os.close(writer)
    try:
        return _collect(child, reader, channels[0].fileno(), limits["result"])
    finally:
        os.close(reader)
        _end_what_is_left(child)


def _collect(child: int, reader: int, tasks: int, most: int) -> tuple[int, bytes]:
    said, speaks = bytearray(), True
    while b"\n" not in said and len(said) <= most:
        ready = select.select([reader, tasks] if speaks else [tasks], [], [], _LOOK)[0]
        if tasks in ready:
            # Nothing comes before the answer: the service is gone, and the run begins again elsewhere.
            _end_what_is_left(child)
            os._exit(0)
        if reader in ready:
            chunk = os.read(reader, 1 << 16)
            said, speaks = said + chunk, bool(chunk)
        if reader not in ready or not speaks:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status), b""
    return 0, bytes(said.partition(b"\n")[0])


def _end_what_is_left(child: int) -> None:
    """End the child, its group, and what it started: this process adopts what has lost its parent."""
    for end, target in ((os.killpg, child), (os.kill, child)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            end(target, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(child, 0)
    # None is left as a rule, and this raises.
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


def _serve(task: dict[str, Any], limits: dict[str, int], parent: int, writer: int) -> NoReturn:
    """Do a task, say what came of it, and end."""
    me, status = _getpid(), 1
    try:
        _settle(parent)
        _limit(limits)
        line = line_of(perform(task))
        # A copy that user code made of this process has nothing to say.
        while line and _getpid() == me:
            line = line[_write(writer, line) :]
        status = 0
    finally:
        _exit(status)


def _settle(parent: int) -> None:
    # A group of its own: what it sends to its group does not reach its parent.
    os.setpgid(0, 0)
    _prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        _exit(1)
    _prctl(_DUMPABLE, 1)
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if "numpy" in sys.modules:
        # Else each run would draw the same numbers.
        sys.modules["numpy"].random.seed()


def _limit(limits: dict[str, int]) -> None:
    _lower(resource.RLIMIT_NOFILE, limits["files"])
    if os.getuid():
        # Counted for the user, not for this process: so many more than there are. It does not bind root.
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
