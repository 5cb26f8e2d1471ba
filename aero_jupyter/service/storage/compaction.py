"""Compaction: versions that are not the newest are stored as differences from earlier ones."""

from __future__ import annotations

import contextlib
from pathlib import Path

from aero_jupyter.service.storage.compact_form import DamagedCompactForm, PlainContent, Readable, write_compact_form
from aero_jupyter.service.storage.connection import DB, Row, new_id
from aero_jupyter.service.storage.content import flush_file
from aero_jupyter.service.storage.database import Store
from aero_jupyter.service.storage.run_state_lists import OPEN_SQL
from aero_jupyter.service.storage.stored_content import (
    compact_path_of,
    hash_of_stored,
    is_stored,
    open_stored,
    path_of,
    read_index,
)

#: The factors of the distances to the base at each level of a chain, from the nearest on. A chain has at most nine
#: steps, so that each version is decoded at 200 MB/s, and a content without a base comes every 128 versions.
_RADIXES = (4, 4, 2, 2, 2)
_PERIOD = 128
#: Bytes below which content is one block of the file system anyway.
_LEAST_BYTES = 4096
_MOST_STEPS = 24
_READ_BY_OPEN_RUN = (
    f"SELECT 1 FROM run r JOIN run_input i ON i.run_id = r.id WHERE r.state IN {OPEN_SQL} "
    "AND i.data_id = {0}.data_id AND i.version = {0}.version"
)


