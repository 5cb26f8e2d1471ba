"""The folder of the local AERO: exclusive access, removal of leftovers, and quarantine of damaged stores."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.service import home_lock
from aero_jupyter.service.storage.connection import stamp
from aero_jupyter.service.storage.store_identity import Damaged, content_count, require_store

#: Prefixes of the temporary folders of each operation.
RESTORE, BACKUP, REBUILD = "restoring-", "backing-up-", "rebuilding-"
#: Seconds to wait for a service that is ending, and for another operation.
_WAIT_SECONDS, _OPERATION_SECONDS = 2.0, 600.0
_OF_STORE = ("aero.db", "aero.db-wal", "aero.db-shm", "aero.db-journal")
_BESIDE_STORE = ("transactions",)


@contextlib.contextmanager
def operation_lock(home: Path, purpose: str) -> Iterator[None]:
    """Exclude other maintenance operations and remove leftovers of killed ones; the service may run."""
    try:
        with home_lock.exclusive(home_lock.operation_lock(home), purpose, _OPERATION_SECONDS):
            _remove_leftovers(home)
            yield
    except home_lock.Held as held:
        raise InvalidArgument(f"{held} uses {home}.", "Wait until it has ended, then try again.") from None


@contextlib.contextmanager
def exclusive_use(home: Path, purpose: str) -> Iterator[None]:
    """Exclude every other process, including the service, from writing in the folder.

    Raises
    ------
    InvalidArgument
        If the service runs or starts.
    """
    with operation_lock(home, purpose), contextlib.ExitStack() as stack:
        try:
            stack.enter_context(home_lock.exclusive(home_lock.service_lock(home), purpose, _WAIT_SECONDS))
        except home_lock.Held:
            raise InvalidArgument("The local AERO is running.", "Stop it with: aero-jupyter local stop") from None
        yield


@contextlib.contextmanager
def shared_use(home: Path, purpose: str) -> Iterator[None]:
    """Exclude every other operation; a running service continues, and a stopped service cannot start meanwhile."""
    with operation_lock(home, purpose), contextlib.ExitStack() as stack:
        with contextlib.suppress(home_lock.Held):
            stack.enter_context(home_lock.exclusive(home_lock.service_lock(home), purpose))
        yield


def require_no_store(home: Path) -> None:
    """Raise if a folder holds an intact local AERO."""
    store = home / "aero.db"
    _undo_restore(home)
    if not any((home / name).exists() for name in _OF_STORE) and not content_count(home):
        return
    with contextlib.suppress(Damaged):
        try:
            require_store(store)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            raise Damaged(str(error)) from None
        if store.exists() and store.stat().st_size:
            raise InvalidArgument(
                f"{home} contains a local AERO already.",
                "Set AERO_HOME to an empty folder, or move the existing one away.",
            )


def move_store_aside(home: Path, *, content: bool = True) -> Path | None:
    """Move the remains of a store into a new folder; return that folder, or None if nothing remained."""
    if content and (home / "content").is_dir() and not content_count(home):
        shutil.rmtree(home / "content")
    names = [
        name for name in (*_OF_STORE, *_BESIDE_STORE, *(("content",) if content else ())) if (home / name).exists()
    ]
    if not names:
        return None
    aside = home / f"aside-{stamp().replace(':', '')}"
    aside.mkdir(mode=0o700)
    for name in names:
        (home / name).replace(aside / name)
    return aside


def remove_abandoned_parts(file: Path) -> None:
    """Remove the partial files of killed backups; a backup in progress holds a lock on its file."""
    for part in file.parent.glob("*.part"):
        name = part.name.removesuffix(".part")
        if not name.startswith(f"{file.name}.") or not name.rpartition(".")[2].isdecimal():
            continue
        with contextlib.suppress(OSError), part.open("rb") as left:
            fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
            part.unlink()


def flush_to_disk(home: Path) -> None:
    """Flush the store and the content to disk."""
    for path in (*home.glob("content/*/*"), home / "aero.db", *home.glob("content/*"), *home.glob("content"), home):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _undo_restore(home: Path) -> None:
    """Undo a restore that was killed after its content but before its store was moved."""
    if (home / "aero.db").exists():
        return
    for left in home.glob(f"{RESTORE}*"):
        if (left / "aero.db").exists() and not (left / "content").exists() and (home / "content").exists():
            (home / "content").replace(left / "content")
            shutil.rmtree(left)


def _remove_leftovers(home: Path) -> None:
    _undo_restore(home)
    for prefix in (RESTORE, BACKUP, REBUILD):
        for left in home.glob(f"{prefix}*"):
            shutil.rmtree(left, ignore_errors=True)
