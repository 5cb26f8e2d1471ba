"""The compact form of content: pieces that zstd encodes against the same part of another content."""

from __future__ import annotations

import io
import json
import os
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple, Protocol

import zstandard

from aero_jupyter.core.safe_parsing import parse_json

#: Bytes of content in one piece; a reader holds a few pieces of each content in the chain.
PIECE_BYTES = 1 << 20
#: Bytes of the base before and after the part of the same position that a piece may refer to.
_SLACK_BYTES = 64 << 10
#: Bytes by which rows that were inserted or deleted may have moved the following ones.
_MOST_SHIFT_BYTES = 4 << 20
#: The level of small contents, whose encoding takes a moment, and that of larger ones.
_SMALL_BYTES, _SMALL_LEVEL, _LARGE_LEVEL = 4 << 20, 19, 12
_CACHED_PIECES = 3
#: The part of the content's size that a compact form may have at most, and the pieces after which this is decided.
_MOST_PART, _DECISIVE_PIECES = 0.8, 16
_MAGIC = b"AEROZST1"
_TAIL_BYTES = len(_MAGIC) + 4


class DamagedCompactForm(OSError):
    """A compact form that cannot be decoded."""


class Piece(NamedTuple):
    """Where a piece is in the file, and the part of the base that it refers to."""

    offset: int
    length: int
    base_start: int
    base_stop: int


class Index(NamedTuple):
    """The index of a compact form: its base, the size of the content, and its pieces."""

    base: str | None
    size: int
    pieces: list[Piece]


class Readable(Protocol):
    """Content whose bytes can be read from any position."""

    size: int

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from `start` up to but not including `stop`."""

    def close(self) -> None:
        """Close the files."""


class PlainContent:
    """Content that is stored as it is."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb", buffering=0)
        self.size = os.fstat(self._file.fileno()).st_size

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from `start` up to but not including `stop`."""
        parts = []
        while start < stop and (part := os.pread(self._file.fileno(), stop - start, start)):
            parts.append(part)
            start += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class CompactContent:
    """Content that is stored in its compact form.

    Parameters
    ----------
    file : FileIO
        The file of the compact form; closed with this one.
    index : Index
    base : Readable or None
        The content that it was encoded against; closed with this one.
    """

    def __init__(self, file: io.FileIO, index: Index, base: Readable | None) -> None:
        self.size, self._pieces = index.size, index.pieces
        self._file = file
        self._base = base
        self._decoded: OrderedDict[int, bytes] = OrderedDict()

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from `start` up to but not including `stop`."""
        stop = min(stop, self.size)
        parts = []
        while start < stop:
            number, within = divmod(start, PIECE_BYTES)
            part = self._piece(number)[within : within + stop - start]
            if not part:
                raise DamagedCompactForm(f"A piece of {self._file.name} is too short.")
            parts.append(part)
            start += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Close the files."""
        self._file.close()
        if self._base is not None:
            self._base.close()

    def _piece(self, number: int) -> bytes:
        if number in self._decoded:
            self._decoded.move_to_end(number)
            return self._decoded[number]
        piece = self._pieces[number]
        encoded = os.pread(self._file.fileno(), piece.length, piece.offset)
        base = self._base.read(piece.base_start, piece.base_stop) if self._base else b""
        try:
            found = zstandard.ZstdDecompressor(dict_data=_dictionary(base)).decompress(encoded, PIECE_BYTES)
        except zstandard.ZstdError as error:
            raise DamagedCompactForm(f"{self._file.name} cannot be decoded: {error}.") from None
        self._decoded[number] = found
        if len(self._decoded) > _CACHED_PIECES:
            self._decoded.popitem(last=False)
        return found


def _dictionary(base: bytes) -> zstandard.ZstdCompressionDict | None:
    return zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT) if base else None


def write_compact_form(content: Readable, base: Readable | None, base_checksum: str | None, target: Path) -> bool:
    """Encode content against a base, and flush the file to disk; return whether the compact form pays.

    The beginning of a large content decides for all of it.
    """
    pieces: list[Piece] = []
    with target.open("xb") as file:
        for start in range(0, content.size, PIECE_BYTES):
            stop = min(start + PIECE_BYTES, content.size)
            part = (0, 0) if base is None else _part_of_base(start, stop, content.size, base.size)
            known = base.read(*part) if base is not None else b""
            encoded = _encode(content.read(start, stop), known, content.size)
            pieces.append(Piece(file.tell(), len(encoded), *part))
            file.write(encoded)
            if len(pieces) == _DECISIVE_PIECES and file.tell() > _MOST_PART * stop:
                return False
        index = json.dumps({"base": base_checksum, "size": content.size, "pieces": pieces}).encode()
        file.write(index + len(index).to_bytes(4, "big") + _MAGIC)
        file.flush()
        os.fsync(file.fileno())
        return file.tell() <= _MOST_PART * content.size


def _part_of_base(start: int, stop: int, size: int, base_size: int) -> tuple[int, int]:
    """Return the part of the base that holds what a part of the content may have been made from."""
    shift = max(-_MOST_SHIFT_BYTES, min(_MOST_SHIFT_BYTES, size - base_size))
    first = min(base_size, max(0, start - max(0, shift) - _SLACK_BYTES))
    return first, max(first, min(base_size, stop + max(0, -shift) + _SLACK_BYTES))


def _encode(piece: bytes, base: bytes, size: int) -> bytes:
    both = len(piece) + len(base)
    level = _SMALL_LEVEL if size <= _SMALL_BYTES else _LARGE_LEVEL
    window = max(zstandard.WINDOWLOG_MIN, both.bit_length())
    settings = zstandard.ZstdCompressionParameters.from_level(level, source_size=both, window_log=window)
    return zstandard.ZstdCompressor(dict_data=_dictionary(base), compression_params=settings).compress(piece)


def index_of(file: io.FileIO) -> Index:
    """Return the index of an open compact form.

    Raises
    ------
    DamagedCompactForm
        If the file is no compact form.
    """
    end = os.fstat(file.fileno()).st_size
    tail = os.pread(file.fileno(), _TAIL_BYTES, max(0, end - _TAIL_BYTES))
    length = int.from_bytes(tail[:4], "big")
    if tail[4:] != _MAGIC or length + _TAIL_BYTES > end:
        raise DamagedCompactForm(f"{file.name} is no compact form.")
    try:
        index = parse_json(os.pread(file.fileno(), length, end - _TAIL_BYTES - length))
        found = Index(index["base"], int(index["size"]), [Piece(*map(int, piece)) for piece in index["pieces"]])
    except (ValueError, TypeError, KeyError):
        raise DamagedCompactForm(f"{file.name} has no index.") from None
    if len(found.pieces) != -(-found.size // PIECE_BYTES):
        raise DamagedCompactForm(f"{file.name} lacks pieces.")
    return found
