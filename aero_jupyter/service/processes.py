"""Processes below another one: found, and ended with all they started."""

from __future__ import annotations

import contextlib
import os
import signal

import psutil

#: Times that processes are looked for which came while others were being ended.
_ROUNDS = 1000


def below(pid: int) -> list[int]:
    """What runs below a process, and what its session still holds once it is dead."""
    try:
        return [each.pid for each in psutil.Process(pid).children(recursive=True) if _runs(each)]
    except psutil.NoSuchProcess:
        return [each for each in psutil.pids() if _session(each) == pid]


def end_below(pid: int) -> None:
    """End what runs below a process."""
    for _ in range(_ROUNDS):
        found = below(pid)
        if not found:
            return
        # A group at a time: none of it forks meanwhile.
        for group in {_group(each) for each in found} - {_group(pid), os.getpgrp(), None}:
            _kill(-(group or 0))
        for each in found:
            _kill(each)


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
