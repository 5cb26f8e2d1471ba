"""The steps of a run: pull, call, commit. A worker does each; what fails is an answer with an ``error``."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from aero_jupyter import jobs
from aero_jupyter.core.policy import PolicyEnum
from aero_jupyter.service.catalogue import required
from aero_jupyter.service.flows import NIL
from aero_jupyter.service.patience import Patience
from aero_jupyter.service.pool import Pool
from aero_jupyter.service.runs import Runs
from aero_jupyter.service.sources import pull_rules
from aero_jupyter.service.store import Row, Store
from aero_jupyter.service.tokens import RunTokens
from aero_jupyter.service.workers import Task, TaskFailed

_PULLED = (PolicyEnum.INGESTION, PolicyEnum.INGESTION_EVENT)


class Steps:
    """What the runs of one local AERO do.

    Parameters
    ----------
    base : str
        The url at which functions reach the service.
    """

    def __init__(self, store: Store, runs: Runs, pool: Pool, base: str, tokens: RunTokens, patiently: Patience) -> None:
        self._store = store
        self._runs = runs
        self._pool = pool
        self._base = base
        self._tokens = tokens
        self._patiently = patiently
        self._jobs_text = jobs.text()

    def pull(self, run_id: str) -> Row:
        """Fetch what a run starts from: its source, or the versions of its inputs."""
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

    def call(self, run_id: str, pulled: Row) -> Row:
        """Call the function, once for each task of the run."""
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

    def commit(self, run_id: str, called: Row) -> Row:
        """Record what the run made."""
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
        if not self._patiently(lambda: self._runs.enter(run_id, state)):
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
