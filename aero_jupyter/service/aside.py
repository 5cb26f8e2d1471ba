"""A database that can be made anew is moved aside where it cannot be read."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from pathlib import Path

from aero_jupyter.service.store import require_whole, stamp

#: Bytes of a database that is not read through at each start: that would take longer than the start may.
_LARGE = 64 << 20


def set_aside(path: Path) -> Path | None:
    """Move a damaged database and what belongs to it aside; give where it is now, or None where it is whole."""
    if not path.is_file() or (error := _damage(path)) is None:
        return None
    aside = path.with_name(f"{path.name}.damaged-{stamp()[:19].replace(':', '')}")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.replace(aside.with_name(aside.name + suffix))
    logging.getLogger(__name__).warning("%s was damaged (%s): it is %s now, and made anew.", path, error, aside.name)
    return aside


def _damage(path: Path) -> str | None:
    """Say what is wrong with a database; one that is held, or cannot be opened now, may be whole."""
    look = "SELECT 'ok' FROM sqlite_master" if path.stat().st_size > _LARGE else "PRAGMA quick_check(1)"
    try:
        require_whole(path)
        with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
            (said,) = connection.execute(look).fetchone() or ("ok",)
    except sqlite3.OperationalError:
        return None
    except sqlite3.DatabaseError as error:
        return str(error)
    return None if said == "ok" else str(said)
