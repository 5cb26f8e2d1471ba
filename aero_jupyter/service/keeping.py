"""A local AERO copied, brought back, and rid of what nothing points to."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

from aero_jupyter._version import __version__
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.service.content import path_of, sha256_of
from aero_jupyter.service.flows import OPEN
from aero_jupyter.service.store import DB, Store, stamp

#: Seconds that content without a version is left alone: a run that is under way may still commit it.
FRESH = 86_400.0
#: Days for which the log of a run is kept.
LOGS_DAYS = 90
_ABOUT, _STORE = "about.json", "aero.db"
_PART = re.compile(rf"{re.escape(_ABOUT)}|{re.escape(_STORE)}|content/([0-9a-f]{{2}})/\1[0-9a-f]{{62}}")
_CURE = "See: aero-jupyter local check"


def backup(home: Path, file: Path) -> int:
    """Copy the store and the content, as they are at one moment, into a tar file; give how many contents.

    The local AERO may run: the store is copied by SQLite's own online backup, and content never changes.

    Raises
    ------
    InvalidArgument
        If there is nothing to copy, or the file exists or cannot be written.
    """
    if not (home / _STORE).exists():
        raise InvalidArgument(f"There is no local AERO in {home}.", "Start it first.")
    if file.exists():
        raise InvalidArgument(f"{file} exists already.", "Name another file.")
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        # It holds all data, and the code of all functions.
        with (
            _alone(home),
            open(part, "xb", opener=_private) as written,
            tarfile.open(fileobj=written, mode="w") as archive,
        ):
            count = _write(home, archive)
        part.replace(file)
    except sqlite3.Error as error:
        raise InvalidArgument(f"The store in {home} cannot be read: {error}.", _CURE) from None
    except OSError as error:
        raise InvalidArgument(f"{file} cannot be written: {error.strerror}.", "Name another file.") from None
    finally:
        part.unlink(missing_ok=True)
    return count


def _write(home: Path, archive: tarfile.TarFile) -> int:
    with tempfile.TemporaryDirectory(prefix="aero-backup-") as folder:
        copy = Path(folder) / _STORE
        _copy(home / _STORE, copy)
        checksums = _checksums(copy)
        made = datetime.now(timezone.utc).isoformat()
        about = {"aero_jupyter": __version__, "made": made, "store": sha256_of(copy)}
        _add(archive, _ABOUT, json.dumps(about).encode())
        archive.add(copy, _STORE)
    for checksum in checksums:
        archive.add(path_of(home / "content", checksum), f"content/{checksum[:2]}/{checksum}")
    return len(checksums)


def restore(home: Path, file: Path) -> int:
    """Bring a backup back into a folder that holds no local AERO yet; give how many contents.

    Runs that were under way when it was made begin anew.

    Raises
    ------
    InvalidArgument
        If the folder holds a local AERO, or the file is no backup, or not as it was made.
    """
    if (home / _STORE).exists() or any(home.glob("content/*/*")):
        raise InvalidArgument(
            f"{home} holds a local AERO already.", "Set AERO_HOME to an empty folder, or move that one away."
        )
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        home.chmod(0o700)
        with tempfile.TemporaryDirectory(dir=home, prefix="restoring-") as folder, tarfile.open(file) as archive:
            made = Path(folder)
            checksums = _read(archive, made, file)
            (made / "content").mkdir(exist_ok=True)
            for path in made.rglob("*"):
                path.chmod(0o700 if path.is_dir() else 0o600)
            with contextlib.suppress(FileNotFoundError):
                (home / "content").rmdir()
            for name in ("content", _STORE):
                (made / name).replace(home / name)
    except (tarfile.TarError, OSError, sqlite3.Error, RuntimeError, ValueError) as error:
        raise InvalidArgument(f"{file} is no backup of a local AERO: {error}.", "Name another file.") from None
    return len(checksums)


def _read(archive: tarfile.TarFile, folder: Path, file: Path) -> list[str]:
    """Take out what belongs into a backup, and hold each part against its checksum; give those of the content."""
    found = {member.name: _extracted(archive, member, folder / member.name) for member in archive}
    told = json.loads((folder / _ABOUT).read_text()).get("store") if _ABOUT in found else None
    names = {f"content/{checksum[:2]}/{checksum}": checksum for checksum in _checksums(folder / _STORE)}
    # A backup of before does not tell the checksum of its store.
    wrong = [name for name, sha in found.items() if sha != {**names, _STORE: told or sha, _ABOUT: sha}.get(name, sha)]
    if wrong:
        raise InvalidArgument(f"{file} is damaged: {wrong[0]} holds other bytes.", "Take another backup.")
    missing = set(names) - set(found)
    if missing:
        raise InvalidArgument(f"{file} lacks {len(missing)} contents.", "Take another backup.")
    Store(folder / _STORE)
    return list(names.values())


def _extracted(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> str:
    """Write one part while its sha256 is made; give that."""
    source = archive.extractfile(member) if _PART.fullmatch(member.name) and member.isfile() else None
    if source is None:
        raise tarfile.TarError(f"{member.name} does not belong into one")
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with path.open("xb") as file:
        while chunk := source.read(1 << 20):
            file.write(chunk)
            digest.update(chunk)
    return digest.hexdigest()


def gc(home: Path, fresh: float = FRESH) -> tuple[int, int]:
    """Remove content that no version points to; give how many contents, and their bytes.

    With it goes what a crash left in the folders for what is under way, and the logs of tasks, and of runs that ended
    long ago. What is younger than `fresh` seconds is left alone. The local AERO may run.

    Raises
    ------
    InvalidArgument
        If the store cannot be read, and so does not tell what is kept.
    """
    if not (home / _STORE).exists():
        return 0, 0
    removed, size = 0, 0
    old = time.time() - fresh
    # No upload is published while this transaction stands.
    with _alone(home), _store(home).transaction() as db:
        kept = "SELECT v.file_name FROM version v WHERE v.file_name IS NOT NULL"
        before = stamp(datetime.fromtimestamp(old, timezone.utc))
        db.run(f"DELETE FROM file WHERE created_at < ? AND name NOT IN ({kept})", (before,))
        wanted = {row["checksum"] for row in db.rows("SELECT DISTINCT checksum FROM file")}
        for path in (home / "content").glob("*/*"):
            if path.name not in wanted and path.stat().st_mtime < old:
                size += path.stat().st_size
                removed += 1
                path.unlink()
        _sweep(db, home, old)
    return removed, size


def _sweep(db: DB, home: Path, old: float) -> None:
    open_ones = {row["id"] for row in db.rows(f"SELECT id FROM run WHERE state IN {OPEN}")}
    open_ones |= {row["id"] for row in db.rows("SELECT id FROM task WHERE completed_at IS NULL")}
    recent = {row["id"] for row in db.rows("SELECT id FROM run WHERE ended_at IS NULL OR ended_at > ?", (_long_ago(),))}
    for pattern, kept in (("work/*", open_ones), ("tmp/*", set()), ("runs/*.log", open_ones | recent)):
        for path in home.glob(pattern):
            # What ends right now takes its own away.
            with contextlib.suppress(FileNotFoundError):
                if path.stem not in kept and path.lstat().st_mtime < old:
                    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _long_ago() -> str:
    return stamp(datetime.now(timezone.utc) - timedelta(days=LOGS_DAYS))


def _store(home: Path) -> Store:
    try:
        return Store(home / _STORE)
    except (RuntimeError, sqlite3.Error) as error:
        raise InvalidArgument(f"The store in {home} cannot be read: {error}", _CURE) from None


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Let content stay where it is while it is copied: a backup and a removal wait for each other."""
    with open(home / "keeping.lock", "ab", opener=_private) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _copy(source: Path, target: Path) -> None:
    with _opened(source) as reading, _opened(target) as writing:
        reading.backup(writing)


def _checksums(store: Path) -> list[str]:
    with _opened(store) as reading:
        return [str(row[0]) for row in reading.execute("SELECT DISTINCT checksum FROM file ORDER BY checksum")]


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, timeout=30)
    try:
        yield connection
    finally:
        connection.close()


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime = len(content), int(time.time())
    archive.addfile(entry, io.BytesIO(content))
