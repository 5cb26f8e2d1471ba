"""Ranges and tags of content in requests."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import BinaryIO

from aero_jupyter.service.storage.connection import RequestError

_CHUNK = 1 << 20


def bytes_of(file: BinaryIO, count: int) -> Iterator[bytes]:
    """Yield the next bytes of a file, at most `count`; close the file at the end."""
    with file:
        while count > 0 and (chunk := file.read(min(_CHUNK, count))):
            count -= len(chunk)
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
