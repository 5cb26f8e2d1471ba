"""The worker process: it takes one task after another from its parent, and runs user code nowhere else.

Run as a script by `workers.Worker`, so it imports nothing of this package. One line of JSON in, one line out, on
descriptors of its own: what the task prints goes to the task's log.
"""

from __future__ import annotations

import json
import os
import queue
import resource
import signal
import sys
import threading
import traceback
from types import CodeType
from typing import Any, BinaryIO

_CODE: dict[str, CodeType] = {}


def main() -> None:
    """Serve tasks until the service goes away."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _keep()
    tasks, answers = _own_channels()
    _limit(json.loads(sys.argv[1]))
    import requests  # noqa: F401  warm: every task speaks HTTP

    inbox: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(tasks, inbox), daemon=True).start()
    answers.write(json.dumps({"group": os.getpgrp()}).encode() + b"\n")
    while True:
        answers.write(_line(_perform(inbox.get())))


def _keep() -> None:
    """Let a child do the work and end as it ends: the parent that user code may signal is not the service."""
    child = os.fork()
    if not child:
        # A group of its own: it can be ended with all it started, and its parent lives to see it.
        os.setpgid(0, 0)
        return
    for descriptor in (0, 1):
        os.close(descriptor)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _own_channels() -> tuple[BinaryIO, BinaryIO]:
    """Move the protocol off descriptors 0 and 1, where user code could read or write it."""
    tasks, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    return tasks, answers


def _limit(limits: dict[str, int]) -> None:
    _lower(resource.RLIMIT_NOFILE, limits["files"])
    # Counted for the user, not for this process: so many more than there are.
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


def _read(tasks: BinaryIO, inbox: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in tasks:
        inbox.put(json.loads(line))
    # The service is gone: nobody will take the answer, and the run starts again elsewhere.
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _line(answer: dict[str, Any]) -> bytes:
    try:
        return json.dumps(answer).encode() + b"\n"
    except (TypeError, ValueError):
        sentence = f"The result is a {type(answer['value']).__name__}, which JSON cannot hold."
        return json.dumps({"ok": False, "error": sentence, "traceback": ""}).encode() + b"\n"


def _perform(task: dict[str, Any]) -> dict[str, Any]:
    environ, folder = dict(os.environ), os.getcwd()
    log = os.open(task["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    spare = os.dup(1), os.dup(2)
    try:
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.chdir(task["cwd"])
        return {"ok": True, "value": _call(task)}
    except BaseException as error:
        return {"ok": False, "error": _sentence(error), "traceback": _story(error)}
    finally:
        _restore(environ, folder, log, spare)


def _restore(environ: dict[str, str], folder: str, log: int, spare: tuple[int, int]) -> None:
    for stream in (sys.stdout, sys.stderr):
        if not stream.closed:
            stream.flush()
    for descriptor, kept in zip((1, 2), spare, strict=True):
        os.dup2(kept, descriptor)
        os.close(kept)
    os.close(log)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)


def _story(error: BaseException) -> str:
    """The traceback from the user's own cell on; whole where none of it is in a cell."""
    place = error.__traceback__
    while place is not None and not place.tb_frame.f_code.co_filename.startswith("<cell "):
        place = place.tb_next
    return "".join(traceback.format_exception(type(error), error, place or error.__traceback__))


def _sentence(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"The function called sys.exit({error.code})."
    if type(error).__name__ == "AeroJobError":
        return str(error)
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _call(task: dict[str, Any]) -> Any:
    if "buffer" in task:
        return _call_serialized(task)
    names: dict[str, Any] = {"__name__": "aero_task"}
    exec(_compiled(task["digest"], task["code"]), names)  # noqa: S102  this process exists to run it
    return names[task["name"]](*task["args"], **task["kwargs"])


def _compiled(digest: str, code: str) -> CodeType:
    if digest not in _CODE:
        _CODE.clear() if len(_CODE) > 200 else None
        _CODE[digest] = compile(code, f"<function {digest[:8]}>", "exec")
    return _CODE[digest]


def _call_serialized(task: dict[str, Any]) -> str:
    """Run a task as the Compute SDK wrote it, and answer as it wants to read it."""
    from globus_compute_sdk.serialize import ComputeSerializer

    serializer = ComputeSerializer()
    function, args, kwargs = serializer.unpack_and_deserialize(task["buffer"])
    if isinstance(kwargs.get("aero"), dict):
        # As an endpoint elsewhere finds its own: neither the address nor the token comes with the task.
        kwargs["aero"] |= task["place"]
    return str(serializer.serialize_from_list(function(*args, **kwargs), task["result_serializers"] or ()))


if __name__ == "__main__":
    main()
