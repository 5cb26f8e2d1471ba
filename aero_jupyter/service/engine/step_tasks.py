"""The tasks of the steps of a run: the function to call, its arguments, its log and its folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any  # JSON values

from aero_jupyter import jobs
from aero_jupyter.core.policy import DOWNLOADING
from aero_jupyter.service.catalogue.flow_checks import NIL
from aero_jupyter.service.catalogue.runs import Runs
from aero_jupyter.service.engine.task_source import without_runtime
from aero_jupyter.service.storage.connection import DB, Row
from aero_jupyter.service.workers.task_request import Task, TaskFailed

#: Ids that mean the built-in download and commit functions of the local AERO.
BUILT_IN_IDS = (None, NIL)
_MISSING_FUNCTION = "Function {} of this flow is no longer registered here: register the flow again with its function."


@dataclass(frozen=True)
class StepTask:
    """The task of a step, and the name of its function that a user knows."""

    task: Task
    shown_name: str

    def renamed(self, failed: TaskFailed) -> TaskFailed:
        """Return a failure of this task with the function's name that a user knows."""
        name = rf"\b{re.escape(self.task.name)}\b"
        return TaskFailed(re.sub(name, lambda _: self.shown_name, str(failed)), failed.traceback)


class StepTasks:
    """Builds the tasks of the runs of one local AERO.

    Parameters
    ----------
    runs : Runs
    """

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    def build(
        self, db: DB, run_id: str, function_id: str | None, builtin: str, args: Any = (), kwargs: Row | None = None
    ) -> StepTask:
        """Return the task that calls a registered or built-in function.

        Raises
        ------
        TaskFailed
            If the function is not registered.
        """
        code, name, shown, serialized = jobs.runtime_source(), builtin, builtin, None
        if function_id not in BUILT_IN_IDS:
            function = db.row("SELECT * FROM function WHERE id = ?", (function_id,))
            if function is None:
                raise TaskFailed(_MISSING_FUNCTION.format(function_id))
            shown = function["description"] or function["name"]
            if function["serialized"]:
                # The Compute SDK sends the docstring as the description.
                shown = function["name"]
                name, serialized = ("flow_function" if builtin == "stage" else "job_function"), function["code"]
            else:
                code, name = function["code"], function["name"]
        log, folder = self._runs.log(run_id), self._runs.folder(run_id)
        source = without_runtime(code)
        task = Task(run_id, name, log, folder, **source, args=args, kwargs=kwargs or {}, function=serialized)
        return StepTask(task, shown)


def failure(failed: TaskFailed, environment: Row | None = None) -> Row:
    """Return the answer of a step whose task failed, with the environment in which the task ran."""
    return {"error": str(failed), "traceback": failed.traceback, "environment": environment}


def missing_function(db: DB, flow: Row) -> str | None:
    """Return a sentence that names the first function of a flow that is not registered, or None.

    Only an ingestion may have the nil function, which passes its download on unchanged.
    """
    own = (NIL,) if flow["policy"] in DOWNLOADING else ()
    for column, builtin in (
        ("pull_function_id", BUILT_IN_IDS),
        ("function_id", own),
        ("commit_function_id", BUILT_IN_IDS),
    ):
        if flow[column] not in builtin and not db.row("SELECT id FROM function WHERE id = ?", (flow[column],)):
            return _MISSING_FUNCTION.format(flow[column])
    return None
