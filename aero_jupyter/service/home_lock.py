"""Locks on the folder of the local AERO: each is held by one process, released with it, and names its holder."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aero_jupyter.core.errors import LocalServiceFailed
from aero_jupyter.core.safe_parsing import parse_json

#: Seconds between two attempts to take a lock that another process holds.
_RETRY_SECONDS = 0.05
#: Error numbers of a file system without locks.
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
#: The purpose of a lock that the service itself holds.
SERVICE = "service"


@dataclass(frozen=True)
class Holder:
    """The process that holds a lock; `pid` is None if the holder is not recorded."""

    pid: int | None = None
    purpose: str = SERVICE


class Held(Exception):
    """The error for a lock that another process holds."""

    def __init__(self, holder: Holder) -> None:
        super().__init__(f"process {holder.pid or 'unknown'} ({holder.purpose})")
        self.holder = holder


def service_lock(home: Path) -> Path:
    """Return the lock for writing in the folder, held by the service, a restore or a rebuild."""
    return home / "service.lock"


def operation_lock(home: Path) -> Path:
    """Return the lock for operations on the stored content, such as a backup or compaction."""
    return home / "keeping.lock"


@contextlib.contextmanager
def exclusive(path: Path, purpose: str, timeout: float = 0.0) -> Iterator[None]:
    """Hold an exclusive lock.

    Raises
    ------
    Held
        If another process still holds the lock after `timeout` seconds.
    LocalServiceFailed
        If the file system has no locks.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        deadline = time.monotonic() + timeout
        while not _lock(descriptor, fcntl.LOCK_EX, path):
            if time.monotonic() >= deadline:
                raise Held(_recorded(descriptor))
            time.sleep(_RETRY_SECONDS)
        _record(descriptor, Holder(os.getpid(), purpose))
        yield
    finally:
        # Closing alone would leave the lock to a child process forked meanwhile.
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def holder(path: Path) -> Holder | None:
    """Return the process that holds a lock; None if the lock is free."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        # The lock is shared, so that two processes that check do not mistake each other for the holder.
        if not _lock(descriptor, fcntl.LOCK_SH, path):
            return _recorded(descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        return None
    finally:
        os.close(descriptor)


def _lock(descriptor: int, kind: int, path: Path) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        raise LocalServiceFailed(
            f"The file system of {path.parent} has no file locks ({error.strerror}).",
            "Set AERO_HOME to a folder on a local disk.",
        ) from None
    return True


def _record(descriptor: int, holder: Holder) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps({"pid": holder.pid, "purpose": holder.purpose}).encode(), 0)


def _recorded(descriptor: int) -> Holder:
    with contextlib.suppress(ValueError, TypeError):
        found = parse_json(os.pread(descriptor, 4096, 0))
        if isinstance(found, dict) and type(found.get("pid")) is int and found["pid"] > 0:
            return Holder(found["pid"], str(found.get("purpose")))
    return Holder()
