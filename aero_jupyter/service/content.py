"""The bytes: hashed while they flow to disk, published by one rename, addressed by checksum."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from aero_jupyter.service.store import Refused, Store, new_id, stamp

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}")
_CHUNK = 1 << 20


class Content:
    """The local collection.

    Parameters
    ----------
    store : Store
    home : Path
        Its folder holds ``content`` and ``tmp``.
    """

    def __init__(self, store: Store, home: Path) -> None:
        self._store = store
        self._content, self._tmp = home / "content", home / "tmp"
        self._content.mkdir(exist_ok=True)
        # What a crash left half written belongs to nobody: only one service uses this folder.
        shutil.rmtree(self._tmp, ignore_errors=True)
        self._tmp.mkdir()

    async def put(self, collection: str, name: str, chunks: AsyncIterator[bytes]) -> tuple[str, int]:
        """Keep a file under a new name; give its sha256 and its size in bytes."""
        self._require(collection, name)
        path, digest, size = self._tmp / new_id(), hashlib.sha256(), 0
        try:
            with path.open("wb") as file:
                async for chunk in chunks:
                    file.write(chunk)
                    digest.update(chunk)
                    size += len(chunk)
                file.flush()
                os.fsync(file.fileno())
            self._publish(collection, name, path, digest.hexdigest(), size)
        finally:
            path.unlink(missing_ok=True)
        return digest.hexdigest(), size

    def _publish(self, collection: str, name: str, path: Path, checksum: str, size: int) -> None:
        target = self._path(checksum)
        target.parent.mkdir(exist_ok=True)
        # In one transaction with the name, so that nobody clears away what is about to be named.
        with self._store.transaction() as db:
            if not target.exists():
                path.replace(target)
                _sync(target.parent)
            known = db.value("SELECT checksum FROM file WHERE collection = ? AND name = ?", (collection, name))
            if known is None:
                db.insert("file", collection=collection, name=name, checksum=checksum, size=size, created_at=stamp())
            elif known != checksum:
                raise Refused(409, f"The file {name} exists already, and published content is never overwritten.")

    def find(self, collection: str, name: str) -> tuple[Path, str, int]:
        """Give the path, sha256 and size of a file; 404 otherwise."""
        self._require(collection, name)
        row = self._store.db.row("SELECT * FROM file WHERE collection = ? AND name = ?", (collection, name))
        if row is None:
            raise Refused(404, f"There is no file {name} in this collection.")
        path = self._path(row["checksum"])
        if path.is_symlink() or not path.is_file():
            raise Refused(404, f"The content of {name} is missing.", "See: aero-jupyter local check")
        return path, row["checksum"], row["size"]

    def _path(self, checksum: str) -> Path:
        return path_of(self._content, checksum)

    def _require(self, collection: str, name: str) -> None:
        if collection != self._store.collection:
            raise Refused(404, f"There is no collection {collection} here.")
        if not _NAME.fullmatch(name):
            raise Refused(422, "A file name has letters, digits, dots, dashes and underscores.")


def path_of(content: Path, checksum: str) -> Path:
    """Where the bytes of a sha256 are kept."""
    return content / checksum[:2] / checksum


def sha256_of(path: Path) -> str:
    """Make the sha256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _sync(folder: Path) -> None:
    """Let a rename outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def slice_of(path: Path, start: int, end: int) -> Iterator[bytes]:
    """Stream the bytes from `start` up to and without `end`."""
    with path.open("rb") as file:
        file.seek(start)
        while start < end:
            chunk = file.read(min(_CHUNK, end - start))
            if not chunk:
                return
            start += len(chunk)
            yield chunk


def wanted(header: str | None, size: int) -> tuple[int, int] | None:
    """Read a Range header of one range as (start, end); None for the whole file; 416 where it lies outside."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", header or "")
    if not match or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    start = _place(first) if first else max(0, size - _place(last))
    end = min(size, _place(last) + 1) if first and last else size
    if start >= size or start >= end:
        raise Refused(416, f"The file has {size} bytes.")
    return start, end


def is_one_of(checksum: str, header: str) -> bool:
    """Whether an If-None-Match header names a checksum, or anything."""
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in tags or f'"{checksum}"' in tags


def _place(digits: str) -> int:
    """Read a place in a file; what has more digits than any file has bytes lies behind all of them."""
    return int(digits) if len(digits) < 20 else sys.maxsize
