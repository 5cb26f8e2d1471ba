"""Content files: hashed while they stream to disk, published by one rename, addressed by checksum."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from aero_jupyter.service.storage.connection import RequestError, new_id, stamp
from aero_jupyter.service.storage.database import Store

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}")
_CHUNK = 1 << 20
#: Bytes that are hashed and written at once; at most twice as many are held in memory.
_BATCH = 4 << 20


class ContentStore:
    """The local collection.

    Parameters
    ----------
    store : Store
    home : Path
        The folder that contains ``content`` and ``tmp``.
    """

    def __init__(self, store: Store, home: Path) -> None:
        self._store = store
        self.folder, self._tmp = home / "content", home / "tmp"
        self.folder.mkdir(exist_ok=True)
        # Only one service uses this folder, so temporary files are left over from a crash.
        shutil.rmtree(self._tmp, ignore_errors=True)
        self._tmp.mkdir()

    async def put(self, collection: str, name: str, chunks: AsyncIterator[bytes]) -> tuple[str, int]:
        """Store a file under a new name; return its sha256 and its size in bytes."""
        self.require(collection, name)
        path = self._tmp / new_id()
        try:
            with path.open("wb", buffering=0) as file:
                async with contextlib.aclosing(_HashingWriter(file)) as part:
                    async for chunk in chunks:
                        await part.take(chunk)
                    checksum, size = await part.end()
            self.publish(collection, name, path, checksum, size)
        finally:
            path.unlink(missing_ok=True)
        return checksum, size

    def publish(self, collection: str, name: str, path: Path, checksum: str, size: int) -> None:
        """Move a file that is on disk into the store and name it; the same file may be published again."""
        target = self._path(checksum)
        target.parent.mkdir(exist_ok=True)
        # Publishing and naming share one transaction, so that garbage collection does not remove the file in between.
        with self._store.transaction() as db:
            if not target.exists():
                path.replace(target)
                flush_file(target.parent)
            known = db.value("SELECT checksum FROM file WHERE collection = ? AND name = ?", (collection, name))
            if known is None:
                db.insert("file", collection=collection, name=name, checksum=checksum, size=size, created_at=stamp())
            elif known != checksum:
                raise RequestError(409, f"The file {name} exists already, and published content is never overwritten.")

    def find(self, collection: str, name: str) -> tuple[Path, str, int]:
        """Return the path, sha256 and size of a file; raise a 404 error if there is none."""
        self.require(collection, name)
        row = self._store.db.row("SELECT * FROM file WHERE collection = ? AND name = ?", (collection, name))
        if row is None:
            raise RequestError(404, f"There is no file {name} in this collection.")
        path = self._path(row["checksum"])
        if path.is_symlink() or not path.is_file():
            raise RequestError(404, f"The content of {name} is missing.", "Run: aero-jupyter local check")
        return path, row["checksum"], row["size"]

    def _path(self, checksum: str) -> Path:
        return path_of(self.folder, checksum)

    def path_of_file(self, name: str) -> Path | None:
        """Return the path of a stored file; None if there is none."""
        sql = "SELECT checksum FROM file WHERE collection = ? AND name = ?"
        return self._existing(self._store.db.value(sql, (self.collection, name)))

    def path_of_version(self, data_id: str, name: str) -> Path | None:
        """Return the path of a file that a version of a dataset consists of; None if there is none."""
        sql = "SELECT 1 FROM version WHERE data_id = ? AND file_name = ?"
        return self.path_of_file(name) if self._store.db.value(sql, (data_id, name)) else None

    def _existing(self, checksum: str | None) -> Path | None:
        path = None if checksum is None else self._path(checksum)
        return path if path is not None and path.is_file() and not path.is_symlink() else None

    @property
    def collection(self) -> str:
        """The id of the local collection."""
        return self._store.collection

    def require(self, collection: str, name: str) -> None:
        """Raise a `RequestError` for another collection and for a name that is not permitted."""
        if collection != self._store.collection:
            raise RequestError(404, f"There is no collection {collection} here.")
        if not _NAME.fullmatch(name):
            raise RequestError(422, "A file name may contain only letters, digits, dots, dashes and underscores.")


class _HashingWriter:
    """A file on its way to disk, hashed and written on a thread while the following bytes arrive."""

    def __init__(self, file: io.RawIOBase) -> None:
        self._file, self._digest, self._size = file, hashlib.sha256(), 0
        self._held = bytearray()
        self._writing: asyncio.Future[None] | None = None

    async def take(self, chunk: bytes) -> None:
        """Add a chunk; wait if the previous batch is still being written."""
        self._held += chunk
        if len(self._held) >= _BATCH:
            await self._pass_on()

    async def end(self) -> tuple[str, int]:
        """Flush all bytes to disk; return their sha256 and size in bytes."""
        await self._pass_on()
        await self._pass_on()
        await asyncio.to_thread(os.fsync, self._file.fileno())
        return self._digest.hexdigest(), self._size

    async def aclose(self) -> None:
        """Wait for the current write to end, also after an error."""
        if self._writing is not None:
            await asyncio.wait({self._writing})

    async def _pass_on(self) -> None:
        if self._writing is not None:
            await self._writing
        held, self._held = self._held, bytearray()
        self._writing = asyncio.ensure_future(asyncio.to_thread(self._write, held))

    def _write(self, held: bytearray) -> None:
        view = memoryview(held)
        self._digest.update(view)
        while view:
            view = view[self._file.write(view) :]
        if hasattr(os, "posix_fadvise"):
            # The kernel starts to write the pages to disk, so that the final fsync has little left to do.
            os.posix_fadvise(self._file.fileno(), self._size, len(held), os.POSIX_FADV_DONTNEED)
        self._size += len(held)


def path_of(content: Path, checksum: str) -> Path:
    """Return the path of the content with a sha256."""
    return content / checksum[:2] / checksum


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file."""
    return hash_of(path, "sha256")


def hash_of(path: Path, algorithm: str) -> str:
    """Return a hash of a file in hexadecimal digits."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def flush_file(path: Path) -> None:
    """Flush a file to disk, or a folder, so that a rename in it survives a power failure."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def slice_of(path: Path, start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes from `start` up to but not including `end`."""
    with path.open("rb") as file:
        file.seek(start)
        while start < end:
            chunk = file.read(min(_CHUNK, end - start))
            if not chunk:
                return
            start += len(chunk)
            yield chunk


def wanted(header: str | None, size: int) -> tuple[int, int] | None:
    """Parse a Range header of one range as (start, end); None for the whole file; raise 416 outside of the file."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", header or "")
    if not match or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    start = _place(first) if first else max(0, size - _place(last))
    end = min(size, _place(last) + 1) if first and last else size
    if start >= size or start >= end:
        raise RequestError(416, f"The file has {size} bytes.")
    return start, end


def matches_etag(checksum: str, header: str) -> bool:
    """Return whether an If-None-Match header contains a checksum or ``*``."""
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in tags or f'"{checksum}"' in tags


def _place(digits: str) -> int:
    """Parse a position in a file; a number with more digits than any file size counts as behind the end."""
    return int(digits) if len(digits) < 20 else sys.maxsize
