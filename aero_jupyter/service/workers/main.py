"""The worker process: receives one task after another from its parent and executes each in a child process.

A task is one line of JSON. Its answer is one line too: the task's mark, the exit status of the child, the versions of
Python and of packages, and the child's result. User code runs only in the child, so its changes to the process end with the task, as does everything it
started. `workers.Worker` starts this module, which imports next to nothing of this package.
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

from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.service.workers.package_versions import PackageVersions, imported_names
from aero_jupyter.service.workers.task import CODE, WARM, compile_once, execute_runtime, perform, serialize_answer

#: Seconds between two checks of a child that has closed its pipe.
_CHECK_SECONDS = 0.05
#: Signals that the worker ignores, because a child may send them to its parent by accident.
_SIGNALS = tuple(getattr(signal, f"SIG{name}") for name in ("TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "ALRM"))
#: Option numbers of Linux's prctl.
_DIE_WITH_PARENT, _DUMPABLE, _ADOPT_ORPHANS = 1, 4, 36
# Bound before any user code runs, because user code may replace these functions.
_write, _exit, _getpid = os.write, os._exit, os.getpid


def main() -> None:
    """Execute tasks until the service ends."""
    limits = parse_json(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    _prctl(_ADOPT_ORPHANS, 1)
    disable_ptrace()
    tasks, answers = own_channels()
    import requests  # noqa: F401  warm: every task speaks HTTP

    versions = PackageVersions()
    while line := tasks.readline():
        task = parse_json(line)
        # Before packages are imported in advance, so that a package that was replaced meanwhile is noticed.
        environment = _environment(task, versions)
        _prepare(task)
        # Frozen objects are not touched by a child's garbage collector, and so their pages are not copied.
        gc.freeze()
        try:
            status, answer = _in_child(task, limits, (tasks, answers))
        except OSError as error:
            status, answer = 0, _refusal(error)
        answers.write(f"{task['mark']} {status} {environment} ".encode() + answer + b"\n")
        answers.flush()


def _refusal(error: OSError) -> bytes:
    """Return the answer of a task for which no process could be started."""
    text = f"No process could be started for the function: {error.strerror}."
    return serialize_answer({"ok": False, "error": text, "traceback": "", "warm": []}).rstrip(b"\n")


def _environment(task: dict[str, Any], versions: PackageVersions) -> str:
    """Return the environment of a task as JSON without spaces."""
    imports = imported_names(task["digest"], task["code"]) if task.get("code") else frozenset()
    return json.dumps(versions.environment(imports), separators=(",", ":")).replace(" ", "\\u0020")


def disable_ptrace() -> None:
    """Prevent other processes of this user from reading the environment, descriptors and memory (Linux only)."""
    _prctl(_DUMPABLE, 0)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def own_channels() -> tuple[BinaryIO, BinaryIO]:
    """Move the protocol off descriptors 0 and 1, which user code reads and writes."""
    tasks, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    return tasks, answers


def _prepare(task: dict[str, Any]) -> None:
    """Do the work common to all children once before the fork; no user code runs."""
    if "runtime" in task:
        execute_runtime(task["runtime"])
    # If the code is not valid Python, the child reports the error.
    with contextlib.suppress(Exception):
        if "code" in task and task["digest"] not in CODE:
            _import({each for each in _names_at_top(task["code"]) if each.partition(".")[0] in sys.stdlib_module_names})
            compile_once(task["digest"], task["code"])
    if "buffer" in task or "function" in task:
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
    """Execute a task in a child process; return its exit status, and the line it wrote or nothing."""
    reader, writer = os.pipe()
    try:
        parent, child = os.getpid(), os.fork()
    except OSError:
        os.close(reader)
        os.close(writer)
        raise
    if not child:
        for descriptor in (reader, *(channel.fileno() for channel in channels)):
            os.close(descriptor)
        _serve(task, limits, parent, writer)
    os.close(writer)
    try:
        return _collect(child, reader, channels[0].fileno(), limits["result"])
    finally:
        os.close(reader)
        _kill_leftovers(child)


def _collect(child: int, reader: int, tasks: int, most: int) -> tuple[int, bytes]:
    answer, speaks = bytearray(), True
    while b"\n" not in answer and len(answer) <= most:
        ready = select.select([reader, tasks] if speaks else [tasks], [], [], _CHECK_SECONDS)[0]
        if tasks in ready:
            # The service has ended: only then does its pipe become readable, and the run starts again elsewhere.
            _kill_leftovers(child)
            os._exit(0)
        if reader in ready:
            chunk = os.read(reader, 1 << 16)
            answer, speaks = answer + chunk, bool(chunk)
        if reader not in ready or not speaks:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status), b""
    return 0, bytes(answer.partition(b"\n")[0])


def _kill_leftovers(child: int) -> None:
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


def _serve(task: dict[str, Any], limits: dict[str, int], parent: int, writer: int) -> NoReturn:
    """Execute a task, write its answer, and exit."""
    me, status = _getpid(), 1
    try:
        _initialize_child(parent)
        _limit(limits)
        line = serialize_answer(perform(task))
        # A process that user code forked from this one must not write the answer.
        while line and _getpid() == me:
            line = line[_write(writer, line) :]
        status = 0
    finally:
        _exit(status)


def _initialize_child(parent: int) -> None:
    # In a group of its own, so that signals to the group do not reach the parent.
    os.setpgid(0, 0)
    _prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        _exit(1)
    _prctl(_DUMPABLE, 1)
    for each in _SIGNALS:
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
