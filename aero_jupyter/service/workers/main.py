"""The worker process: receives one task after another from its parent and executes each in a child process.

A task is one line of JSON. Its answer is one line too: the task's mark, the exit status of the child, and the child's
result. User code runs only in the child, so its changes to the process end with the task, as does everything it
started. The child of the next task is forked as soon as a task has ended, so that no task waits for it.
`workers.Worker` starts this module, which imports next to nothing of this package.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import os
import resource
import signal
import sys
from typing import Any, BinaryIO

from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.service.workers.task import CODE, WARM, compile_once, execute_runtime, serialize_answer
from aero_jupyter.service.workers.task_process import IGNORED_SIGNALS, TaskProcess, adopt_orphans, disable_ptrace


def main() -> None:
    """Execute tasks until the service ends."""
    limits = parse_json(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for each in IGNORED_SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    adopt_orphans()
    disable_ptrace()
    tasks, answers = own_channels()
    import requests  # noqa: F401  warm: every task speaks HTTP

    spare: TaskProcess | None = None
    while line := tasks.readline():
        task = parse_json(line)
        try:
            if _load_packages(task) and spare is not None:
                spare.end()
                spare = None
            forked, spare = spare, None
            process = _started(line, limits, (tasks, answers), forked)
            _prepare_code(task)
            status, answer = process.answer(tasks.fileno())
        except OSError as error:
            status, answer = 0, _refusal(error)
        answers.write(f"{task['mark']} {status} ".encode() + answer + b"\n")
        answers.flush()
        with contextlib.suppress(OSError):
            spare = TaskProcess(limits, (tasks, answers))


def _started(
    line: bytes, limits: dict[str, int], channels: tuple[BinaryIO, ...], forked: TaskProcess | None
) -> TaskProcess:
    """Return the process that has received the task: the one forked before, unless something has ended it."""
    if forked is not None:
        with contextlib.suppress(BrokenPipeError):
            forked.send(line)
            return forked
    process = TaskProcess(limits, channels)
    process.send(line)
    return process


def _refusal(error: OSError) -> bytes:
    """Return the answer of a task for which no process could be started."""
    text = f"No process could be started for the function: {error.strerror}."
    return serialize_answer({"ok": False, "error": text, "traceback": "", "warm": []}).rstrip(b"\n")


def own_channels() -> tuple[BinaryIO, BinaryIO]:
    """Move the protocol off descriptors 0 and 1, which user code reads and writes."""
    tasks, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    return tasks, answers


def _load_packages(task: dict[str, Any]) -> bool:
    """Load what a task and later ones need and what takes long; return whether anything was new."""
    if "runtime" in task:
        execute_runtime(task["runtime"])
    names = {"globus_compute_sdk.serialize"} if "buffer" in task or "function" in task else set()
    if sys.platform == "linux":
        names |= {*task["warm"]} & {*WARM}
    return _import(names) or "runtime" in task


def _prepare_code(task: dict[str, Any]) -> None:
    """Compile the code of a task for later tasks, and import the packages that it names; no user code runs."""
    # If the code is not valid Python, the child reports the error.
    with contextlib.suppress(Exception):
        if "code" in task and task["digest"] not in CODE:
            _import({each for each in _names_at_top(task["code"]) if each.partition(".")[0] in sys.stdlib_module_names})
            compile_once(task["digest"], task["code"])


def _names_at_top(code: str) -> set[str]:
    statements = ast.parse(code).body
    plain = {each.name for part in statements if isinstance(part, ast.Import) for each in part.names}
    return plain | {part.module or "" for part in statements if isinstance(part, ast.ImportFrom)}


def _import(names: set[str]) -> bool:
    """Import packages; return whether any was new."""
    new = names - sys.modules.keys()
    for name in new:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    return bool(new & sys.modules.keys())
