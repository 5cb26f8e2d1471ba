"""Decompression of files within limits of bytes, ratio and time."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import tempfile
import time
import zipfile
import zlib
from collections.abc import Mapping
from typing import IO, Any  # streams, as in io

from aero_jupyter.jobs.request_errors import AeroJobError

_PACKERS = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_UNPACK_ERRORS = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
_FREE_BYTES = {"workbook": 8 << 20}
_CELL_BYTES = 64
_SPARSE = 5


class TableError(AeroJobError):
    """A file is not a table; ``cure`` tells how to read it otherwise, if that is known."""

    def __init__(self, message: str, cure: str = "", detail: str = "") -> None:
        super().__init__(message, detail=detail)
        self.cure = cure


def _setting(environment: Mapping[str, str], name: str, default: float) -> float:
    text = environment.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise TableError(f"{name} is {text!r}, which is not a number above 0.", f"Type %env {name}={default}")
    return value


class TableLimits:
    """The limits for reading a table.

    Parameters
    ----------
    max_bytes : int, optional
        Uncompressed bytes; lifts the limits of ratio and time. By default ``AERO_READ_BYTES``, or 8 GiB.
    environment : mapping
        The source of ``AERO_READ_BYTES``, ``AERO_READ_RATIO`` and ``AERO_READ_SECONDS``.
    """

    def __init__(self, max_bytes: int | None = None, environment: Mapping[str, str] = os.environ) -> None:
        self.bytes = max_bytes or int(_setting(environment, "AERO_READ_BYTES", 8 << 30))
        self.ratio = None if max_bytes else _setting(environment, "AERO_READ_RATIO", 200)
        seconds = None if max_bytes else _setting(environment, "AERO_READ_SECONDS", 300)
        self.cells = (max_bytes or min(self.bytes, 2 << 30)) // _CELL_BYTES
        self.seconds, self.deadline = seconds, None if seconds is None else time.monotonic() + seconds

    def check_unpacked_size(self, label: str, count: int, packed: int, what: str = "file") -> None:
        """Raise if the time is over, or the unpacked bytes exceed the limit or the ratio to the packed bytes."""
        self.check_time(label)
        if count > self.bytes:
            raise TableError(f"{label} unpacks to more than {self.bytes:,} bytes.", _LIFT.format(count * 2))
        free = _FREE_BYTES.get(what, 64 << 20)
        if self.ratio and count > free and count > packed * self.ratio:
            message = f"{label} unpacks to more than {self.ratio:g} times its {packed:,} bytes."
            raise TableError(message, _LIFT.format(max(count * 10, 1 << 30)))

    def check_time(self, label: str) -> None:
        """Raise if reading takes too long."""
        if self.deadline is not None and time.monotonic() > self.deadline:
            message = f"{label} was not read within {self.seconds:g} s."
            raise TableError(message, _LIFT.format(self.bytes))


_LIFT = "Read it with max_bytes={0}, which lifts the limits, if you trust its source."


def packer_of(head: bytes) -> str | None:
    """Return "gzip", "bz2", "xz" or "zstd" by the first bytes; None for others."""
    return next((name for magic, name in _PACKERS.items() if head.startswith(magic)), None)


def unpack(file: IO[bytes], packer: str, label: str, limits: TableLimits) -> IO[bytes]:
    """Unpack into a temporary file within the limits."""
    packed = file.seek(0, os.SEEK_END)
    file.seek(0)
    try:
        return copy_limited(_opened(file, packer), packed, label, limits)
    except _UNPACK_ERRORS as error:
        raise TableError(f"{label} is a damaged {packer} file.", detail=str(error)) from error


def copy_limited(source: Any, packed: int, label: str, limits: TableLimits) -> IO[bytes]:
    """Copy a stream into a temporary file within the limits."""
    target = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
    try:
        count = 0
        while chunk := source.read(1 << 20):
            count += len(chunk)
            limits.check_unpacked_size(label, count, packed)
            target.write(chunk)
    except BaseException:
        target.close()
        raise
    target.seek(0)
    return target


def _opened(file: IO[bytes], packer: str) -> Any:
    if packer == "zstd":
        import pyarrow

        return pyarrow.input_stream(pyarrow.PythonFile(file, mode="r"), compression="zstd")
    openers: dict[str, Any] = {"gzip": gzip.open, "bz2": bz2.open, "xz": lzma.open}
    return openers[packer](file)


class TimedFile(io.RawIOBase):
    """A file whose reads raise after the time limit."""

    def __init__(self, file: IO[bytes], label: str, limits: TableLimits) -> None:
        self._file, self._label, self._limits = file, label, limits

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Seek in the file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def readinto(self, buffer: Any) -> int:
        """Read within the time limit."""
        self._limits.check_time(self._label)
        data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def check_parquet(file: IO[bytes], label: str, limits: TableLimits) -> None:
    """Raise if the row groups of a Parquet file, by its footer, or its cells exceed the limits."""
    import pyarrow.parquet

    packed = file.seek(0, os.SEEK_END)
    file.seek(0)
    about = pyarrow.parquet.read_metadata(file)
    groups = [about.row_group(at) for at in range(about.num_row_groups)]
    limits.check_unpacked_size(label, sum(group.total_byte_size for group in groups), packed)
    # A constant column takes no bytes in the file, and eight a row in memory; sparse tables may.
    limits.check_unpacked_size(label, 8 * sum(group.num_rows * group.num_columns for group in groups), packed * _SPARSE)
    file.seek(0)


def check_workbook(book: zipfile.ZipFile, label: str, limits: TableLimits) -> None:
    """Raise if a sheet would exceed the limits: bytes, or cells up to the farthest one."""
    for entry in book.infolist():
        if not entry.filename.endswith(".xml"):
            continue
        count, bottom, right, tail = 0, 0, 0, b""
        with book.open(entry) as sheet:
            while chunk := sheet.read(1 << 20):
                count += len(chunk)
                limits.check_unpacked_size(label, count, entry.compress_size, "workbook")
                if entry.filename.startswith("xl/worksheets/"):
                    bottom, right = _farthest(tail + chunk, bottom, right)
                    tail = chunk[-200:]
                    _check_cells(label, bottom, right, limits)


def _check_cells(label: str, bottom: int, right: int, limits: TableLimits) -> None:
    if bottom * right > limits.cells:
        message = (
            f"{label} has a cell in row {bottom:,} and one in column {right:,}: a table of {bottom * right:,} cells."
        )
        raise TableError(message, _LIFT.format(bottom * right * _CELL_BYTES))


def _farthest(xml: bytes, bottom: int, right: int) -> tuple[int, int]:
    rows = set(re.findall(rb'<(?:\w+:)?row\s[^>]{0,200}?\br="(\d{1,7})"', xml))
    cells = set(re.findall(rb'<(?:\w+:)?c\s[^>]{0,200}?\br="([A-Z]{1,3})(\d{1,7})"', xml))
    columns = {letters for letters, _ in cells}
    bottom = max([bottom, *map(int, rows), *(int(row) for _, row in cells)])
    return bottom, max([right, *map(_column_number, columns)])


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
