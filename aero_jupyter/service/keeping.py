"""A local AERO copied, brought back, and rid of what nothing points to."""

from __future__ import annotations

import contextlib
import io
import json
import os
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
from aero_jupyter.service.content import path_of
from aero_jupyter.service.flows import OPEN
from aero_jupyter.service.store import DB, Store, stamp

#: Seconds that content without a version is left alone: a run that is under way may still commit it.
FRESH = 86_400.0
#: Days for which the log of a run is kept.
LOGS_DAYS = 90
_ABOUT, _STORE = "about.json", "aero.db"


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
        with tempfile.TemporaryDirectory(prefix="aero-backup-") as folder, tarfile.open(part, "x") as archive:
            copy = Path(folder) / _STORE
            _copy(home / _STORE, copy)
            about = {"aero_jupyter": __version__, "made": datetime.now(timezone.utc).isoformat()}
            _add(archive, _ABOUT, json.dumps(about).encode())
            archive.add(copy, _STORE)
            checksums = _checksums(copy)
            for checksum in checksums:
                archive.add(path_of(home / "content", checksum), f"content/{checksum[:2]}/{checksum}")
        part.replace(file)
    except OSError as error:
        raise InvalidArgument(f"{file} cannot be written: {error.strerror}.", "Name another file.") from None
    finally:
        part.unlink(missing_ok=True)
    return len(checksums)


def restore(home: Path, file: Path) -> int:
    """Bring a backup back into a folder that holds no local AERO yet; give how many contents.

    Runs that were under way when it was made begin anew.

    Raises
    ------
    InvalidArgument
        If the folder holds a local AERO, or the file is no backup.
    """
    if (home / _STORE).exists():
        raise InvalidArgument(
            f"{home} holds a local AERO already.", "Set AERO_HOME to an empty folder, or move that one away."
        )
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with tempfile.TemporaryDirectory(dir=home, prefix="restoring-") as folder, tarfile.open(file) as archive:
            # The filter refuses what would be written elsewhere.
            archive.extractall(folder, filter="data")
            made = Path(folder)
            Store(made / _STORE)
            checksums = _checksums(made / _STORE)
            missing = [each for each in checksums if not path_of(made / "content", each).is_file()]
            if missing:
                raise InvalidArgument(f"{file} lacks {len(missing)} contents.", "Take another backup.")
            (made / "content").mkdir(exist_ok=True)
            for name in ("content", _STORE):
                (made / name).replace(home / name)
    except (tarfile.TarError, OSError, sqlite3.Error, KeyError) as error:
        raise InvalidArgument(f"{file} is no backup of a local AERO: {error}.", "Name another file.") from None
    return len(checksums)


def gc(home: Path, fresh: float = FRESH) -> tuple[int, int]:
    """Remove content that no version points to; give how many contents, and their bytes.

    With it goes what a crash left in the folders for what is under way, and the logs of tasks, and of runs that ended
    long ago. What is younger than `fresh` seconds is left alone. The local AERO may run.
    """
    if not (home / _STORE).exists():
        return 0, 0
    store, removed, size = Store(home / _STORE), 0, 0
    old = time.time() - fresh
    # No upload is published while this transaction stands.
    with store.transaction() as db:
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
