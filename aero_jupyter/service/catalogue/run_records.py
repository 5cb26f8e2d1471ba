"""Runs as rows of a list, for the wire."""

from __future__ import annotations

import json

from aero_jupyter.service.storage.connection import DB, Row

_KEYS = ("id", "flow_id", "flow_name", "state", "created_at", "started_at", "ended_at", "error", "mixed", "circle")
_USED = (
    "SELECT r.version, v.id, v.checksum, v.created_at, d.id AS data_id, d.name FROM run_input r JOIN data d "
    "ON d.id = r.data_id LEFT JOIN version v ON v.data_id = r.data_id AND v.version = r.version WHERE r.run_id = ?"
)
_MADE = (
    "SELECT v.version, v.id, v.checksum, v.created_at, d.id AS data_id, d.name FROM prov p JOIN prov_made m "
    "ON m.prov_id = p.id AND m.is_new JOIN version v ON v.id = m.version_id JOIN data d ON d.id = v.data_id "
    "WHERE p.run_id = ?"
)


def run_summary(db: DB, run: Row) -> Row:
    """Return one run as a row of a list."""
    return {key: run[key] for key in _KEYS} | {
        "trigger": run["cause"],
        "environment": json.loads(run["environment"] or "null"),
        "derived_from": [_with_dataset(row) for row in db.rows(_USED, (run["id"],))],
        "contributed_to": [_with_dataset(row) for row in db.rows(_MADE, (run["id"],))],
    }


def _with_dataset(row: Row) -> Row:
    return {**row, "data": {"id": row["data_id"], "name": row.pop("name")}}
