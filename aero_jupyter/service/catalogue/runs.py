"""Runs: claimed one at a time per flow, moved from state to state, returned with their steps."""

from __future__ import annotations

import json
import shutil
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Any

from aero_jupyter.core.redaction import redact_text
from aero_jupyter.core.run_states import UNSUCCESSFUL_STATES
from aero_jupyter.service.catalogue.dataset_rows import kwargs_list, required
from aero_jupyter.service.catalogue.input_alignment import mixed
from aero_jupyter.service.catalogue.last_downloads import last_download
from aero_jupyter.service.catalogue.notices import note_run_end
from aero_jupyter.service.catalogue.run_logs import read_log
from aero_jupyter.service.catalogue.run_records import run_summary
from aero_jupyter.service.catalogue.serializers import CatalogueRecords
from aero_jupyter.service.catalogue.triggers import enqueue, fix_inputs, inputs_of, require_aligned_versions
from aero_jupyter.service.storage.connection import DB, RequestError, Row, stamp
from aero_jupyter.service.storage.run_state_lists import CLAIMED_SQL, FINAL_SQL

#: Keeps the environment that an earlier step has recorded.
_SET_ENVIRONMENT = "environment = coalesce(?, environment)"


class Runs:
    """The runs of one local AERO."""

    def __init__(self, catalogue: CatalogueRecords, home: Path) -> None:
        self._catalogue = catalogue
        self._store = catalogue.store
        self._logs = home / "runs"
        self._work = home / "work"
        #: The logs of the tasks of a run that a cluster runs now.
        self.live_logs: dict[str, list[Path]] = {}

    def log(self, run_id: str) -> Path:
        """Return the log file of a run."""
        self._logs.mkdir(exist_ok=True)
        return self._logs / f"{run_id}.log"

    def folder(self, run_id: str) -> Path:
        """Return the folder for a run's files, created if it is missing."""
        folder = self._work / run_id
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def clear(self, run_id: str) -> None:
        """Delete the folder of a run or task."""
        shutil.rmtree(self._work / run_id, ignore_errors=True)

    def clear_all_except(self, kept: Container[str]) -> None:
        """Delete the folders of runs and tasks that a crash interrupted; `kept` names those to keep."""
        for folder in self._work.glob("*"):
            if folder.name not in kept:
                self.clear(folder.name)

    def request_run(self, flow_id: str, cause: str = "asked", overrides: Row | None = None) -> Row:
        """Queue a requested run."""
        with self._store.transaction() as db:
            flow = required(db, "flow", flow_id, "Flow with id {} was not found.")
            if any(state.newest == 0 for state in inputs_of(db, flow_id)):
                raise RequestError(409, "An input of this flow has no version yet.")
            versions = require_aligned_versions(db, flow_id) if flow["aligned"] else None
            id = enqueue(db, flow_id, cause, overrides)
            if versions is not None:
                fix_inputs(db, id, flow_id, versions)
        return self.detail(id)

    def claim(self, condition: str = "IS NOT NULL", values: Sequence[str] = ()) -> Row | None:
        """Claim the oldest queued run whose flow has no active run, and choose its input versions.

        Parameters
        ----------
        condition : str
            SQL that follows the endpoint of the flow.
        values : sequence of str
            The values of the condition.
        """
        with self._store.transaction() as db:
            run = db.row(
                "UPDATE run SET state = 'pulling', started_at = ? WHERE id = (SELECT r.id FROM run r "
                f"WHERE state = 'queued' AND (SELECT endpoint FROM flow WHERE id = r.flow_id) {condition} "
                f"AND NOT EXISTS (SELECT 1 FROM run a WHERE a.flow_id = r.flow_id AND a.state IN {CLAIMED_SQL}) "
                "ORDER BY r.seq LIMIT 1) RETURNING *",
                (stamp(), *values),
            )
            if run is not None:
                _choose_inputs(db, run)
                _begin_step(db, run["id"], "pulling")
                db.run("UPDATE flow SET last_executed = ? WHERE id = ?", (stamp(), run["flow_id"]))
            return run

    def open_ids(self) -> list[str]:
        """Return the ids of the claimed runs that have not ended."""
        return [row["id"] for row in self._store.db.rows(f"SELECT id FROM run WHERE state IN {CLAIMED_SQL}")]

    def open_endpoints(self) -> dict[str, str | None]:
        """Return the endpoint of the flow of each claimed run that has not ended."""
        sql = "SELECT r.id, f.endpoint FROM run r LEFT JOIN flow f ON f.id = r.flow_id WHERE r.state IN "
        return {row["id"]: row["endpoint"] for row in self._store.db.rows(sql + CLAIMED_SQL)}

    def are_final(self, run_ids: Sequence[str]) -> set[str]:
        """Return the subset of the given runs that have ended or that the store does not know."""
        marks = ",".join("?" * len(run_ids))
        sql = f"SELECT id FROM run WHERE id IN ({marks}) AND state NOT IN {FINAL_SQL}"
        return {*run_ids} - {row["id"] for row in self._store.db.rows(sql, run_ids)}

    def enter_step(
        self, run_id: str, state: str, done: tuple[str, Any] | None = None, environment: Row | None = None
    ) -> bool:
        """Move a run into its next step; return False if the run has ended meanwhile.

        Parameters
        ----------
        done : tuple of str and JSON value, optional
            The previous step and its result, stored until the run ends.
        environment : dict, optional
            The versions of Python and of packages with which the function ran.
        """
        with self._store.transaction() as db:
            sql = f"UPDATE run SET state = ?, {_SET_ENVIRONMENT} WHERE id = ? AND state IN {CLAIMED_SQL}"
            moved = db.run(sql, (state, _as_json(environment), run_id))
            db.run(
                "UPDATE run_step SET state = 'done', ended_at = ? WHERE run_id = ? AND state = 'running'",
                (stamp(), run_id),
            )
            if moved:
                if done is not None:
                    store_result = "UPDATE run_step SET result = ? WHERE run_id = ? AND name = ?"
                    db.run(store_result, (json.dumps(done[1]), run_id, done[0]))
                _begin_step(db, run_id, state)
        return bool(moved)

    def step_results(self, run_id: str) -> Row:
        """Return the stored results of the steps that an unfinished run has done."""
        sql = "SELECT name, result FROM run_step WHERE run_id = ? AND result IS NOT NULL"
        rows = self._store.db.rows(sql, (run_id,))
        return {row["name"]: json.loads(row["result"]) for row in rows}

    def end(
        self,
        run_id: str,
        state: str,
        error: str | None = None,
        traceback: str | None = None,
        environment: Row | None = None,
    ) -> bool:
        """Set the final state of a run once; return False if the run had one already."""
        step = state if state in UNSUCCESSFUL_STATES else "done"
        # The error text of a source may contain the URL with its secrets.
        error, traceback = (text and redact_text(text) for text in (error, traceback))
        with self._store.transaction() as db:
            sql = f"UPDATE run SET state = ?, error = ?, traceback = ?, ended_at = ?, {_SET_ENVIRONMENT} "
            sql += f"WHERE id = ? AND state NOT IN {FINAL_SQL}"
            ended = db.run(sql, (state, error, traceback, stamp(), _as_json(environment), run_id))
            if ended:
                db.run(
                    "UPDATE run_step SET state = ?, ended_at = ? WHERE run_id = ? AND state = 'running'",
                    (step, stamp(), run_id),
                )
                db.run("UPDATE run_step SET result = NULL WHERE run_id = ? AND result IS NOT NULL", (run_id,))
                note_run_end(db, run_id, state)
        return bool(ended)

    def has_new_versions(self, run_id: str) -> bool:
        """Return whether a run added a version, or has no outputs."""
        sql = "SELECT count(*) AS made, coalesce(sum(is_new), 0) AS new FROM prov_made JOIN prov ON prov.id = prov_id "
        counts = self._store.db.row(sql + "WHERE run_id = ?", (run_id,)) or {}
        return bool(counts["made"] == 0 or counts["new"] > 0)

    def tasks(self, run_id: str) -> list[Row]:
        """Return the tasks of a run: one task, or one for each of the flow's kwargs."""
        db = self._store.db
        run = required(db, "run", run_id, "Run {} does not exist.")
        flow = required(db, "flow", run["flow_id"], "Flow with id {} was not found.")
        inputs = db.rows(
            "SELECT i.*, r.version, d.collection_uuid, d.collection_url, d.read_options, d.id, v.signed_url FROM run_input r "
            "JOIN flow_input i ON i.flow_id = ? AND i.parameter = r.parameter JOIN data d ON d.id = r.data_id "
            "LEFT JOIN version v ON v.data_id = r.data_id AND v.version = r.version WHERE r.run_id = ?",
            (flow["id"], run_id),
        )
        outputs = db.rows(
            "SELECT o.name AS output, o.url AS source, o.source_check, o.source_headers, o.source_auth, o.source_kind, o.optional, d.* FROM flow_output o JOIN data d ON d.id = o.data_id "
            "WHERE flow_id = ? ORDER BY d.seq",
            (flow["id"],),
        )
        overrides = json.loads(run["overrides"])
        aero = self._catalogue.aero(flow["id"], inputs, outputs) | overrides | {"run_id": run_id}
        for each in inputs:
            if each["signed_url"]:
                aero["input_data"][each["parameter"]]["signed_url"] = each["signed_url"]
        kind = next((each["source_kind"] for each in outputs if each["url"]), None)
        aero |= {"source_kind": kind} if kind else {}
        known = None if overrides else last_download(db, flow["id"])
        aero |= {"known": known} if known else {}
        common = {"function": flow["function_id"], "endpoint": flow["endpoint"]}
        return [
            {"kwargs": {**kwargs, "aero": {**aero, "task": number}}, **common}
            for number, kwargs in enumerate(kwargs_list(flow))
        ]

    def detail(self, run_id: str) -> Row:
        """Return one run with its steps, log, traceback, inputs and outputs."""
        run = required(self._store.db, "run", run_id, "Run with id {} was not found.")
        sql = "SELECT name, state, started_at, ended_at FROM run_step WHERE run_id = ? ORDER BY started_at"
        steps = self._store.db.rows(sql, (run_id,))
        log = "".join(map(read_log, (self.log(run_id), *self.live_logs.get(run_id, ()))))
        return self.summary(run) | {"traceback": run["traceback"], "log": log, "steps": steps}

    def summary(self, run: Row) -> Row:
        """Return one run as a row of a list."""
        return run_summary(self._store.db, run)

    def counts(self) -> dict[str, Any]:
        """Return the number of rows of each noun."""
        tables = {"data": "data", "versions": "version", "flows": "flow", "runs": "run", "provenance": "prov"}
        return {word: self._store.db.value(f"SELECT count(*) FROM {table}") for word, table in tables.items()}


