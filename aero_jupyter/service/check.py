"""What must always hold of a store and its content, looked at on demand."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

from aero_jupyter.core.policy import InputState, PolicyEnum, is_due
from aero_jupyter.service.content import path_of, sha256_of
from aero_jupyter.service.daemon import state_file
from aero_jupyter.service.durable import UNDER_WAY
from aero_jupyter.service.flows import OPEN
from aero_jupyter.service.store import stamp

#: Seconds after which nothing waits any more that is not waited for.
_LONG = 300.0
#: Seconds in which a run that is being taken up or ended is past that.
_RIGHT_NOW = 1.0
#: No run of the flow waits or is under way, and nobody cancelled the last one.
_IDLE = (
    "NOT EXISTS (SELECT 1 FROM run r WHERE r.flow_id = f.id AND r.state IN ('queued', 'pulling', 'running', 'committing')) "
    "AND coalesce((SELECT r.state FROM run r WHERE r.flow_id = f.id ORDER BY r.seq DESC LIMIT 1), '') != 'cancelled'"
)
_Rows = Callable[..., Iterator[tuple[object, ...]]]


def violations(home: Path, *, quiet: bool = False) -> list[str]:
    """Look at everything kept in the folder of a local AERO, running or not.

    Parameters
    ----------
    home : Path
        The folder.
    quiet : bool
        Whether all work is said to be done, so that every run still open is a violation too. Where it is not, only
        those are that nobody goes on with.

    Returns
    -------
    list of str
        A sentence for each thing that is not as it must be; empty where all is well.
    """
    database = home / "aero.db"
    if not database.exists() and not any(home.glob("content/*/*")):
        return []
    try:
        return _violations(home, database, quiet)
    except sqlite3.DatabaseError as error:
        return [f"The store cannot be read: {error}. Move the folder away, and: aero-jupyter local restore FILE"]


def _violations(home: Path, database: Path, quiet: bool) -> list[str]:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)
    try:
        # One snapshot, so that what is being committed is seen whole or not at all.
        connection.execute("BEGIN")
        looks = [_database, _numbers, _bytes, _provenance, _related, _temporary]
        looks += [_stuck, _forgotten, _late] if quiet else []
        found = [sentence for look in looks for sentence in look(connection.execute, home)]
    finally:
        connection.close()
    return found if quiet else found + _left_alone(home)


def _left_alone(home: Path) -> list[str]:
    """Say what nobody goes on with; looked at twice, because a run that ends right now is not left alone."""
    looks = [_unfollowed, _waiting, _forgotten, *((_late,) if _runs_long(home) else ())]
    found: list[str] = []
    for pause in (0.0, _RIGHT_NOW):
        if pause and not found:
            break
        time.sleep(pause)
        with contextlib.closing(sqlite3.connect(f"file:{home / 'aero.db'}?mode=ro", uri=True, timeout=30)) as store:
            now = [sentence for look in looks for sentence in look(store.execute, home)]
        found = [sentence for sentence in now if sentence in found] if pause else now
    return found


def _database(rows: _Rows, _: Path) -> Iterator[str]:
    for (said,) in rows("PRAGMA quick_check"):
        if said != "ok":
            yield f"SQLite says of the store: {said}."


def _numbers(rows: _Rows, _: Path) -> Iterator[str]:
    sql = (
        "SELECT d.id, d.newest, count(v.id), coalesce(max(v.version), 0), coalesce(min(v.version), 1) FROM data d "
        "LEFT JOIN version v ON v.data_id = d.id GROUP BY d.id "
        "HAVING d.newest != count(v.id) OR max(v.version) != count(v.id) OR min(v.version) != 1"
    )
    for id, newest, count, highest, lowest in rows(sql):
        yield f"Data {id} has {count} versions, numbered {lowest} to {highest}, and counts {newest}."


def _bytes(rows: _Rows, home: Path) -> Iterator[str]:
    sql = (
        "SELECT v.data_id, v.version, v.checksum, f.checksum FROM version v JOIN data d ON d.id = v.data_id "
        "LEFT JOIN file f ON f.collection = d.collection_uuid AND f.name = v.file_name "
        "WHERE NOT d.no_copy AND d.collection_uuid = (SELECT value FROM meta WHERE key = 'collection')"
    )
    for id, number, checksum, kept in rows(sql):
        if kept != checksum:
            yield f"Version {number} of data {id} has no file of its checksum."
    for (checksum,) in rows("SELECT DISTINCT checksum FROM file"):
        path = path_of(home / "content", str(checksum))
        if not path.is_file():
            yield f"The content {checksum} is missing."
        elif sha256_of(path) != checksum:
            yield f"The content {checksum} holds other bytes."


def _provenance(rows: _Rows, _: Path) -> Iterator[str]:
    sql = (
        "SELECT r.id, count(p.id), CASE json_type(f.flow_kwargs) WHEN 'array' THEN json_array_length(f.flow_kwargs) "
        "ELSE 1 END AS tasks FROM run r JOIN flow f ON f.id = r.flow_id LEFT JOIN prov p ON p.run_id = r.id "
        "WHERE r.state IN ('done', 'unchanged') GROUP BY r.id HAVING count(p.id) != tasks"
    )
    for id, count, tasks in rows(sql):
        yield f"Run {id} has {count} provenance records, not {tasks}."


def _related(rows: _Rows, _: Path) -> Iterator[str]:
    for table in ("prov_used", "prov_made"):
        sql = f"SELECT prov_id FROM {table} WHERE version_id NOT IN (SELECT id FROM version)"
        for (id,) in rows(sql):
            yield f"Provenance {id} names a version that does not exist."


def _temporary(_: _Rows, home: Path) -> Iterator[str]:
    old = time.time() - 86_400
    for folder in ("tmp", "work"):
        for path in (home / folder).glob("*"):
            # What a run that ends right now takes away is not what stays.
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < old:
                    yield f"The temporary {folder}/{path.name} is older than a day."


def _stuck(rows: _Rows, _: Path) -> Iterator[str]:
    for id, state in rows(f"SELECT id, state FROM run WHERE state = 'queued' OR state IN {OPEN}"):
        yield f"Run {id} is still {state}."


def _paused(rows: _Rows) -> str:
    """Spell the column of paused flows, which a store of the first format does not have."""
    return "f.paused" if any(name == "paused" for _, name, *_ in rows("PRAGMA table_info(flow)")) else "0"


def _forgotten(rows: _Rows, _: Path) -> Iterator[str]:
    for id, policy in list(rows(f"SELECT f.id, f.policy FROM flow f WHERE NOT {_paused(rows)} AND {_IDLE}")):
        sql = "SELECT d.newest, i.used FROM flow_input i JOIN data d ON d.id = i.data_id WHERE i.flow_id = ?"
        states = [InputState(int(str(newest)), int(str(used))) for newest, used in rows(sql, (id,))]
        if is_due(PolicyEnum(int(str(policy))), states):
            yield f"Flow {id} did not run on the newest version of its input."


def _late(rows: _Rows, _: Path) -> Iterator[str]:
    ready = "(SELECT 1 FROM flow_input i JOIN data d ON d.id = i.data_id WHERE i.flow_id = f.id AND d.newest = 0)"
    sql = f"SELECT f.id, f.next_due FROM flow f WHERE f.next_due < ? AND NOT {_paused(rows)} AND NOT EXISTS {ready}"
    for id, due in rows(sql, (_long_ago(),)):
        yield f"Flow {id} was due at {due}, and did not run."


def _unfollowed(rows: _Rows, home: Path) -> Iterator[str]:
    """Runs that are open, and whose workflow goes on no more."""
    if not (home / "engine.db").exists():
        return
    with contextlib.closing(sqlite3.connect(f"file:{home / 'engine.db'}?mode=ro", uri=True, timeout=30)) as engine:
        for id, state, started in list(rows(f"SELECT id, state, started_at FROM run WHERE state IN {OPEN}")):
            sql = "SELECT status FROM workflow_status WHERE workflow_uuid = ? OR workflow_uuid GLOB ?"
            states = {status for (status,) in engine.execute(sql, (id, f"{id}.*"))}
            if not states & {*UNDER_WAY} and (states or str(started) < _long_ago()):
                yield f"Run {id} is still {state}, and nothing goes on with it."


def _waiting(rows: _Rows, home: Path) -> Iterator[str]:
    """Runs that wait for long though nothing runs that they could wait for."""
    if not _runs_long(home) or any(rows(f"SELECT 1 FROM run WHERE state IN {OPEN}")):
        return
    for (id,) in rows("SELECT id FROM run WHERE state = 'queued' AND created_at < ?", (_long_ago(),)):
        yield f"Run {id} is still queued, though nothing runs."


def _long_ago() -> str:
    return stamp(datetime.now(timezone.utc) - timedelta(seconds=_LONG))


def _runs_long(home: Path) -> bool:
    """Whether the local AERO has been running for long enough to have come to everything."""
    with contextlib.suppress(OSError):
        return state_file(home).stat().st_mtime < time.time() - _LONG
    return False
