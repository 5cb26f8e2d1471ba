"""The engine: a scheduler that decides, and durable runs (DBOS) whose steps the workers execute.

A run is a workflow of three steps: pull, call, commit. Each step is at least once; the commit is idempotent by run.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from aero_jupyter import jobs
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.service import durable
from aero_jupyter.service.catalogue import required
from aero_jupyter.service.flows import NIL, fire_timers, seconds_until
from aero_jupyter.service.pool import Pool
from aero_jupyter.service.runs import Runs
from aero_jupyter.service.sources import pull_rules
from aero_jupyter.service.store import Refused, Row, Store
from aero_jupyter.service.tokens import RunTokens
from aero_jupyter.service.workers import Task, TaskFailed

_DEAD = "The engine of the local AERO did not start; what it said stands in: aero-jupyter local logs"
#: Seconds until a store that could not be written is tried again.
_PATIENCE = 1.0
_Pull = Callable[[str], Row]
_Then = Callable[[str, Row], Row]
_PULLED = (PolicyEnum.INGESTION, PolicyEnum.INGESTION_EVENT)


class Engine:
    """Runs what is due.

    Parameters
    ----------
    store, runs : Store, Runs
    pool : Pool
        The workers; one engine keeps twice as many runs under way.
    base : str
        The url at which functions reach the service.
    home : Path
        Where DBOS keeps its database.
    tokens : RunTokens
        What opens the service for a run.
    """

    def __init__(self, store: Store, runs: Runs, pool: Pool, base: str, home: Path, tokens: RunTokens) -> None:
        self._store = store
        self._runs = runs
        self._pool = pool
        self._base = base
        self._home = home
        self._slots = threading.Semaphore(pool.size * 2)
        self._wake_dispatcher = threading.Event()
        self._wake_timer = threading.Event()
        self._stopping = False
        self._gone = threading.Event()
        self._tokens = tokens
        self._jobs_text = jobs.text()
        self.ready = threading.Event()

    def start(self) -> None:
        """Begin in the background: the service answers while the engine loads."""
        for target in (self._dispatch, self._keep_time):
            threading.Thread(target=target, daemon=True, name=target.__name__).start()

    def look(self) -> None:
        """Look now for something to do: a flow was registered, a version committed, a run asked for."""
        self._wake_timer.set()
        self._wake_dispatcher.set()

    def stop(self) -> None:
        """Take no more runs and end the workers; what was under way goes on at the next start."""
        self._stopping = True
        self._gone.set()
        self.look()
        self._pool.close()

    def cancel(self, run_id: str) -> None:
        """End a run; a run that has ended stays as it is."""
        if not self._runs.end(run_id, "cancelled", "The run was cancelled."):
            state = required(self._store.db, "run", run_id, "Run with id {} was not found.")["state"]
            raise Refused(409, f"The run is {state} already.")
        self._pool.cancel(run_id)
        self.look()

    def end(self, run_id: str) -> None:
        """End a run whose flow is gone; nothing happens where it has ended by itself."""
        if self._runs.end(run_id, "cancelled", "Its flow was deleted."):
            self._pool.cancel(run_id)
            self.look()

    def _launch(self) -> None:
        from dbos import DBOS

        durable.prepare(self._home)

        @DBOS.step(name="pull")
        def pull(run_id: str) -> Row:
            return self._pull(run_id)

        @DBOS.step(name="call")
        def call(run_id: str, pulled: Row) -> Row:
            return self._call(run_id, pulled)

        @DBOS.step(name="commit")
        def commit(run_id: str, called: Row) -> Row:
            return self._commit(run_id, called)

        @DBOS.workflow(name="run_flow")
        def run_flow(run_id: str) -> None:
            self._follow(run_id, pull, call, commit)

        self._workflow = run_flow
        DBOS.launch()
        self.ready.set()

    def _submit(self, run_id: str) -> None:
        from dbos import DBOS, SetWorkflowID

        # Starting under an id that exists is no new start: a run claimed before a crash is taken up exactly once.
        with SetWorkflowID(run_id):
            DBOS.start_workflow(self._workflow, run_id)

    def _dispatch(self) -> None:
        try:
            self._launch()
        except Exception:
            logging.getLogger(__name__).exception("The engine did not start.")
            self._refuse()
            return
        interrupted = self._runs.open()
        if not interrupted:
            durable.rest()
        for run_id in interrupted:
            self._slots.acquire()
            self._submit(run_id)
        while not self._stopping:
            self._slots.acquire()
            run = None if self._stopping else self._claimed()
            if run is not None:
                self._submit(run["id"])
                continue
            self._slots.release()
            self._wake_dispatcher.wait()
            self._wake_dispatcher.clear()

    def _refuse(self) -> None:
        """End every run that comes with the cause: none may wait for an engine that is not there."""
        while not self._stopping:
            if (run := self._claimed()) is not None:
                self._runs.end(run["id"], "failed", _DEAD)
                continue
            self._wake_dispatcher.wait()
            self._wake_dispatcher.clear()

    def _claimed(self) -> Row | None:
        """Claim a run; where the store cannot be written, wait and try again."""
        while not self._stopping:
            try:
                return self._runs.claim()
            except (sqlite3.OperationalError, OSError) as error:
                self._wait_for_store(error)
        return None

    def _wait_for_store(self, error: Exception) -> None:
        logging.getLogger(__name__).warning("The store cannot be written: %s. Trying again.", error)
        self._gone.wait(_PATIENCE)

    def _keep_time(self) -> None:
        while not self._stopping:
            self._wake_timer.clear()
            try:
                upcoming = fire_timers(self._store, datetime.now(timezone.utc))
            except (sqlite3.OperationalError, OSError) as error:
                self._wait_for_store(error)
                continue
            self._wake_dispatcher.set()
            # A minute at most, so that a suspended machine or a changed clock is noticed.
            self._wake_timer.wait(min(seconds_until(upcoming) or 60.0, 60.0) if upcoming else None)

    def _follow(self, run_id: str, pull: _Pull, call: _Then, commit: _Then) -> None:
        try:
            answer = pull(run_id)
            answer = call(run_id, answer) if "error" not in answer else answer
            answer = commit(run_id, answer) if "error" not in answer else answer
            if "error" in answer:
                self._runs.end(run_id, "failed", answer["error"], answer["traceback"])
            else:
                self._runs.end(run_id, "done" if self._runs.made_anything(run_id) else "unchanged")
        except Refused:
            if self._flow_of(run_id):
                raise
            self.end(run_id)
        finally:
            shutil.rmtree(self._runs.folder(run_id), ignore_errors=True)
            self._tokens.end(run_id)
            self._slots.release()
            self.look()

    def _pull(self, run_id: str) -> Row:
        tasks, flow = self._work(run_id)
        if flow["policy"] not in _PULLED:
            return self._step(run_id, "pulling", flow["pull_function_id"], "get_versions", self._signed(run_id, tasks))
        kwargs = self._signed(run_id, tasks)[0]["kwargs"]
        answer = self._step(run_id, "pulling", flow["pull_function_id"], "download", kwargs=kwargs)
        if "error" in answer:
            return answer
        # One pull serves every task of a flow that was registered with a list of kwargs.
        pulled = answer["value"][1]["aero"]["output_data"]
        for task in tasks:
            task["kwargs"]["aero"]["output_data"] = pulled
        return {"value": tasks}

    def _call(self, run_id: str, pulled: Row) -> Row:
        _, flow = self._work(run_id)
        function = None if flow["function_id"] == NIL else flow["function_id"]
        if all(_not_modified(task) for task in pulled["value"]):
            return {"value": [task["kwargs"] for task in pulled["value"]]}
        results = []
        for task in self._signed(run_id, pulled["value"]):
            answer = self._step(run_id, "running", function, "stage", kwargs=task["kwargs"])
            if "error" in answer:
                return answer
            results.append(answer["value"])
        return {"value": results}

    def _commit(self, run_id: str, called: Row) -> Row:
        _, flow = self._work(run_id)
        results = self._signed(run_id, [{"kwargs": kwargs} for kwargs in called["value"]])
        kwargs = [result["kwargs"] for result in results]
        if flow["policy"] not in _PULLED:
            return self._step(run_id, "committing", flow["commit_function_id"], "commit_analysis", kwargs)
        for each in kwargs:
            answer = self._step(run_id, "committing", flow["commit_function_id"], "database_commit", kwargs=each)
            if "error" in answer:
                return answer
        return {"value": []}

    def _flow_of(self, run_id: str) -> Row | None:
        return self._store.db.row("SELECT f.* FROM run r JOIN flow f ON f.id = r.flow_id WHERE r.id = ?", (run_id,))

    def _work(self, run_id: str) -> tuple[list[Row], Row]:
        flow_id = required(self._store.db, "run", run_id, "Run {} does not exist.")["flow_id"]
        return self._runs.tasks(run_id), required(self._store.db, "flow", flow_id, "Flow with id {} was not found.")

    def _signed(self, run_id: str, tasks: list[Row]) -> list[Row]:
        """Tell each task where the service is and give it a token for this run; neither is kept anywhere."""
        place: Row = {
            "server": self._base,
            "token": self._tokens.of(run_id),
            "temp_dir": str(self._runs.folder(run_id)),
        }
        place |= {"pull": pull_rules(os.environ)}
        now = self._runs.tasks(run_id)[0]["kwargs"]["aero"]
        return [
            {**task, "kwargs": {**task["kwargs"], "aero": _moved(task["kwargs"]["aero"], now) | place}}
            for task in tasks
        ]

    def _step(
        self, run_id: str, state: str, function_id: str | None, builtin: str, args: Any = (), kwargs: Row | None = None
    ) -> Row:
        if not self._runs.enter(run_id, state):
            return {"error": "The run was cancelled.", "traceback": ""}
        code, name, shown = self._jobs_text, builtin, builtin
        function = self._store.db.row("SELECT * FROM function WHERE id = ? AND serialized = 0", (function_id,))
        if function is not None:
            code, name, shown = function["code"], function["name"], function["description"] or function["name"]
        task = Task(
            run_id,
            name,
            self._runs.log(run_id),
            self._runs.folder(run_id),
            code,
            hashlib.sha256(code.encode()).hexdigest(),
            args,
            kwargs or {},
        )
        try:
            return {"value": self._pool.run(task)}
        except TaskFailed as failed:
            return {"error": str(failed).replace(name, shown), "traceback": failed.traceback}


def _not_modified(task: Row) -> bool:
    outputs = task["kwargs"]["aero"]["output_data"].values()
    return any(entry.get("not_modified") for entry in outputs)


def _moved(aero: Row, now: Row) -> Row:
    """Point a step's kept result at today's collections: after a restart the service answers on another port."""
    sides = ("input_data", "output_data")
    place = {side: {name: entry.get("collection_url") for name, entry in now[side].items()} for side in sides}
    moved = {
        side: {name: {**entry, "collection_url": place[side].get(name)} for name, entry in aero.get(side, {}).items()}
        for side in sides
    }
    return {**aero, **moved}
