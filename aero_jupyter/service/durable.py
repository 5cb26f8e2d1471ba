"""DBOS as the engine needs it: on a SQLite file of its own, and silent while nothing runs."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dbos import DBOS, DBOSConfig

#: A constant: with DBOS's default, a hash of the code, an upgrade would leave pending runs pending for ever.
_APPLICATION_VERSION = "1"


def configured(home: Path) -> DBOS:
    """Make DBOS, not yet launched.

    Parameters
    ----------
    home : Path
        Where it keeps its database.
    """
    from dbos import DBOS, DBOSPortableJSONSerializer

    database = home / "engine.db"
    _write_ahead(database)
    config: DBOSConfig = {
        "name": "aero",
        "system_database_url": f"sqlite:///{database}",
        "application_version": _APPLICATION_VERSION,
        "executor_id": "local",
        "log_level": "WARNING",
        "serializer": DBOSPortableJSONSerializer(),
        "notification_listener_polling_interval_sec": 3600,
    }
    return DBOS(config=config)


def stop_polling(dbos: DBOS) -> None:
    """End its watch over queues, schedules and deadlines: runs use none of them, and each look costs.

    Not before what a crash interrupted has ended: the same events stop the recovery.
    """
    events = [*getattr(dbos, "background_thread_stop_events", ()), getattr(dbos, "_background_jobs_stop_event", None)]
    for event in events:
        if event is not None:
            event.set()


def _write_ahead(database: Path) -> None:
    # The mode stays with the file. In SQLite's own default, readers and writers wait for each other.
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
