"""The content coding of a response body: its checksums and its decompression."""

from __future__ import annotations

import base64
import codecs
import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any  # decompressors and hashes, whose types are private

#: The supported content codings, as requests ask for them.
ENCODINGS = "gzip, deflate"
_SPAN = 1 << 18
_UNPACKED = frozenset({"gzip", "deflate"})
_NOT_UNPACKED = frozenset(
    [
        "br",
        "brotli",
        "zstd",
        "zst",
        "compress",
        "dcb",
        "dcz",
        "exi",
        "pack200-gzip",
        "bzip",
        "bzip2",
        "bz2",
        "lzma",
        "xz",
        "lz4",
        "snappy",
        "sdch",
        "zip",
        "aes128gcm",
    ]
)
#: Parts of compression names, known and new: ``x-snappy-framed``, ``lz4hc``, ``zstd-dict``.
_COMPRESSION_STEMS = ("zip", "zst", "brotli", "snappy", "lz", "compress", "deflate", "xz", "pack200", "crypt")
#: Names that do not mean a compression.
_HARMLESS_WORDS = frozenset({"none", "identity", "uncompressed", "not-compressed", "no-compression", "text", "binary"})
#: Maximum number of nested compressions.
_MOST_LAYERS = 5
_SUMS = {
    "Content-MD5": "md5",
    "x-amz-checksum-sha256": "sha256",
    "x-amz-checksum-sha1": "sha1",
    "x-amz-checksum-crc32": "crc32",
    "X-Checksum-Sha256": "sha256",
}
#: Headers with several checksums: RFC 9530, the older RFC 3230, and Google's.
_LISTS = ("Content-Digest", "Repr-Digest", "Digest", "x-goog-hash")
_NAMES = {"md5": "md5", "sha": "sha1", "sha-256": "sha256", "sha-512": "sha512"}
_LENGTHS = {"md5": 16, "sha1": 20, "sha256": 32, "sha512": 64, "crc32": 4}


class _Crc32:
    """A CRC with the API of a hash."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


def new_hash(name: str) -> Any:
    """Return a new hash, or ``crc32``."""
    return _Crc32() if name == "crc32" else hashlib.new(name, usedforsecurity=False)


def promised_hashes(headers: Mapping[str, str]) -> list[tuple[str, bytes]]:
    """Return the checksums of the whole body in its headers; invalid ones are ignored."""
    header_values = [(name, headers.get(header, "")) for header, name in _SUMS.items()]
    for header in _LISTS:
        for part in headers.get(header, "").split(","):
            name, _, value = part.strip().partition("=")
            header_values.append((_NAMES.get(name.strip().lower(), ""), value.strip().strip(":")))
    read = [(name, _sum_of(name, value.strip())) for name, value in header_values if name and value]
    return [(name, value) for name, value in read if value]


def _sum_of(name: str, text: str) -> bytes:
    length = _LENGTHS[name]
    if re.fullmatch(rf"[0-9a-fA-F]{{{2 * length}}}", text):
        return bytes.fromhex(text)
    try:
        value = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return b""
    # An object stored in parts has a checksum of their checksums instead.
    return value if len(value) == length else b""


def content_codings(headers: Mapping[str, str]) -> tuple[str, ...]:
    """Return the compressions of a body in the order of their application: ``gzip``, ``deflate``.

    Words that are no compression (``UTF-8``, ``aws-chunked``) are ignored, as in browsers and curl. A word that
    names a compression (``x-snappy-framed``), or begins like a private encoding (``x-…``), is refused.

    Raises
    ------
    ValueError
        If a compression is not supported; the message is its name.
    """
    words = (word.partition(";")[0] for word in headers.get("Content-Encoding", "").split(","))
    codings = tuple(word.strip(" \t\"'").lower() for word in words)
    found = tuple(word.removeprefix("x-") for word in codings if _is_compression(word))
    if len(found) > _MOST_LAYERS or any(word not in _UNPACKED for word in found):
        raise ValueError(", ".join(found[: _MOST_LAYERS + 1]))
    return found


def _is_compression(word: str) -> bool:
    """Return whether a word of Content-Encoding names a compression, supported or not."""
    name = word.removeprefix("x-")
    if name in _UNPACKED or name in _NOT_UNPACKED:
        return True
    # A media type in the wrong header (application/zip) describes the file itself.
    if name in _HARMLESS_WORDS or "/" in name or _is_charset(name):
        return False
    return word.startswith("x-") or any(stem in name for stem in _COMPRESSION_STEMS)


def _is_charset(name: str) -> bool:
    try:
        return codecs.lookup(name)._is_text_encoding
    except (LookupError, ValueError):
        return False


class Unpacking:
    """Incremental decompression of a body, in pieces of limited size.

    Parameters
    ----------
    packing : tuple of str
        The result of `content_codings`.
    """

    def __init__(self, packing: tuple[str, ...]) -> None:
        self._layers = [_Layer(word) for word in reversed(packing)]

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the content of the next piece.

        Raises
        ------
        zlib.error
            If the piece is invalid.
        """
        pieces: Iterable[bytes] = (data,)
        for layer in self._layers:
            pieces = layer.feed_all(pieces)
        yield from pieces

    def is_whole(self) -> bool:
        """Return whether the body is complete."""
        return all(layer.is_whole() for layer in self._layers)


class _Layer:
    """One compression of a body."""

    def __init__(self, packing: str) -> None:
        self._packing = packing
        self._machine: Any = None

    def feed_all(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            yield from self._feed(piece)

    def _feed(self, data: bytes) -> Iterator[bytes]:
        pending = False
        while data or pending:
            if self.is_whole():
                if not (data := self._behind(data)):
                    return
                self._machine = self._begun(data)
            chunk = self._machine.decompress(data, _SPAN)
            data, pending = self._machine.unconsumed_tail or self._machine.unused_data, len(chunk) == _SPAN
            if chunk:
                yield chunk

    def _behind(self, data: bytes) -> bytes:
        """Return the bytes after the end of a stream: another gzip member, without padding zeros."""
        if self._machine is None:
            return data
        if self._packing != "gzip":
            raise zlib.error("Bytes follow the end of the compressed data.")
        return data.lstrip(b"\0")

    def _begun(self, data: bytes) -> Any:
        if self._packing == "gzip":
            return zlib.decompressobj(16 + zlib.MAX_WBITS)
        # Some servers send the stream without its frame.
        return zlib.decompressobj(zlib.MAX_WBITS if data[0] & 0x0F == 8 else -zlib.MAX_WBITS)

    def is_whole(self) -> bool:
        """Return whether the body is complete."""
        return self._machine is None or bool(self._machine.eof)
