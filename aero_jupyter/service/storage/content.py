"""Content files: hashed while they stream to disk, published by one rename, addressed by checksum."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import os
import re
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import IO, BinaryIO, cast

from aero_jupyter.core.retention import removed_message
from aero_jupyter.service.storage.connection import DB, RequestError, new_id, stamp
from aero_jupyter.service.storage.database import Store
from aero_jupyter.service.storage.stored_content import chunks_of, is_stored, open_stored, path_of

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}")
_CHUNK = 1 << 20
#: Bytes that are hashed and written at once; at most twice as many are held in memory.
_BATCH = 4 << 20
#: Decoded bytes that are held in memory for one reader.
_IN_MEMORY_BYTES = 1 << 20
#: The suffix of a file with content that was decoded for one reader, who removes it.
DECODED_SUFFIX = ".decoded"


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
        self._decoding = threading.Lock()

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
            # A repeated commit finds the file moved, and by now perhaps in its compact form.
            if not target.exists() and (path.exists() or not is_stored(self.folder, checksum)):
                path.replace(target)
                flush_file(target.parent)
            known = db.value("SELECT checksum FROM file WHERE collection = ? AND name = ?", (collection, name))
            if known is None:
                db.insert("file", collection=collection, name=name, checksum=checksum, size=size, created_at=stamp())
            elif known != checksum:
                raise RequestError(409, f"The file {name} exists already, and published content is never overwritten.")

    def find(self, collection: str, name: str) -> tuple[str, int]:
        """Return the sha256 and the size of a file; raise a 404 error if there is none."""
        self.require(collection, name)
        row = self._store.db.row("SELECT * FROM file WHERE collection = ? AND name = ?", (collection, name))
        if row is None:
            raise removed_file(self._store.db, name) or RequestError(
                404, f"There is no file {name} in this collection."
            )
        if not is_stored(self.folder, row["checksum"]):
            raise RequestError(404, f"The content of {name} is missing.", "Run: aero-jupyter local check")
        return row["checksum"], row["size"]

    def open(self, checksum: str, start: int, end: int) -> BinaryIO:
        """Open content at a position; what is stored in its compact form is decoded up to the end."""
        try:
            file = path_of(self.folder, checksum).open("rb")
        except FileNotFoundError:
            return self._decoded(checksum, start, end)
        file.seek(start)
        return file

    def plain_path(self, checksum: str, folder: Path) -> Path:
        """Return the path of a file with content; what is stored in its compact form is decoded into a folder."""
        if (path := path_of(self.folder, checksum)).is_file():
            return path
        target = folder / f"{checksum}.{new_id()}{DECODED_SUFFIX}"
        with target.open("xb") as file:
            self._decode(checksum, 0, None, file)
        return target

    def _decoded(self, checksum: str, start: int, end: int) -> BinaryIO:
        """Return decoded bytes as a file; on disk if they are many, so that slow readers hold little memory."""
        folder = str(self._tmp)
        file: tempfile.SpooledTemporaryFile[bytes]
        file = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES, dir=folder)  # noqa: SIM115 (the caller closes it)
        try:
            self._decode(checksum, start, end, file)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return cast(BinaryIO, file)

    def _decode(self, checksum: str, start: int, end: int | None, file: IO[bytes]) -> None:
        # One at a time: each chain of contents holds a few pieces in memory.
        with self._decoding:
            content = open_stored(self.folder, checksum)
            try:
                for part in chunks_of(content, start, end):
                    file.write(part)
            finally:
                content.close()

    def _path(self, checksum: str) -> Path:
        return path_of(self.folder, checksum)

    def checksum_of_file(self, name: str) -> str | None:
        """Return the sha256 of a stored file; None if there is none."""
        sql = "SELECT checksum FROM file WHERE collection = ? AND name = ?"
        checksum: str | None = self._store.db.value(sql, (self.collection, name))
        return checksum if checksum is not None and is_stored(self.folder, checksum) else None

    def checksum_of_version(self, data_id: str, name: str) -> str | None:
        """Return the sha256 of a file that a version of a dataset consists of; None if there is none."""
        sql = "SELECT 1 FROM version WHERE data_id = ? AND file_name = ?"
        return self.checksum_of_file(name) if self._store.db.value(sql, (data_id, name)) else None

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


def removed_file(db: DB, name: str) -> RequestError | None:
    """Return the error for a file that retention has removed; None if it has not."""
    sql = "SELECT d.name, v.version, v.removed_at FROM version v JOIN data d ON d.id = v.data_id "
    row = db.row(sql + "WHERE v.file_name = ? AND v.removed_at IS NOT NULL", (name,))
    if row is None:
        return None
    return RequestError(404, *removed_message(row["name"], row["version"], datetime.fromisoformat(row["removed_at"])))