def base_distance(index: int) -> int:
    """Return how many versions before a version its base is; 0 if it has none."""
    distance, index = 1, index % _PERIOD
    for radix in _RADIXES if index else ():
        if (index // distance) % radix:
            return distance
        distance *= radix
    return 0


class Compaction:
    """Compacts the versions that are due, one at a time; a crash at any point loses nothing.

    Parameters
    ----------
    store : Store
    home : Path
        The folder with ``content`` and ``tmp``.
    """

    def __init__(self, store: Store, home: Path) -> None:
        self._store, self._content, self._tmp = store, home / "content", home / "tmp"

    def step(self) -> bool:
        """Compact the next version; return False if none is due."""
        due = self._store.db.row(
            "SELECT q.data_id, q.version, v.checksum FROM compact_due q LEFT JOIN version v ON v.data_id = q.data_id "
            f"AND v.version = q.version WHERE NOT EXISTS ({_READ_BY_OPEN_RUN.format('q')}) "
            "ORDER BY q.data_id, q.version LIMIT 1"
        )
        if due is None:
            return False
        if self._can_compact(due):
            self._compact(due)
        with self._store.transaction() as db:
            db.run("DELETE FROM compact_due WHERE data_id = ? AND version = ?", (due["data_id"], due["version"]))
        return True

    def _can_compact(self, due: Row) -> bool:
        checksum = due["checksum"]
        if checksum is None or not (path := path_of(self._content, checksum)).is_file():
            return False
        return path.stat().st_size >= _LEAST_BYTES and not must_be_plain(self._store.db, checksum)

    def _compact(self, due: Row) -> None:
        checksum: str = due["checksum"]
        compact = compact_path_of(self._content, checksum)
        if not self._is_sound(checksum):
            with self._store.transaction() as db:
                db.run("DELETE FROM compact WHERE checksum = ?", (checksum,))
                compact.unlink(missing_ok=True)
            part = self._tmp / f"{new_id()}.compact"
            try:
                if not self._encode(due, part):
                    return
                part.replace(compact)
                flush_file(compact.parent)
            finally:
                part.unlink(missing_ok=True)
            if not self._is_sound(checksum):
                compact.unlink(missing_ok=True)
                return
        with self._store.transaction() as db:
            record_compact_form(db, compact)
        self._remove_plain(checksum)

    def _remove_plain(self, checksum: str) -> None:
        with self._store.transaction() as db:
            # Meanwhile the same content may have become the newest version of a dataset, or the input of a run.
            if not must_be_plain(db, checksum):
                path_of(self._content, checksum).unlink(missing_ok=True)

    def _is_sound(self, checksum: str) -> bool:
        """Return whether there is a compact form that is decoded to the content with this checksum."""
        path = compact_path_of(self._content, checksum)
        if not path.is_file():
            return False
        try:
            return hash_of_stored(self._content, checksum, is_compact=True) == checksum
        except (DamagedCompactForm, FileNotFoundError):
            return False

    def _encode(self, due: Row, target: Path) -> bool:
        """Write the compact form of a content; return whether it pays."""
        base_checksum = self._base_of(due)
        with contextlib.ExitStack() as stack:
            content = stack.enter_context(contextlib.closing(PlainContent(path_of(self._content, due["checksum"]))))
            base: Readable | None = None
            if base_checksum is not None:
                base = stack.enter_context(contextlib.closing(open_stored(self._content, base_checksum)))
            return write_compact_form(content, base, base_checksum, target)

    def _base_of(self, due: Row) -> str | None:
        """Return the checksum of the content to encode against: of the nearest version that is stored."""
        number = due["version"]
        while distance := base_distance(number - 1):
            number -= distance
            sql = "SELECT checksum FROM version WHERE data_id = ? AND version = ?"
            checksum = self._store.db.value(sql, (due["data_id"], number))
            if checksum is not None and is_stored(self._content, checksum) and self._is_base(checksum, due["checksum"]):
                return str(checksum)
        return None

    def _is_base(self, base: str, checksum: str) -> bool:
        """Return whether a content can be a base: it does not depend on this content, and its chain is short."""
        chain = [base]
        while chain[-1] != checksum and len(chain) <= _MOST_STEPS:
            path = compact_path_of(self._content, chain[-1])
            # Content that is stored as it is may be compacted later, with the base that its compact form has now.
            following = read_index(path).base if path.is_file() else None
            if following is None:
                above = "SELECT 1 FROM compact WHERE base = ?"
                return len(chain) < _MOST_STEPS // 2 or self._store.db.value(above, (checksum,)) is None
            chain.append(following)
        return False


def record_compact_form(db: DB, path: Path) -> None:
    """Record a compact form by what its file states."""
    index = read_index(path)
    row = (path.name.partition(".")[0], index.base, index.size, path.stat().st_size)
    db.run("INSERT OR REPLACE INTO compact (checksum, base, size, stored) VALUES (?, ?, ?, ?)", row)


def must_be_plain(db: DB, checksum: str) -> bool:
    """Return whether content is stored as it is: of a newest or pinned version, or of one that an open run reads."""
    sql = (
        "SELECT 1 FROM version v JOIN data d ON d.id = v.data_id WHERE v.checksum = ? AND (v.version = d.newest OR "
        "EXISTS (SELECT 1 FROM flow_input p WHERE p.data_id = v.data_id AND p.pinned = v.version) "
        f"OR EXISTS ({_READ_BY_OPEN_RUN.format('v')}))"
    )
    return db.value(sql, (checksum,)) is not None


def remove_unused(db: DB, content: Path, checksum: str) -> int:
    """Remove content that no file names and no compact form was encoded against; return the number of bytes.

    What only this content was encoded against is removed as well.
    """
    named = "SELECT 1 FROM file WHERE checksum = ? UNION ALL SELECT 1 FROM compact WHERE base = ?"
    removed, following = 0, str(checksum)
    while following and db.value(named, (following, following)) is None:
        base = db.value("SELECT base FROM compact WHERE checksum = ?", (following,))
        for path in (path_of(content, following), compact_path_of(content, following)):
            with contextlib.suppress(FileNotFoundError):
                size = path.stat().st_size
                path.unlink()
                removed += size
        db.run("DELETE FROM compact WHERE checksum = ?", (following,))
        following = base
    return removed
