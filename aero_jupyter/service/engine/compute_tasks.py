"""The subset of the Globus Compute web API that ``globus_compute_sdk.Client`` uses, served by the local workers."""

from __future__ import annotations

import json
import os
import platform
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aero_jupyter.service.catalogue.dataset_rows import required
from aero_jupyter.service.catalogue.runs import Runs
from aero_jupyter.service.clusters.cluster_tasks import ClusterTask, ClusterTasks
from aero_jupyter.service.engine.run_retries import RunRetries
from aero_jupyter.service.engine.run_tokens import RunTokens
from aero_jupyter.service.engine.task_source import id_of_function, without_runtime
from aero_jupyter.service.request_models import FunctionIn, SubmitIn
from aero_jupyter.service.storage.connection import RequestError, Row, new_id, stamp
from aero_jupyter.service.storage.database import Store
from aero_jupyter.service.workers.pool import Pool
from aero_jupyter.service.workers.task_request import Task


class Tasks:
    """Registered functions, and single executions of them outside any flow."""

    def __init__(
        self, store: Store, runs: Runs, pool: Pool, base: str, tokens: RunTokens, clusters: ClusterTasks
    ) -> None:
        self._clusters = clusters
        self._store = store
        self._runs = runs
        self._pool = pool
        self._base = base
        self._tokens = tokens
        self._retry = RunRetries()
        self._threads = ThreadPoolExecutor(pool.size, thread_name_prefix="task")
        self._fail_interrupted()

    def register(self, function: FunctionIn) -> str:
        """Store a function and return its id."""
        id = id_of_function(function.function_name, function.function_code, is_serialized=function.serialized)
        with self._store.transaction() as db:
            if db.row("SELECT id FROM function WHERE id = ?", (id,)):
                return id
            db.insert(
                "function",
                id=id,
                name=function.function_name,
                code=function.function_code,
                serialized=int(function.serialized),
                description=function.description,
                meta=json.dumps(function.meta),
                created_at=stamp(),
            )
        return id

    def function(self, id: str) -> Row:
        """Return a function as the Compute web API describes it."""
        row = self._function(id)
        return {
            "function_uuid": id,
            "function_name": row["name"],
            "function_code": row["code"],
            "description": row["description"],
            "metadata": json.loads(row["meta"] or "null"),
        }

    def forget(self, id: str) -> None:
        """Delete a function."""
        self._function(id)
        with self._store.transaction() as db:
            db.run("DELETE FROM function WHERE id = ?", (id,))

    def _function(self, id: str) -> Row:
        return required(self._store.db, "function", id, "Function {} could not be resolved")

    def submit(self, endpoint: str, request: SubmitIn) -> Row:
        """Start tasks and return their ids."""
        self.endpoint(endpoint)
        group, made = request.task_group_id or new_id(), dict[str, list[str]]()
        for function_id, payloads in request.tasks.items():
            function = self._function(function_id)
            for payload in payloads:
                id = new_id()
                with self._store.transaction() as db:
                    db.insert(
                        "task",
                        id=id,
                        function_id=function_id,
                        group_id=group,
                        status="waiting-for-launch",
                        created_at=stamp(),
                    )
                made.setdefault(function_id, []).append(id)
                self._threads.submit(self._perform, id, function, payload, endpoint)
        return {"request_id": new_id(), "task_group_id": group, "endpoint_id": endpoint, "tasks": made}

    def _perform(self, id: str, function: Row, payload: str, endpoint: str) -> None:
        self._retry(lambda: self._update(id, "running"))
        task = self._task(id, function, payload)
        if endpoint != self._store.endpoint:
            # A thread that waits here would hold up other tasks.
            made = self._clusters.submit(endpoint, task)
            made.outcome.add_done_callback(lambda _: self._threads.submit(self._end_on_cluster, id, made))
            return
        try:
            result, exception = self._pool.run(task), None
        except Exception as failed:
            result, exception = None, getattr(failed, "traceback", "") or str(failed)
        self._end(id, result, exception)

    def _end_on_cluster(self, id: str, made: ClusterTask) -> None:
        failed = made.outcome.exception()
        result = made.outcome.result() if failed is None else None
        made.remove()
        self._end(id, result, None if failed is None else getattr(failed, "traceback", "") or str(failed))

    def _end(self, id: str, result: str | None, exception: str | None) -> None:
        self._tokens.revoke(id)
        self._runs.clear(id)
        self._retry(lambda: self._update(id, "failed" if exception else "success", result, exception))

    def _task(self, id: str, function: Row, payload: str) -> Task:
        place, code = {"server": self._base, "token": self._tokens.token_for(id)}, str(function["code"])
        about = (id, "the function", self._runs.log(id), self._runs.folder(id))
        if function["serialized"]:
            return Task(*about, place=place, buffer=code + payload)
        return Task(*about, place=place, buffer=payload, **without_runtime(code), entry=str(function["name"]))

    def _fail_interrupted(self) -> None:
        """Mark tasks that the end of the service interrupted as failed, so that no client waits for them."""
        self._runs.clear_all_except(self._runs.open_ids())
        with self._store.transaction() as db:
            db.run(
                "UPDATE task SET status = 'failed', exception = ?, completed_at = ? WHERE status IN ('waiting-for-launch', 'running')",
                ("The local AERO stopped while the function ran.", time.time()),
            )

    def _update(self, id: str, status: str, result: str | None = None, exception: str | None = None) -> None:
        with self._store.transaction() as db:
            ended = None if status == "running" else time.time()
            db.run(
                "UPDATE task SET status = ?, result = ?, exception = ?, completed_at = ? WHERE id = ?",
                (status, result, exception, ended, id),
            )

    def show(self, id: str) -> Row:
        """Return one task as the Compute web API describes it."""
        row = required(self._store.db, "task", id, "Task {} could not be resolved")
        shown = {"task_id": id, "status": row["status"]}
        if row["completed_at"]:
            shown |= {"completion_t": str(row["completed_at"]), "details": {"endpoint_id": self._store.endpoint}}
        return shown | {key: row[key] for key in ("result", "exception") if row[key] is not None}

    def group(self, id: str) -> Row:
        """Return a task group."""
        rows = self._store.db.rows("SELECT id, created_at FROM task WHERE group_id = ?", (id,))
        return {"taskgroup_id": id, "create_websockets_queue": False, "tasks": rows}

    def batch(self, ids: list[str]) -> Row:
        """Return several tasks; unknown ids are left out."""
        marks = ",".join("?" * len(ids))
        known = self._store.db.rows(f"SELECT id FROM task WHERE id IN ({marks})", ids)
        return {"response": "batch", "results": {row["id"]: self.show(row["id"]) for row in known}}

    def endpoints(self) -> list[Row]:
        """Return the local endpoint, and each cluster that the user has added."""
        local = {"uuid": self._store.endpoint, "name": "local", "display_name": "This machine"}
        common = {"owner": "local", "multi_user": False}
        return [
            local | common | {"metadata": {"python_version": platform.python_version()}},
            *(
                {"uuid": each.id, "name": each.name, "display_name": f"Cluster {each.name}"}
                | common
                | {"metadata": {"python_version": self._clusters.python(each.id)}}
                for each in self._clusters.clusters()
            ),
        ]

    def endpoint(self, id: str) -> Row:
        """Return one endpoint."""
        found = next((each for each in self.endpoints() if each["uuid"] == id), None)
        if found is None:
            raise RequestError(404, f"Endpoint {id} could not be resolved")
        return found

    def endpoint_status(self, id: str) -> Row:
        """Return whether an endpoint can run tasks, and how many at the same time if that is known."""
        self.endpoint(id)
        cluster = self._clusters.find(id)
        if cluster is None:
            return {"status": "online", "details": {"total_workers": os.cpu_count(), "managers": 1}}
        status = "online" if Path(cluster.parsl).is_file() else "offline"
        return {"status": status, "details": {"total_workers": self._clusters.slots(id)}}
