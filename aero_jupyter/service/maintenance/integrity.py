"""The integrity check of a store and its content."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

from aero_jupyter.core.policy import InputState, PolicyEnum, is_due
from aero_jupyter.service.local_home import state_file
from aero_jupyter.service.storage.compact_form import DamagedCompactForm
from aero_jupyter.service.storage.connection import stamp
from aero_jupyter.service.storage.run_state_lists import CLAIMED_SQL, OPEN_SQL, SUCCESSFUL_SQL
from aero_jupyter.service.storage.store_identity import CURES, holds_store, require_store
from aero_jupyter.service.storage.stored_content import compact_path_of, hash_of_stored, is_stored, path_of

#: Seconds after which an unfinished operation counts as abandoned.
_LONG = 300.0
#: Seconds after which a run that was just claimed or ended has settled.
_RIGHT_NOW = 1.0
#: The flow has no queued or active run, and its last run was not cancelled.
_IDLE = (
    f"NOT EXISTS (SELECT 1 FROM run r WHERE r.flow_id = f.id AND r.state IN {OPEN_SQL}) "
    "AND coalesce((SELECT r.state FROM run r WHERE r.flow_id = f.id ORDER BY r.seq DESC LIMIT 1), '') != 'cancelled'"
)
_Rows = Callable[..., Iterator[tuple[object, ...]]]


def violations(home: Path, *, quiet: bool = False) -> list[str]:
    """Check the integrity of everything stored in the folder of a local AERO, running or not.

    Parameters
    ----------
    home : Path
        The folder.
    quiet : bool
        Whether all work should be done, so that every open run is a violation. Otherwise only abandoned runs are
        violations.

    Returns
    -------
    list of str
        A sentence for each violation; empty if there is none.
    """
    database = home / "aero.db"
    if not holds_store(home):
        return []
    try:
        return _find_violations(home, database, quiet)
    except sqlite3.DatabaseError as error:
        return [f"The store cannot be read: {error}. To repair it, {CURES}"]


def _find_violations(home: Path, database: Path, quiet: bool) -> list[str]:
    require_store(database)
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)
    try:
        # One transaction, so that a concurrent commit is seen completely or not at all.
        connection.execute("BEGIN")
        checks = [
            _check_database,
            _check_version_numbers,
            _check_content,
            _check_provenance_counts,
            _check_provenance_versions,
            _check_temporary_files,
        ]
        checks += [_check_open_runs, _check_missed_inputs, _check_missed_schedules] if quiet else []
        found = [sentence for check in checks for sentence in check(connection.execute, home)]
    finally:
        connection.close()
    return found if quiet else found + _abandoned_runs(home)


def _abandoned_runs(home: Path) -> list[str]:
    """Return a sentence for each abandoned run; checks twice, because a run may be ending right now."""
    checks = [_check_queued_runs, _check_missed_inputs, *((_check_missed_schedules,) if _has_run_long(home) else ())]
    found: list[str] = []
    for pause in (0.0, _RIGHT_NOW):
        if pause and not found:
            break
        time.sleep(pause)
        with contextlib.closing(sqlite3.connect(f"file:{home / 'aero.db'}?mode=ro", uri=True, timeout=30)) as store:
            now = [sentence for check in checks for sentence in check(store.execute, home)]
        found = [sentence for sentence in now if sentence in found] if pause else now
    return found


def _check_database(rows: _Rows, _: Path) -> Iterator[str]:
    for (said,) in rows("PRAGMA quick_check"):
        if said != "ok":
            yield f"SQLite reports about the store: {said}."


def _check_version_numbers(rows: _Rows, _: Path) -> Iterator[str]:
    # Versions that stand for an earlier time are numbered with the others, and are never the newest.
    ordinary = "v.as_of IS NULL" if _has_column(rows, "version", "as_of") else "1"
    sql = (
        "SELECT d.id, d.newest, count(v.id), coalesce(max(v.version), 0), coalesce(min(v.version), 1) FROM data d "
        "LEFT JOIN version v ON v.data_id = d.id GROUP BY d.id "
        f"HAVING d.newest != coalesce(max(CASE WHEN {ordinary} THEN v.version END), 0) "
        "OR max(v.version) != count(v.id) OR min(v.version) != 1"
    )
    for id, newest, count, highest, lowest in rows(sql):
        yield f"Dataset {id} has {count} versions, numbered {lowest} to {highest}, but {newest} is recorded as the newest."


def _check_content(rows: _Rows, home: Path) -> Iterator[str]:
    sql = (
        "SELECT v.data_id, v.version, v.checksum, f.checksum FROM version v JOIN data d ON d.id = v.data_id "
        "LEFT JOIN file f ON f.collection = d.collection_uuid AND f.name = v.file_name "
        "WHERE NOT d.no_copy AND d.collection_uuid = (SELECT value FROM meta WHERE key = 'collection') "
        f"AND {_removed_column(rows)} IS NULL"
    )
    for id, number, checksum, kept in rows(sql):
        if kept != checksum:
            yield f"Version {number} of dataset {id} has no file with its checksum."
    for (checksum,) in rows("SELECT DISTINCT checksum FROM file"):
        if fault := _content_fault(home / "content", str(checksum)):
            yield fault


def _content_fault(content: Path, checksum: str) -> str | None:
    """Return a sentence if content is missing or damaged in a form in which it is stored."""
    for is_compact in (False, True):
        path = (compact_path_of if is_compact else path_of)(content, checksum)
        if not is_compact and not is_stored(content, checksum):
            return f"The content {checksum} is missing."
        # The service may compact the content at this moment: it is in the other form then.
        with contextlib.suppress(FileNotFoundError):
            try:
                if path.is_file() and hash_of_stored(content, checksum, is_compact=is_compact) != checksum:
                    return f"The content {checksum} does not match its checksum."
            except DamagedCompactForm:
                return f"The compact form of the content {checksum} cannot be decoded."
            except FileNotFoundError:
                if path.is_file():
                    return f"The content {checksum} was encoded against a content that is missing."
    return None


def _check_provenance_counts(rows: _Rows, _: Path) -> Iterator[str]:
    sql = (
        "SELECT r.id, count(p.id), CASE json_type(f.flow_kwargs) WHEN 'array' THEN json_array_length(f.flow_kwargs) "
        "ELSE 1 END AS tasks FROM run r JOIN flow f ON f.id = r.flow_id LEFT JOIN prov p ON p.run_id = r.id "
        f"WHERE r.state IN {SUCCESSFUL_SQL} GROUP BY r.id HAVING count(p.id) != tasks"
    )
    for id, count, tasks in rows(sql):
        yield f"Run {id} has {count} provenance records, not {tasks}."


def _check_provenance_versions(rows: _Rows, _: Path) -> Iterator[str]:
    for table in ("prov_used", "prov_made"):
        sql = f"SELECT prov_id FROM {table} WHERE version_id NOT IN (SELECT id FROM version)"
        for (id,) in rows(sql):
            yield f"Provenance {id} names a version that does not exist."


def _check_temporary_files(_: _Rows, home: Path) -> Iterator[str]:
    old = time.time() - 86_400
    for folder in ("tmp", "work"):
        for path in (home / folder).glob("*"):
            # A run that ends right now removes its own files.
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < old:
                    yield f"The temporary {folder}/{path.name} is older than a day."


def _check_open_runs(rows: _Rows, _: Path) -> Iterator[str]:
    for id, state in rows(f"SELECT id, state FROM run WHERE state IN {OPEN_SQL}"):
        yield f"Run {id} is still {state}."


def _paused_column(rows: _Rows) -> str:
    """Return the SQL of the column for paused flows, which a store of the first format does not have."""
    return "f.paused" if _has_column(rows, "flow", "paused") else "0"


def _has_column(rows: _Rows, table: str, column: str) -> bool:
    """Return whether a table has a column; stores of earlier formats lack some."""
    return any(name == column for _, name, *_ in rows(f"PRAGMA table_info({table})"))


def _removed_column(rows: _Rows) -> str:
    """Return the SQL of the column for removed content, which a store before format 9 does not have."""
    return "v.removed_at" if any(name == "removed_at" for _, name, *_ in rows("PRAGMA table_info(version)")) else "NULL"


def _check_missed_inputs(rows: _Rows, _: Path) -> Iterator[str]:
    for id, policy in list(rows(f"SELECT f.id, f.policy FROM flow f WHERE NOT {_paused_column(rows)} AND {_IDLE}")):
        sql = "SELECT d.newest, i.used, i.pinned FROM flow_input i JOIN data d ON d.id = i.data_id WHERE i.flow_id = ?"
        found = rows(sql, (id,))
        states = [InputState(int(str(newest)), int(str(used)), pin is not None) for newest, used, pin in found]
        if is_due(PolicyEnum(int(str(policy))), states):
            yield f"Flow {id} did not run on the newest version of its input."


def _check_missed_schedules(rows: _Rows, _: Path) -> Iterator[str]:
    ready = "(SELECT 1 FROM flow_input i JOIN data d ON d.id = i.data_id WHERE i.flow_id = f.id AND d.newest = 0)"
    sql = f"SELECT f.id, f.next_due FROM flow f WHERE f.next_due < ? AND NOT {_paused_column(rows)} AND NOT EXISTS {ready}"
    for id, due in rows(sql, (_abandoned_since(),)):
        yield f"Flow {id} was due at {due}, but did not run."


def _check_queued_runs(rows: _Rows, home: Path) -> Iterator[str]:
    """Yield a sentence for each run that has been queued for long although no run is active."""
    if not _has_run_long(home) or any(rows(f"SELECT 1 FROM run WHERE state IN {CLAIMED_SQL}")):
        return
    for (id,) in rows("SELECT id FROM run WHERE state = 'queued' AND created_at < ?", (_abandoned_since(),)):
        yield f"Run {id} is still queued, although no run is active."


def _abandoned_since() -> str:
    return stamp(datetime.now(timezone.utc) - timedelta(seconds=_LONG))


def _has_run_long(home: Path) -> bool:
    """Return whether the local AERO has been running long enough to have processed everything."""
    with contextlib.suppress(OSError):
        return state_file(home).stat().st_mtime < time.time() - _LONG
    return False
