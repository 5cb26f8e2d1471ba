"""Descendants of a process: finding them, and killing them with everything they started."""

from __future__ import annotations

import contextlib
import os
import signal

import psutil

#: Maximum rounds of killing processes that were started during the previous round.
_ROUNDS = 1000


def descendants(pid: int) -> list[int]:
    """Return the descendants of a process, or the members of its session if the process is dead."""
    try:
        return [each.pid for each in psutil.Process(pid).children(recursive=True) if _runs(each)]
    except psutil.NoSuchProcess:
        return [each for each in psutil.pids() if _session(each) == pid]


def kill_tree(pid: int) -> None:
    """Kill the descendants of a process."""
    for _ in range(_ROUNDS):
        found = descendants(pid)
        if not found:
            return
        # Whole groups are killed first, so that no member forks meanwhile.
        for group in {_group(each) for each in found} - {_group(pid), os.getpgrp(), None}:
            _kill(-(group or 0))
        for each in found:
            _kill(each)


def kill_session(leader: int) -> None:
    """Kill the processes of the session of a process that has ended."""
    for _ in range(_ROUNDS):
        found = [each for each in psutil.pids() if each != leader and _session(each) == leader and _is_running(each)]
        if not found:
            return
        for each in found:
            _kill(each)


def _is_running(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return _runs(psutil.Process(pid))
    return False


def _runs(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False


def _kill(target: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(target, signal.SIGKILL)


def _group(pid: int) -> int | None:
    with contextlib.suppress(OSError):
        return os.getpgid(pid)
    return None


def _session(pid: int) -> int | None:
    with contextlib.suppress(OSError):
        return os.getsid(pid) if pid != os.getpid() else None
    return None
