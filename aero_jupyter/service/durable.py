"""DBOS on SQLite: the durable workflows under the engine."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

from aero_jupyter.service.store import use_wal

#: A constant: with DBOS's default, a hash of the code, an upgrade would leave pending runs pending for ever.
_APPLICATION_VERSION = "1"
#: Seconds between two looks of DBOS for delayed, queued or messaged work. The engine has none: it starts its workflows.
_SELDOM = 60.0
#: What DBOS calls a workflow that goes on.
UNDER_WAY = ("PENDING", "ENQUEUED", "DELAYED")


def prepare(home: Path) -> None:
    """Make DBOS with its database in a folder; steps and workflows can then be declared, and `DBOS.launch` called."""
    from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, _workflow_commands
    from sqlalchemy import Engine, event

    if sqlite3.sqlite_version_info < (3, 42):
        event.listen(Engine, "connect", _teach_fractions)
    database = home / "engine.db"
    use_wal(database)
    config: DBOSConfig = {
        "name": "aero",
        "system_database_url": f"sqlite:///{database}",
        "application_version": _APPLICATION_VERSION,
        "executor_id": "local",
        "log_level": "WARNING",
        "serializer": DBOSPortableJSONSerializer(),
        "notification_listener_polling_interval_sec": _SELDOM,
    }
    # Its configuration lacks this one; a look a second costs an idle laptop its battery.
    _workflow_commands._BACKGROUND_JOBS_INTERVAL_SEC = _SELDOM
    DBOS(config=config)


def rest() -> None:
    """Look seldom into DBOS's own queue too, which only brings back the runs that a crash interrupted."""
    from dbos._dbos import _get_dbos_instance

    _get_dbos_instance()._registry.get_internal_queue()._polling_interval_sec = _SELDOM


def has_ended(id: str) -> bool:
    """Whether a workflow exists and goes on no more, whatever came of it."""
    from dbos import DBOS

    status = DBOS.get_workflow_status(id)
    return status is not None and status.status not in UNDER_WAY


def is_of_store(error: BaseException | None) -> bool:
    """Whether an error comes of a database or a disk that cannot be used now."""
    while error is not None:
        if isinstance(error, (sqlite3.DatabaseError, OSError)):
            return True
        error = error.__cause__ or error.__context__
    return False


def _teach_fractions(connection: Any, _: object) -> None:
    """Give an old SQLite ``unixepoch('subsec')``, which DBOS relies on from Python 3.12 on."""
    connection.create_function("unixepoch", 1, seconds_since_1970)


def seconds_since_1970(mode: str) -> float | int:
    """What SQLite's ``unixepoch`` says of now."""
    return time.time() if mode in ("subsec", "subsecond") else int(time.time())
