"""Files in the user's cache, which are removed if they were not written for a month."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

#: Days for which a file is stored after it was last written.
_STORED_DAYS = 30


def cache_file(kind: str, identity: Sequence[object], suffix: str) -> Path:
    """Return the path of a file in the user's cache; older files of its kind are removed.

    Parameters
    ----------
    kind : str
        The folder.
    identity : sequence of JSON values
        What the file is about.
    suffix : str
        The end of its name.
    """
    import platformdirs

    folder = Path(platformdirs.user_cache_dir("aero_jupyter")) / kind
    oldest = time.time() - _STORED_DAYS * 86400
    for path in folder.glob(f"*{suffix}"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()
    return folder / f"{hashlib.sha256(json.dumps(identity).encode()).hexdigest()}{suffix}"


def replace_private(path: Path, content: bytes) -> None:
    """Write a file that only this user can read, in place of the one before it.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
