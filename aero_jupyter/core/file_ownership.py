"""Checks of the owner and the permissions of files and folders before their content is trusted."""

from __future__ import annotations

import os
import stat
from pathlib import Path

#: Permissions that let another user write.
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
#: Permissions that let another user do anything.
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def belongs_to_user(path: Path) -> bool:
    """Return whether a file or folder (not a link) belongs to this user and no other user can write to it."""
    found = path.lstat()
    return not stat.S_ISLNK(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & _OTHERS_WRITE


def parent_open_to_others(path: Path) -> Path | None:
    """Return the first folder above that another user owns or can write into; a sticky one, as /tmp, is safe."""
    for parent in path.resolve().parents:
        if not parent.exists():
            continue
        found = parent.stat()
        is_open = bool(found.st_mode & _OTHERS_WRITE) and not found.st_mode & stat.S_ISVTX
        if is_open or found.st_uid not in (0, os.geteuid()):
            return parent
    return None


def read_private(path: Path) -> str:
    """Return the text of a file as `read_private_bytes` does."""
    return read_private_bytes(path).decode()


def read_private_bytes(path: Path) -> bytes:
    """Return the content of a regular file that only this user can read and write.

    Raises
    ------
    OSError
        If the file is missing, a link, another user's, or open to others.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & _OTHERS:
            raise PermissionError(f"{path} is not private")
        return file.read()
