"""The steps of a run: download, call, commit. A worker executes each; a failed step returns a value with ``error``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any  # JSON values

from pydantic import ValidationError

from aero_jupyter.core.policy import DOWNLOADING
from aero_jupyter.jobs.request_errors import AeroJobError
from aero_jupyter.service.catalogue.dataset_rows import required
from aero_jupyter.service.catalogue.flow_checks import NIL
from aero_jupyter.service.catalogue.runs import Runs
from aero_jupyter.service.catalogue.serializers import CatalogueRecords
from aero_jupyter.service.catalogue.sources import download_rules
from aero_jupyter.service.engine.cluster_calls import ClusterCalls, RunSuspended
from aero_jupyter.service.engine.local_files import LocalFiles, take_over_files
from aero_jupyter.service.engine.own_steps import OwnSteps
from aero_jupyter.service.engine.run_retries import RunRetries
from aero_jupyter.service.engine.run_tokens import RunTokens
from aero_jupyter.service.engine.step_tasks import BUILT_IN_IDS, StepTasks, failure, missing_function
from aero_jupyter.service.engine.step_values import (
    are_tasks,
    has_outputs,
    is_download_result,
    is_not_modified,
    with_moved_sources,
    with_secrets,
)
from aero_jupyter.service.storage.connection import RequestError, Row
from aero_jupyter.service.storage.content import ContentStore
from aero_jupyter.service.workers.pool import Pool
from aero_jupyter.service.workers.task_request import TaskFailed

_CANCELLED: Row = {"error": "The run was cancelled.", "traceback": ""}
_MALFORMED_PULL: Row = {
    "error": "The pull function did not return the tasks with `aero` in their keyword arguments, as download() and "
    "get_versions() do: register the flow again without a pull function.",
    "traceback": "",
}
_MALFORMED_RESULT: Row = {
    "error": "The function accepts `aero` and did not return its keyword arguments with `aero` filled in: return them, "
    "or register a function that takes its inputs by name and returns a DataFrame or a path.",
    "traceback": "",
}


class Steps:
    """The steps of the runs of one local AERO.

    Parameters
    ----------
    base : str
        The URL at which functions reach the service.
    """

    def __init__(
        self,
        catalogue: CatalogueRecords,
        content: ContentStore,
        runs: Runs,
        pool: Pool,
        base: str,
        tokens: RunTokens,
        retry: RunRetries,
        cluster_calls: ClusterCalls,
    ) -> None:
        self._content = content
        self._store = catalogue.store
        self._own_steps = OwnSteps(catalogue)
        self._runs = runs
        self._pool = pool
        self._base = base
        self._tokens = tokens
        self._retry = retry
        self._cluster_calls = cluster_calls
        self._tasks = StepTasks(runs)

    def pull(self, run_id: str, _: Row) -> Row:
        """Fetch the source of a run, or the versions of its inputs."""
        tasks, flow = self._tasks_and_flow(run_id)
        if (missing := missing_function(self._store.db, flow)) is not None:
            return {"error": missing, "traceback": ""}
        signed = self._with_credentials(run_id, tasks)
        if flow["policy"] not in DOWNLOADING:
            if (chosen := self._own_steps.choose_versions(flow["pull_function_id"], signed)) is not None:
                return {"value": chosen}
            answer = self._step(run_id, "pulling", flow["pull_function_id"], "get_versions", signed)
            return answer if "error" in answer or are_tasks(answer["value"], tasks) else _MALFORMED_PULL
        arguments = signed[0]["kwargs"]
        if flow["pull_function_id"] in BUILT_IN_IDS:
            try:
                arguments = with_secrets(arguments)
            except AeroJobError as error:
                return {"error": str(error), "traceback": ""}
        answer = self._step(run_id, "pulling", flow["pull_function_id"], "download", kwargs=arguments)
        if "error" in answer:
            return answer
        if not is_download_result(answer["value"]):
            return _MALFORMED_PULL
        # One download serves every task of a flow that was registered with a list of kwargs.
        pulled = answer["value"][1]["aero"]["output_data"]
        for task in tasks:
            task["kwargs"]["aero"]["output_data"] = pulled
        return {"value": tasks}

    def call(self, run_id: str, pulled: Row) -> Row:
        """Call the function, once for each task of the run."""
        _, flow = self._tasks_and_flow(run_id)
        if (missing := missing_function(self._store.db, flow)) is not None:
            return {"error": missing, "traceback": ""}
        if all(is_not_modified(task) for task in pulled["value"]):
            return {"value": [task["kwargs"] for task in pulled["value"]]}
        results, environment = [], None
        is_own_download = self._own_steps.is_own(flow["pull_function_id"], "download")
        folder = self._runs.folder(run_id)
        local_files = LocalFiles(self._content, folder, pulled["value"], is_own_download=is_own_download)
        for answer in self._answers(run_id, flow, pulled, local_files):
            if "error" in answer:
                return answer
            if not has_outputs(answer["value"]):
                return _MALFORMED_RESULT
            environment = answer["environment"]
            try:
                results.append(local_files.with_checksums(answer["value"]))
            except RequestError as error:
                return {"error": str(error), "traceback": ""}
        return {"value": results, "environment": environment}

    def _answers(self, run_id: str, flow: Row, pulled: Row, local_files: LocalFiles) -> Iterator[Row]:
        """Yield the answer of each task of a run, from a worker or from the cluster of its flow."""
        done = ("pulling", pulled["value"])
        id, is_here = flow["function_id"], flow["endpoint"] == self._store.endpoint
        if is_here or id == NIL:
            for task in self._with_credentials(run_id, pulled["value"], local_files):
                yield self._step(run_id, "running", id, "stage", kwargs=task["kwargs"], done=done)
            return
        if not self._cluster_calls.has_ended(run_id):
            if not self._retry(lambda: self._runs.enter_step(run_id, "running", done)):
                yield _CANCELLED
                return
            tasks = self._with_credentials(run_id, pulled["value"], local_files, has_own_folders=True)
            db = self._store.db
            made = [self._tasks.build(db, run_id, id, "stage", kwargs=task["kwargs"]) for task in tasks]
            self._cluster_calls.start(run_id, flow["endpoint"], made)
            if self._runs.are_final([run_id]):
                # The run was cancelled before its tasks were known.
                self._cluster_calls.cancel(run_id)
            raise RunSuspended
        yield from self._cluster_calls.answers(run_id)

    def commit(self, run_id: str, called: Row) -> Row:
        """Record the versions and the provenance of the run."""
        _, flow = self._tasks_and_flow(run_id)
        done, is_analysis = ("running", called["value"]), flow["policy"] not in DOWNLOADING
        name = "commit_analysis" if is_analysis else "database_commit"
        # The result of the call is stored first: once its files are taken over, the call cannot be repeated.
        if not self._retry(lambda: self._runs.enter_step(run_id, "committing", done, called.get("environment"))):
            return _CANCELLED
        if self._own_steps.is_own(flow["commit_function_id"], name) and self._commit_here(run_id, called["value"]):
            return {"value": []}
        try:
            take_over_files(self._content, called["value"])
        except RequestError as error:
            return {"error": str(error), "traceback": ""}
        results = self._with_credentials(run_id, [{"kwargs": kwargs} for kwargs in called["value"]])
        kwargs = [result["kwargs"] for result in results]
        if is_analysis:
            return self._step(run_id, "committing", flow["commit_function_id"], "commit_analysis", kwargs)
        for each in kwargs:
            function_id = flow["commit_function_id"]
            answer = self._step(run_id, "committing", function_id, "database_commit", kwargs=each)
            if "error" in answer:
                return answer
        return {"value": []}

    def _commit_here(self, run_id: str, results: list[Row]) -> bool:
        """Commit and end a run in one transaction; return False if the commit is refused, and nothing has changed."""
        try:
            with self._store.transaction():
                take_over_files(self._content, results)
                self._own_steps.commit(results)
                self._runs.end(run_id, "done" if self._runs.has_new_versions(run_id) else "unchanged")
        except (RequestError, ValidationError):
            return False
        return True

    def _tasks_and_flow(self, run_id: str) -> tuple[list[Row], Row]:
        flow_id = required(self._store.db, "run", run_id, "Run {} does not exist.")["flow_id"]
        return self._runs.tasks(run_id), required(self._store.db, "flow", flow_id, "Flow with id {} was not found.")

    def _with_credentials(
        self, run_id: str, tasks: list[Row], local_files: LocalFiles | None = None, *, has_own_folders: bool = False
    ) -> list[Row]:
        """Return the tasks with the URL of the service and a token for this run; neither is stored anywhere."""
        place: Row = {
            "server": self._base,
            "token": self._tokens.token_for(run_id),
            "temp_dir": str(self._runs.folder(run_id)),
        }
        place |= {"pull": download_rules(os.environ)}
        now = self._runs.tasks(run_id)[0]["kwargs"]["aero"]
        if local_files is not None:
            place |= local_files.facts(now, has_own_folders=has_own_folders)
        return [
            {**task, "kwargs": {**task["kwargs"], "aero": with_moved_sources(task["kwargs"]["aero"], now) | place}}
            for task in tasks
        ]

    def _step(
        self,
        run_id: str,
        state: str,
        function_id: str | None,
        builtin: str,
        args: object = (),
        kwargs: Row | None = None,
        *,
        done: tuple[str, Any] | None = None,
    ) -> Row:
        if not self._retry(lambda: self._runs.enter_step(run_id, state, done)):
            return _CANCELLED
        try:
            made = self._tasks.build(self._store.db, run_id, function_id, builtin, args, kwargs)
        except TaskFailed as failed:
            return failure(failed)
        environment: Row = {}
        try:
            return {"value": self._pool.run(made.task, environment), "environment": environment}
        except TaskFailed as failed:
            return failure(made.renamed(failed), environment if state == "running" else None)
