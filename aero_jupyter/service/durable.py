"""DBOS on SQLite: the durable workflows under the engine."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

#: A constant: with DBOS's default, a hash of the code, an upgrade would leave pending runs pending for ever.
_APPLICATION_VERSION = "1"


def prepare(home: Path) -> None:
    """Make DBOS with its database in a folder; steps and workflows can then be declared, and `DBOS.launch` called."""
    from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer
    from sqlalchemy import Engine, event

    if sqlite3.sqlite_version_info < (3, 42):
        event.listen(Engine, "connect", _teach_fractions)
    config: DBOSConfig = {
        "name": "aero",
        "system_database_url": f"sqlite:///{home / 'engine.db'}",
        "application_version": _APPLICATION_VERSION,
        "executor_id": "local",
        "log_level": "WARNING",
        "serializer": DBOSPortableJSONSerializer(),
    }
    DBOS(config=config)


def _teach_fractions(connection: Any, _: object) -> None:
    """Give an old SQLite ``unixepoch('subsec')``, which DBOS relies on from Python 3.12 on."""
    connection.create_function("unixepoch", 1, seconds_since_1970)


def seconds_since_1970(mode: str) -> float | int:
    """What SQLite's ``unixepoch`` says of now."""
    return time.time() if mode in ("subsec", "subsecond") else int(time.time())
