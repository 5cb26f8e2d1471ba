"""The integrity check of a version's bytes: size and checksum against the record."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any  # hashlib's hashes, whose type is private

from aero_jupyter.client.locations import VersionLocation
from aero_jupyter.core import errors
from aero_jupyter.jobs.source_validators import tells_another_object

#: Hash algorithms by the number of their hexadecimal digits.
_HASH_NAMES = {32: "md5", 64: "sha256"}

_REPORT_CURE = "Read it again; then report it to the administrator of the collection."


def invalid_body(message: str, cure: str = _REPORT_CURE) -> errors.ServerFailed:
    """Return the error for bytes that differ from the record or exceed a limit."""
    return errors.ServerFailed(502, message, cure)


@dataclass
class IntegrityCheck:
    """The check of a body's size and checksum against its version's record."""

    content: VersionLocation
    etag: str
    is_identity: bool
    count: int = 0
    digest: Any = field(init=False, default=None)

    def __post_init__(self) -> None:
        checksum = self.content.version.checksum or ""
        # The checksum of a version without a stored copy is an ETag, which need not be a hash of its bytes.
        is_hash = re.fullmatch(r"[0-9a-fA-F]+", checksum) and not (
            checksum == self.etag and self.content.collection is None
        )
        name = _HASH_NAMES.get(len(checksum)) if is_hash else None
        self.digest = hashlib.new(name, usedforsecurity=False) if name else None

    def add(self, chunk: bytes) -> None:
        """Add the next bytes to the size and the hash."""
        self.count += len(chunk)
        if self.digest is not None:
            self.digest.update(chunk)

    @property
    def recorded(self) -> int | None:
        """The recorded size; None if there is none or the body is compressed for transfer."""
        version = self.content.version
        return version.file.size if version.file and self.is_identity else None

    def check(self) -> None:
        """Raise if the bytes differ from the record.

        Raises
        ------
        ServerFailed
        """
        version, label, size = self.content.version, self.content.label, self.recorded
        if self.content.collection is None and tells_another_object(version.checksum or "", self.etag):
            raise invalid_body(f"The source of {label} has changed since that version.", "Read a newer version.")
        if size is not None and size != self.count:
            raise invalid_body(f"{label} has {self.count:,} bytes, but {size:,} were recorded.")
        if self.digest is not None and self.digest.hexdigest() != (version.checksum or "").lower():
            raise invalid_body(f"The bytes of {label} do not match their checksum.")
