"""Runs: claimed one at a time a flow, moved from state to state, shown with their steps."""

from __future__ import annotations

import json
import shutil
from collections.abc import Container
from pathlib import Path
from typing import Any

from aero_jupyter.core.models import FINAL_STATES
from aero_jupyter.service.catalogue import Catalogue, kwargs_list, required
from aero_jupyter.service.flows import OPEN, enqueue, inputs_of
from aero_jupyter.service.logs import without_secrets
from aero_jupyter.service.store import Refused, Row, stamp

#: Bytes of a log that a run shows: its beginning and its end.
_HEAD, _TAIL = 16_384, 49_152
_STEPS = ("pulling", "running", "committing")


class Runs:
    """The runs of one local AERO."""

    def __init__(self, catalogue: Catalogue, home: Path) -> None:
        self._catalogue = catalogue
        self._store = catalogue.store
        self._logs = home / "runs"
        self._work = home / "work"

    def log(self, run_id: str) -> Path:
        """Where a run's output goes."""
        self._logs.mkdir(exist_ok=True)
        return self._logs / f"{run_id}.log"

    def folder(self, run_id: str) -> Path:
        """Where a run keeps its files while it runs."""
        folder = self._work / run_id
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def clear(self, run_id: str) -> None:
        """Remove what a run or task kept while it ran."""
        shutil.rmtree(self._work / run_id, ignore_errors=True)

    def clear_all_but(self, kept: Container[str]) -> None:
        """Remove what runs and tasks kept that a crash ended."""
        for folder in self._work.glob("*"):
            if folder.name not in kept:
                self.clear(folder.name)

    def ask(self, flow_id: str, cause: str = "asked", overrides: Row | None = None) -> Row:
        """Queue a run because somebody asked for it."""
        with self._store.transaction() as db:
            required(db, "flow", flow_id, "Flow with id {} was not found.")
            if any(state.newest == 0 for state in inputs_of(db, flow_id)):
                raise Refused(409, "An input of this flow has no version yet.")
            id = enqueue(db, flow_id, cause, overrides)
        return self.show(id)

    def claim(self) -> Row | None:
        """Take the oldest waiting run whose flow is not running, with the input versions it shall use."""
        with self._store.transaction() as db:
            run = db.row(
                "UPDATE run SET state = 'pulling', started_at = ? WHERE id = (SELECT id FROM run r WHERE state = 'queued' "
                f"AND NOT EXISTS (SELECT 1 FROM run a WHERE a.flow_id = r.flow_id AND a.state IN {OPEN}) "
                "ORDER BY seq LIMIT 1) RETURNING *",
                (stamp(),),
            )
            if run is not None:
                sql = "SELECT ?, i.parameter, i.data_id, coalesce(i.pinned, d.newest) FROM flow_input i "
                sql += "JOIN data d ON d.id = i.data_id WHERE i.flow_id = ?"
                db.run("INSERT INTO run_input " + sql, (run["id"], run["flow_id"]))
                newest = "(SELECT newest FROM data WHERE id = flow_input.data_id)"
                db.run(f"UPDATE flow_input SET used = {newest} WHERE flow_id = ?", (run["flow_id"],))
                db.run("UPDATE flow SET last_executed = ? WHERE id = ?", (stamp(), run["flow_id"]))
            return run

    def open(self) -> list[str]:
        """The runs that were claimed and have not ended."""
        return [row["id"] for row in self._store.db.rows(f"SELECT id FROM run WHERE state IN {OPEN}")]

    def enter(self, run_id: str, state: str) -> bool:
        """Move a run into its next step; False when it has ended meanwhile."""
        with self._store.transaction() as db:
            moved = db.run(f"UPDATE run SET state = ? WHERE id = ? AND state IN {OPEN}", (state, run_id))
            db.run(
                "UPDATE run_step SET state = 'done', ended_at = ? WHERE run_id = ? AND state = 'running'",
                (stamp(), run_id),
            )
            if moved:
                db.run("INSERT OR REPLACE INTO run_step VALUES (?, ?, 'running', ?, NULL)", (run_id, state, stamp()))
        return bool(moved)

    def end(self, run_id: str, state: str, error: str | None = None, traceback: str | None = None) -> bool:
        """Give a run its final state, once; False when it had one already."""
        step = state if state in ("failed", "cancelled") else "done"
        # A source's own words may name the url that it was asked by.
        error, traceback = (text and without_secrets(text) for text in (error, traceback))
        with self._store.transaction() as db:
            sql = "UPDATE run SET state = ?, error = ?, traceback = ?, ended_at = ? WHERE id = ? AND state NOT IN "
            final = "('" + "', '".join(FINAL_STATES) + "')"
            ended = db.run(sql + final, (state, error, traceback, stamp(), run_id))
            if ended:
                db.run(
                    "UPDATE run_step SET state = ?, ended_at = ? WHERE run_id = ? AND state = 'running'",
                    (step, stamp(), run_id),
                )
        return bool(ended)

    def made_anything(self, run_id: str) -> bool:
        """Whether a run added a version, or was not meant to make any."""
        counts = (
            self._store.db.row(
                "SELECT count(*) AS made, coalesce(sum(is_new), 0) AS new FROM prov_made JOIN prov ON prov.id = prov_id "
                "WHERE run_id = ?",
                (run_id,),
            )
            or {}
        )
        return bool(counts["made"] == 0 or counts["new"] > 0)

    def tasks(self, run_id: str) -> list[Row]:
        """What a run has to execute: one task, or one for each of the flow's kwargs."""
        db = self._store.db
        run = required(db, "run", run_id, "Run {} does not exist.")
        flow = required(db, "flow", run["flow_id"], "Flow with id {} was not found.")
        inputs = db.rows(
            "SELECT i.*, r.version, d.collection_uuid, d.collection_url, d.id FROM run_input r JOIN flow_input i "
            "ON i.flow_id = ? AND i.parameter = r.parameter JOIN data d ON d.id = r.data_id WHERE r.run_id = ?",
            (flow["id"], run_id),
        )
        outputs = db.rows(
            "SELECT o.name AS output, d.* FROM flow_output o JOIN data d ON d.id = o.data_id "
            "WHERE flow_id = ? ORDER BY d.seq",
            (flow["id"],),
        )
        overrides = json.loads(run["overrides"])
        aero = self._catalogue.aero(flow["id"], inputs, outputs) | overrides | {"run_id": run_id}
        known = None if overrides else self._known(flow["id"])
        aero |= {"known": known} if known else {}
        common = {"function": flow["function_id"], "endpoint": flow["endpoint"]}
        return [
            {"kwargs": {**kwargs, "aero": {**aero, "task": number}}, **common}
            for number, kwargs in enumerate(kwargs_list(flow))
        ]

    def _known(self, flow_id: str) -> Row | None:
        """Tell what a flow pulled last, and what it made of it, so that only what has changed is pulled."""
        rows = self._store.db.rows(
            "SELECT o.name, o.etag, o.modified, d.url, v.checksum, v.file_name, v.file_type, v.size, v.encoding "
            "FROM flow_output o JOIN data d ON d.id = o.data_id "
            "LEFT JOIN version v ON v.data_id = d.id AND v.version = d.newest WHERE o.flow_id = ?",
            (flow_id,),
        )
        marks = next(((row["etag"], row["modified"]) for row in rows if row["url"]), (None, None))
        if not any(marks) or not all(row["file_name"] for row in rows):
            return None
        newest = {
            row["name"]: {
                "checksum": row["checksum"],
                "file_bn": row["file_name"],
                "file_format": row["file_type"],
                "size": row["size"],
                "encoding": row["encoding"],
            }
            for row in rows
        }
        told = {"etag": marks[0], "last_modified": marks[1]}
        return {"marks": {name: mark for name, mark in told.items() if mark}, "newest": newest}

    def show(self, run_id: str) -> Row:
        """Show one run with its steps, log, traceback, inputs and outputs."""
        run = required(self._store.db, "run", run_id, "Run with id {} was not found.")
        steps = self._store.db.rows(
            "SELECT name, state, started_at, ended_at FROM run_step WHERE run_id = ? ORDER BY started_at", (run_id,)
        )
        return self.brief(run) | {"traceback": run["traceback"], "log": self._read_log(run_id), "steps": steps}

    def brief(self, run: Row) -> Row:
        """Show one run as a row of a list."""
        keys = ("id", "flow_id", "flow_name", "state", "created_at", "started_at", "ended_at", "error")
        sql = (
            "SELECT r.version, v.id, v.checksum, v.created_at, d.id AS data_id, d.name FROM run_input r JOIN data d "
            "ON d.id = r.data_id LEFT JOIN version v ON v.data_id = r.data_id AND v.version = r.version WHERE r.run_id = ?"
        )
        made = (
            "SELECT v.version, v.id, v.checksum, v.created_at, d.id AS data_id, d.name FROM prov p JOIN prov_made m "
            "ON m.prov_id = p.id AND m.is_new JOIN version v ON v.id = m.version_id JOIN data d ON d.id = v.data_id "
            "WHERE p.run_id = ?"
        )
        return {key: run[key] for key in keys} | {
            "trigger": run["cause"],
            "derived_from": [_named(row) for row in self._store.db.rows(sql, (run["id"],))],
            "contributed_to": [_named(row) for row in self._store.db.rows(made, (run["id"],))],
        }

    def _read_log(self, run_id: str) -> str:
        path = self.log(run_id)
        if not path.exists():
            return ""
        with path.open("rb") as file:
            size = path.stat().st_size
            text = file.read(_HEAD + _TAIL if size <= _HEAD + _TAIL else _HEAD)
            if size > _HEAD + _TAIL:
                file.seek(-_TAIL, 2)
                text += f"\n… {size - _HEAD - _TAIL} bytes left out …\n".encode() + file.read()
        return text.decode(errors="replace")

    def counts(self) -> dict[str, Any]:
        """How many there are of each noun."""
        tables = {"data": "data", "versions": "version", "flows": "flow", "runs": "run", "provenance": "prov"}
        return {word: self._store.db.value(f"SELECT count(*) FROM {table}") for word, table in tables.items()}


def _named(row: Row) -> Row:
    return {**row, "data": {"id": row["data_id"], "name": row.pop("name")}}
