"""Garbage collection: content that no version uses, temporary files and old logs."""

from __future__ import annotations

import contextlib
import shutil
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

from aero_jupyter.core.warned_files import WARNINGS_SUFFIX
from aero_jupyter.jobs.typed_csv import TYPES_SUFFIX
from aero_jupyter.service.maintenance import home_folder
from aero_jupyter.service.maintenance.backup import STORE_NAME, open_store
from aero_jupyter.service.storage.compact_form import DamagedCompactForm
from aero_jupyter.service.storage.connection import DB, stamp
from aero_jupyter.service.storage.content import DECODED_SUFFIX
from aero_jupyter.service.storage.run_state_lists import CLAIMED_SQL
from aero_jupyter.service.storage.stored_content import checksum_of, compact_path_of, read_index

#: Seconds for which content without a version is kept, because an unfinished run may still commit it.
FRESH = 86_400.0
#: Days for which the log of a run is kept.
LOGS_DAYS = 90


def gc(home: Path, fresh: float = FRESH) -> tuple[int, int]:
    """Remove content that no version uses; return the number of removed files and their bytes.

    Also removed are temporary files left by a crash, the logs of tasks, and the logs of runs that ended long ago.
    Files younger than `fresh` seconds are kept. The local AERO may run.

    Raises
    ------
    InvalidArgument
        If the store cannot be read, so that the used content is unknown.
    """
    if not (home / STORE_NAME).exists():
        return 0, 0
    removed, size = 0, 0
    old = time.time() - fresh
    # No upload is published during this transaction.
    with home_folder.shared_use(home, "garbage collection"), open_store(home / STORE_NAME).transaction() as db:
        kept = "SELECT v.file_name FROM version v WHERE v.file_name IS NOT NULL"
        before = stamp(datetime.fromtimestamp(old, timezone.utc))
        beside = [
            f"SELECT v.file_name || '{suffix}' FROM version v WHERE v.file_name IS NOT NULL"
            for suffix in (TYPES_SUFFIX, WARNINGS_SUFFIX)
        ]
        used = " UNION ALL ".join([kept, *beside])
        db.run(f"DELETE FROM file WHERE created_at < ? AND name NOT IN ({used})", (before,))
        wanted = {row["checksum"] for row in db.rows("SELECT DISTINCT checksum FROM file")}
        used_contents = wanted | _bases_of(home / "content", wanted)
        for path in (home / "content").glob("*/*"):
            checksum = checksum_of(path)
            if checksum not in used_contents and path.stat().st_mtime < old:
                size += path.stat().st_size
                removed += 1
                path.unlink()
                db.run("DELETE FROM compact WHERE checksum = ?", (checksum,))
        _remove_summaries(home, wanted, old)
        _sweep(db, home, old)
    return removed, size


def _bases_of(content: Path, wanted: set[str]) -> set[str]:
    """Return the contents that the compact forms of wanted contents are decoded with."""
    found: set[str] = set()
    left = list(wanted)
    while left:
        path = compact_path_of(content, left.pop())
        # Without its base, a damaged form is still damaged, and the integrity check reports it.
        with contextlib.suppress(FileNotFoundError, DamagedCompactForm):
            base = read_index(path).base
            if base is not None and base not in found:
                found.add(base)
                left.append(base)
    return found


def _remove_summaries(home: Path, wanted: set[str], old: float) -> None:
    """Remove the summaries of content that no version uses; each is named after its content."""
    for path in (home / "summaries").glob("*"):
        with contextlib.suppress(FileNotFoundError):
            is_wanted = path.name.partition(".")[0] in wanted and path.suffix != DECODED_SUFFIX
            if not is_wanted and path.stat().st_mtime < old:
                path.unlink()


def _sweep(db: DB, home: Path, old: float) -> None:
    open_ones = {row["id"] for row in db.rows(f"SELECT id FROM run WHERE state IN {CLAIMED_SQL}")}
    open_ones |= {row["id"] for row in db.rows("SELECT id FROM task WHERE completed_at IS NULL")}
    recent = {
        row["id"]
        for row in db.rows("SELECT id FROM run WHERE ended_at IS NULL OR ended_at > ?", (_log_retention_cutoff(),))
    }
    db.run("DELETE FROM notice WHERE created_at < ?", (_log_retention_cutoff(),))
    for pattern, kept in (("work/*", open_ones), ("tmp/*", set()), ("runs/*.log", open_ones | recent)):
        for path in home.glob(pattern):
            # A run that ends right now removes its own files.
            with contextlib.suppress(FileNotFoundError):
                if path.stem not in kept and path.lstat().st_mtime < old:
                    shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _log_retention_cutoff() -> str:
    return stamp(datetime.now(timezone.utc) - timedelta(days=LOGS_DAYS))
