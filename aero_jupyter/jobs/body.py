"""A body as it comes over the wire: what was promised of it, and what is in it once it is unpacked."""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

#: Encodings for the way that are undone here, which are those that are asked for.
ENCODINGS = "gzip, deflate"
_SPAN = 1 << 18
_SUMS = {
    "Content-MD5": "md5",
    "x-amz-checksum-sha256": "sha256",
    "x-amz-checksum-sha1": "sha1",
    "x-amz-checksum-crc32": "crc32",
    "X-Checksum-Sha256": "sha256",
}
#: Names and values of several checksums each: RFC 9530, the older RFC 3230, and Google's.
_LISTS = ("Content-Digest", "Repr-Digest", "Digest", "x-goog-hash")
_NAMES = {"md5": "md5", "sha": "sha1", "sha-256": "sha256", "sha-512": "sha512"}
_LENGTHS = {"md5": 16, "sha1": 20, "sha256": 32, "sha512": 64, "crc32": 4}


class _Crc32:
    """A CRC with the verbs of a hash."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


def new_sum(name: str) -> Any:
    """Begin a checksum: a hash, or ``crc32``."""
    return _Crc32() if name == "crc32" else hashlib.new(name, usedforsecurity=False)


def promised_sums(headers: Mapping[str, str]) -> list[tuple[str, bytes]]:
    """Give the checksums of the whole body that came with it, as far as they can be read."""
    told = [(name, headers.get(header, "")) for header, name in _SUMS.items()]
    for header in _LISTS:
        for part in headers.get(header, "").split(","):
            name, _, value = part.strip().partition("=")
            told.append((_NAMES.get(name.strip().lower(), ""), value.strip().strip(":")))
    read = [(name, _sum_of(name, value.strip())) for name, value in told if name and value]
    return [(name, value) for name, value in read if value]


def _sum_of(name: str, text: str) -> bytes:
    length = _LENGTHS[name]
    if re.fullmatch(rf"[0-9a-fA-F]{{{2 * length}}}", text):
        return bytes.fromhex(text)
    try:
        value = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return b""
    # Of an object that was stored in parts, a store tells a checksum of their checksums.
    return value if len(value) == length else b""


def packing_of(headers: Mapping[str, str]) -> str:
    """Give how a body is encoded for its way: nothing, ``gzip`` or ``deflate``.

    Raises
    ------
    ValueError
        If it is in another way, which is its message.
    """
    words = [word.strip().lower() for word in headers.get("Content-Encoding", "").split(",")]
    found = [word.removeprefix("x-") for word in words if word not in ("", "identity")]
    if not found:
        return ""
    if len(found) > 1 or found[0] not in ENCODINGS.split(", "):
        raise ValueError(", ".join(found))
    return found[0]


class Unpacking:
    """Undoes an encoding piece by piece, and makes pieces that are not much larger.

    Parameters
    ----------
    packing : str
        What `packing_of` gave.
    """

    def __init__(self, packing: str) -> None:
        self._packing = packing
        self._machine: Any = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Give what is in some more of the body.

        Raises
        ------
        zlib.error
            If it is not what it is said to be.
        """
        if not self._packing:
            yield data
            return
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
        """Give what stands behind an end: another member of a gzip body, or the zeros it may be filled up with."""
        if self._machine is None:
            return data
        if self._packing != "gzip":
            raise zlib.error("There is more behind the end.")
        return data.lstrip(b"\0")

    def _begun(self, data: bytes) -> Any:
        if self._packing == "gzip":
            return zlib.decompressobj(16 + zlib.MAX_WBITS)
        # Some send the bare stream where its frame is meant.
        return zlib.decompressobj(zlib.MAX_WBITS if data[0] & 0x0F == 8 else -zlib.MAX_WBITS)

    def is_whole(self) -> bool:
        """Whether it ended where it said that it ends."""
        return self._machine is None or bool(self._machine.eof)
