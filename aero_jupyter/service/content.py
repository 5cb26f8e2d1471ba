"""The bytes: hashed while they flow to disk, published by one rename, addressed by checksum."""

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

from aero_jupyter.service.store import Refused, Store, new_id, stamp

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}")
_CHUNK = 1 << 20
#: Bytes that are hashed and written at once; twice as many are held at most.
_BATCH = 4 << 20


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
        path = self._tmp / new_id()
        try:
            with path.open("wb", buffering=0) as file:
                async with contextlib.aclosing(_Arriving(file)) as part:
                    async for chunk in chunks:
                        await part.take(chunk)
                    checksum, size = await part.end()
            self._publish(collection, name, path, checksum, size)
        finally:
            path.unlink(missing_ok=True)
        return checksum, size

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


class _Arriving:
    """Bytes on their way to disk: hashed and written on a thread, while what follows them comes in."""

    def __init__(self, file: io.RawIOBase) -> None:
        self._file, self._digest, self._size = file, hashlib.sha256(), 0
        self._held = bytearray()
        self._writing: asyncio.Future[None] | None = None

    async def take(self, chunk: bytes) -> None:
        """Take what came; waits while as much again is being written."""
        self._held += chunk
        if len(self._held) >= _BATCH:
            await self._pass_on()

    async def end(self) -> tuple[str, int]:
        """Let all of it reach the disk; give its sha256 and its size in bytes."""
        await self._pass_on()
        await self._pass_on()
        await asyncio.to_thread(os.fsync, self._file.fileno())
        return self._digest.hexdigest(), self._size

    async def aclose(self) -> None:
        """Let what is being written end, whatever became of the rest."""
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
            # Begins to write what came to the disk, so that little is left to wait for at the end.
            os.posix_fadvise(self._file.fileno(), self._size, len(held), os.POSIX_FADV_DONTNEED)
        self._size += len(held)


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
