"""What must always hold of a store and its content, looked at on demand."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.service.content import path_of, sha256_of
from aero_jupyter.service.flows import OPEN

_Rows = Callable[..., Iterator[tuple[object, ...]]]


def violations(home: Path, *, quiet: bool = False) -> list[str]:
    """Look at everything kept in the folder of a local AERO, running or not.

    Parameters
    ----------
    home : Path
        The folder.
    quiet : bool
        Whether all work is said to be done, so that runs still open or missing are violations too.

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
        looks += [_stuck, _forgotten] if quiet else []
        return [sentence for look in looks for sentence in look(connection.execute, home)]
    finally:
        connection.close()


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
    sql = (
        "SELECT f.id FROM flow f JOIN flow_input i ON i.flow_id = f.id JOIN data d ON d.id = i.data_id "
        f"WHERE f.policy = {int(PolicyEnum.ANY)} AND i.pinned IS NULL AND NOT {_paused(rows)} "
        "GROUP BY f.id HAVING min(d.newest) > 0 AND max(d.newest > i.used)"
    )
    for (id,) in rows(sql):
        yield f"Flow {id} did not run on the newest version of its input."