def _as_json(environment: Row | None) -> str | None:
    return json.dumps(environment) if environment else None


def _begin_step(db: DB, run_id: str, name: str) -> None:
    sql = "INSERT OR REPLACE INTO run_step (run_id, name, state, started_at) VALUES (?, ?, 'running', ?)"
    db.run(sql, (run_id, name, stamp()))


def _choose_inputs(db: DB, run: Row) -> None:
    """Record the versions that a run reads, unless they are fixed already, and whether they are aligned."""
    read = "SELECT data_id, version FROM run_input WHERE run_id = ?"
    if not db.rows(read, (run["id"],)):
        sql = "SELECT ?, i.parameter, i.data_id, coalesce(i.pinned, d.newest) FROM flow_input i "
        sql += "JOIN data d ON d.id = i.data_id WHERE i.flow_id = ?"
        db.run("INSERT INTO run_input " + sql, (run["id"], run["flow_id"]))
        newest = "(SELECT newest FROM data WHERE id = flow_input.data_id)"
        db.run(f"UPDATE flow_input SET used = {newest} WHERE flow_id = ?", (run["flow_id"],))
    if (text := mixed(db, db.rows(read, (run["id"],)))) is not None:
        db.run("UPDATE run SET mixed = ? WHERE id = ?", (text, run["id"]))
