"""Content files by checksum, read in whichever form they are stored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from aero_jupyter.service.storage.compact_form import (
    PIECE_BYTES,
    CompactContent,
    DamagedCompactForm,
    Index,
    PlainContent,
    Readable,
    index_of,
)

#: The suffix of the file of a compact form, after the checksum of its content.
SUFFIX = ".zst"


def path_of(content: Path, checksum: str) -> Path:
    """Return the path of the content with a sha256 that is stored as it is."""
    return content / checksum[:2] / checksum


def compact_path_of(content: Path, checksum: str) -> Path:
    """Return the path of the compact form of the content with a sha256."""
    return content / checksum[:2] / f"{checksum}{SUFFIX}"


def checksum_of(path: Path) -> str:
    """Return the sha256 that the name of a content file states, in either form."""
    return path.name.removesuffix(SUFFIX)


def is_stored(content: Path, checksum: str) -> bool:
    """Return whether content is stored, in either form."""
    return any(
        path.is_file() and not path.is_symlink()
        for path in (path_of(content, checksum), compact_path_of(content, checksum))
    )


def read_index(path: Path) -> Index:
    """Return the index of a compact form.

    Raises
    ------
    DamagedCompactForm
        If the file is no compact form.
    """
    with path.open("rb", buffering=0) as file:
        return index_of(file)


def open_stored(content: Path, checksum: str, *, _above: tuple[str, ...] = ()) -> Readable:
    """Open content in the form in which it is stored.

    Raises
    ------
    FileNotFoundError
        If it is not stored, or not all that it was encoded against.
    DamagedCompactForm
        If its compact form, or one that it was encoded against, cannot be read.
    """
    # Content that is compacted right now is found in its compact form, and content that is stored again as it is.
    for find in (path_of, compact_path_of, path_of):
        path = find(content, checksum)
        try:
            return _open_form(content, path, (*_above, checksum))
        except FileNotFoundError:
            if path.exists():
                raise
    raise FileNotFoundError(f"The content {checksum} is not stored.")


def _open_form(content: Path, path: Path, above: tuple[str, ...]) -> Readable:
    if not path.name.endswith(SUFFIX):
        return PlainContent(path)
    file = path.open("rb", buffering=0)
    try:
        index = index_of(file)
        if index.base in above:
            raise DamagedCompactForm(f"{path} was encoded against itself.")
        base = None if index.base is None else open_stored(content, index.base, _above=above)
    except BaseException:
        file.close()
        raise
    return CompactContent(file, index, base)


def chunks_of(content: Readable, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """Yield the bytes from `start` up to but not including `stop`."""
    stop = content.size if stop is None else stop
    while start < stop and (part := content.read(start, min(stop, start + PIECE_BYTES - start % PIECE_BYTES))):
        yield part
        start += len(part)


def hash_of_stored(content: Path, checksum: str, algorithm: str = "sha256", *, is_compact: bool = False) -> str:
    """Return a hash of content in hexadecimal digits.

    Parameters
    ----------
    is_compact : bool
        Whether to read the compact form, even if the content is also stored as it is.
    """
    digest = hashlib.new(algorithm, usedforsecurity=False)
    if is_compact:
        found = _open_form(content, compact_path_of(content, checksum), (checksum,))
    else:
        found = open_stored(content, checksum)
    try:
        for part in chunks_of(found):
            digest.update(part)
    finally:
        found.close()
    return digest.hexdigest()
