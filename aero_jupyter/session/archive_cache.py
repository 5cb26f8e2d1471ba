"""Archives in the user's cache, so that a new version reads only itself, also in another process."""

from __future__ import annotations

import contextlib
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aero_jupyter._version import __version__
from aero_jupyter.core.file_ownership import read_private_bytes
from aero_jupyter.session.cache_files import cache_file, replace_private

if TYPE_CHECKING:
    from aero_jupyter.vintages import Archive

#: Archives of this process, with the ids of their versions, by file.
_archives: dict[Path, tuple[list[str], Archive]] = {}


def archive_file(identity: Sequence[object]) -> Path:
    """Return the file of an archive; another release of pandas or of this package has another one."""
    import pandas as pd

    return cache_file("archives", [*identity, pd.__version__, __version__], ".pickle")


def cached_archive(path: Path, ids: Sequence[str]) -> Archive | None:
    """Return the stored archive if its versions are the first of these; otherwise None."""
    if path not in _archives:
        # A file that cannot be read is built again.
        with contextlib.suppress(Exception):
            _archives[path] = pickle.loads(read_private_bytes(path))  # noqa: S301 - only this user can write the file
    known, archive = _archives.get(path, ([], None))
    return archive if known and list(ids[: len(known)]) == known else None


def store_archive(path: Path, ids: Sequence[str], archive: Archive) -> None:
    """Store an archive with the ids of its versions; a cache that cannot be written is left as it is."""
    _archives[path] = (list(ids), archive)
    with contextlib.suppress(OSError):
        replace_private(path, pickle.dumps(_archives[path], protocol=pickle.HIGHEST_PROTOCOL))
