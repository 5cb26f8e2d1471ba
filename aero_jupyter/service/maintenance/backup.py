"""Backup, restore and garbage collection of a local AERO."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import json
import os
import re
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from aero_jupyter._version import __version__
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.service.maintenance import home_folder
from aero_jupyter.service.storage.content import sha256_of
from aero_jupyter.service.storage.database import SCHEMA_VERSION, Store
from aero_jupyter.service.storage.store_identity import missing_tables
from aero_jupyter.service.storage.stored_content import (
    SUFFIX,
    compact_path_of,
    hash_of_stored,
    is_stored,
    path_of,
    read_index,
)

_ABOUT, STORE_NAME = "about.json", "aero.db"
_PART = re.compile(
    rf"{re.escape(_ABOUT)}|{re.escape(STORE_NAME)}|content/([0-9a-f]{{2}})/\1[0-9a-f]{{62}}({re.escape(SUFFIX)})?"
)
_CURE = "Run: aero-jupyter local check"


def backup(home: Path, file: Path) -> int:
    """Copy a consistent snapshot of the store and its content into a tar file; return the number of content files.

    The local AERO may run: SQLite's online backup copies the store, and content never changes.

    Raises
    ------
    InvalidArgument
        If there is nothing to copy, or if the file exists or cannot be written.
    """
    if not (home / STORE_NAME).exists():
        raise InvalidArgument(f"There is no local AERO in {home}.", "Start it first.")
    if file.exists():
        raise InvalidArgument(f"{file} exists already.", "Choose another file.")
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        home_folder.remove_abandoned_parts(file)
        # The backup contains all datasets and the code of all functions.
        with (
            home_folder.operation_lock(home, "backup"),
            open(part, "xb", opener=_open_private) as written,
            tarfile.open(fileobj=written, mode="w") as archive,
        ):
            fcntl.flock(written, fcntl.LOCK_EX)
            count = _write_archive(home, archive)
        part.replace(file)
    except sqlite3.Error as error:
        raise InvalidArgument(f"The store in {home} cannot be read: {error}.", _CURE) from None
    except OSError as error:
        raise InvalidArgument(f"{file} cannot be written: {error.strerror}.", "Choose another file.") from None
    finally:
        part.unlink(missing_ok=True)
    return count


def _write_archive(home: Path, archive: tarfile.TarFile) -> int:
    with tempfile.TemporaryDirectory(dir=home, prefix=home_folder.BACKUP) as temporary:
        copy = Path(temporary) / STORE_NAME
        _copy_database(home / STORE_NAME, copy)
        checksums = _stored_checksums(copy)
        made = datetime.now(timezone.utc).isoformat()
        about = {"aero_jupyter": __version__, "made": made, "store": sha256_of(copy)}
        _add_member(archive, _ABOUT, json.dumps(about).encode())
        archive.add(copy, STORE_NAME)
    # The operation lock excludes compaction, so that each content stays in its form.
    for path in _files_of(home / "content", checksums):
        archive.add(path, f"content/{path.parent.name}/{path.name}")
    return len(checksums)


def _files_of(content: Path, checksums: list[str]) -> Iterator[Path]:
    """Yield the files of contents, and of those that they were encoded against."""
    seen, left = set(checksums), list(reversed(checksums))
    while left:
        checksum = left.pop()
        path = path_of(content, checksum)
        if not path.is_file() and (compact := compact_path_of(content, checksum)).is_file():
            path = compact
            base = read_index(path).base
            if base is not None and base not in seen:
                seen.add(base)
                left.append(base)
        yield path


def restore(home: Path, file: Path) -> int:
    """Restore a backup into a folder without an intact local AERO; return the number of content files.

    The folder is locked throughout. The remains of a damaged local AERO are moved aside. Unfinished runs start again.

    Raises
    ------
    InvalidArgument
        If the folder holds a local AERO, or if the file is no backup or is damaged.
    """
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        home.chmod(0o700)
        with home_folder.exclusive_use(home, "restore"), tarfile.open(file) as archive:
            home_folder.require_no_store(home)
            with tempfile.TemporaryDirectory(dir=home, prefix=home_folder.RESTORE) as temporary:
                made = Path(temporary)
                # This folder is created first: a restore folder without it shows that the content was moved already.
                (made / "content").mkdir()
                checksums = _extract_archive(archive, made, file)
                for path in made.rglob("*"):
                    path.chmod(0o700 if path.is_dir() else 0o600)
                home_folder.move_store_aside(home)
                # The store is moved last: without a store, the folder is not in use.
                for name in ("content", STORE_NAME):
                    (made / name).replace(home / name)
                home_folder.flush_to_disk(home)
    except (tarfile.TarError, OSError, sqlite3.Error, RuntimeError, ValueError) as error:
        if isinstance(error, InvalidArgument):
            raise
        raise InvalidArgument(f"{file} is not a backup of a local AERO: {error}.", "Choose another file.") from None
    return len(checksums)


def _extract_archive(archive: tarfile.TarFile, target: Path, file: Path) -> list[str]:
    """Extract the parts of a backup and verify their checksums; return the checksums of the content."""
    found = {member.name: _extract_member(archive, member, target / member.name) for member in archive}
    about = parse_json((target / _ABOUT).read_bytes()) if _ABOUT in found else {}
    if not isinstance(about, dict):
        raise ValueError(f"{_ABOUT} is not a JSON object")
    store_checksum = about.get("store")
    content, checksums = target / "content", _stored_checksums(target / STORE_NAME)
    plain = {f"content/{name[:2]}/{name}": name for name in (path.rpartition("/")[2] for path in found)}
    # An older backup does not contain the checksum of its store.
    expected = {**plain, STORE_NAME: store_checksum or found.get(STORE_NAME), _ABOUT: found.get(_ABOUT)}
    wrong = [name for name, sha in found.items() if not name.endswith(SUFFIX) and sha != expected[name]]
    wrong += [name for name in found if name.endswith(SUFFIX) and not _is_decoded(content, name)]
    if wrong:
        raise InvalidArgument(
            f"{file} is damaged: the content {wrong[0]} does not match its checksum.", "Use another backup."
        )
    missing = [checksum for checksum in checksums if not is_stored(content, checksum)]
    if missing:
        raise InvalidArgument(f"{file} lacks {len(missing)} contents.", "Use another backup.")
    with contextlib.closing(sqlite3.connect(target / STORE_NAME)) as store:
        _require_intact(store)
    return checksums


def _is_decoded(content: Path, name: str) -> bool:
    """Return whether a compact form is decoded to the content that its name states."""
    checksum = name.rpartition("/")[2].removesuffix(SUFFIX)
    with contextlib.suppress(OSError):
        return hash_of_stored(content, checksum, is_compact=True) == checksum
    return False


def _require_intact(store: sqlite3.Connection) -> None:
    """Raise if a copy is not an intact store, or has a newer format."""
    for reason in (*missing_tables(store), *(row[0] for row in store.execute("PRAGMA quick_check(1)"))):
        if reason != "ok":
            raise ValueError(reason)
    if int(store.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()[0]) > SCHEMA_VERSION:
        raise ValueError("it was written by a newer aero_jupyter")
    store.execute("PRAGMA journal_mode = DELETE")


def _extract_member(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> str:
    """Extract one part and return its sha256."""
    source = archive.extractfile(member) if _PART.fullmatch(member.name) and member.isfile() else None
    if source is None:
        raise tarfile.TarError(f"{member.name} does not belong in a backup")
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with path.open("xb") as file:
        while chunk := source.read(1 << 20):
            file.write(chunk)
            digest.update(chunk)
    return digest.hexdigest()


def open_store(path: Path, *, migrate: bool = True) -> Store:
    """Open the store; raise a refusal in place of the error of a damaged one."""
    try:
        return Store(path, migrate=migrate)
    except (RuntimeError, sqlite3.Error) as error:
        raise InvalidArgument(f"The store in {path.parent} cannot be read: {error}", _CURE) from None


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _copy_database(source: Path, target: Path) -> None:
    with _open_database(source) as reading, _open_database(target) as writing:
        reading.backup(writing)


def _stored_checksums(store: Path) -> list[str]:
    with _open_database(store) as reading:
        return [str(row[0]) for row in reading.execute("SELECT DISTINCT checksum FROM file ORDER BY checksum")]


@contextlib.contextmanager
def _open_database(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, timeout=30)
    try:
        yield connection
    finally:
        connection.close()


def _add_member(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime = len(content), int(time.time())
    archive.addfile(entry, io.BytesIO(content))
