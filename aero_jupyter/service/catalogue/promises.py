"""Freshness promises of datasets."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta, timezone

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.freshness import FreshnessPromise, FreshnessState, promise_beginning
from aero_jupyter.service.storage.connection import DB, RequestError, Row, stamp
from aero_jupyter.service.storage.database import Store

#: Longer than the time between two deadlines.
_LONGEST_PERIOD = timedelta(days=40)


def store_promise(store: Store, data_id: str, text: str | None, since: datetime | None = None) -> Row | None:
    """Store the promise of a dataset, or remove it; return it with its beginning.

    Raises
    ------
    InvalidArgument
        If the text is no promise.
    RequestError
        If there is no such dataset.
    """
    promise = None
    if text is not None:
        promise = FreshnessPromise.parse(text).text
    beginning = None if since is None else stamp(promise_beginning(since))
    with store.transaction() as db:
        before = db.row("SELECT promise, promised_since FROM data WHERE id = ?", (data_id,))
        if before is None:
            raise RequestError(404, f"Data with id {data_id} not found.")
        if promise == before["promise"] and beginning is None:
            beginning = before["promised_since"]
        elif promise is not None:
            beginning = beginning or stamp()
        row = (promise, beginning if promise else None, data_id)
        db.run("UPDATE data SET promise = ?, promised_since = ? WHERE id = ?", row)
    return {"promise": promise, "since": beginning} if promise else None


def promise_state(db: DB, data: Row, promise: FreshnessPromise, now: datetime) -> FreshnessState:
    """Return whether a dataset keeps its promise, by its versions."""
    beginning = _moment(data["promised_since"])
    values = (data["id"], stamp(beginning - _LONGEST_PERIOD))
    rows = db.rows("SELECT created_at FROM version WHERE data_id = ? AND created_at >= ?", values)
    return promise.state([_moment(row["created_at"]) for row in rows], beginning, now)


def promise_out(db: DB, data: Row) -> Row:
    """Return the promise of a dataset as a record; ``late_since`` is there if the dataset is late."""
    shown = {"promise": data["promise"], "since": data["promised_since"]}
    # The time zones of this machine may have changed since the promise was made.
    with contextlib.suppress(InvalidArgument):
        state = promise_state(db, data, FreshnessPromise.parse(data["promise"]), datetime.now(timezone.utc))
        if state.late_since is not None:
            shown["late_since"] = stamp(state.late_since)
    return shown


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)
