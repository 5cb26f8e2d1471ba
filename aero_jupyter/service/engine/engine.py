"""The engine: takes queued runs, executes their steps on the workers, and fires timers.

A run has three steps: download, call, commit. The result of a step is stored in the transaction that enters the next
one, so a run that a crash interrupted resumes at the step it was in. Each step runs at least once; the commit is
idempotent per run.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from datetime import datetime, timezone
from functools import partial

from aero_jupyter.jobs.bundle import runtime_source
from aero_jupyter.service.catalogue.dataset_rows import required
from aero_jupyter.service.catalogue.notices import note_late
from aero_jupyter.service.catalogue.runs import Runs
from aero_jupyter.service.catalogue.serializers import CatalogueRecords
from aero_jupyter.service.clusters.cluster_tasks import ClusterTasks
from aero_jupyter.service.engine.cluster_calls import ClusterCalls, RunSuspended
from aero_jupyter.service.engine.drift_watch import DriftWatch
from aero_jupyter.service.engine.notifier import Notifier
from aero_jupyter.service.engine.run_lanes import RunLane
from aero_jupyter.service.engine.run_retries import RunRetries, Stopping
from aero_jupyter.service.engine.run_tokens import RunTokens
from aero_jupyter.service.engine.steps import Steps
from aero_jupyter.service.engine.timers import fire_timers, seconds_until
from aero_jupyter.service.engine.upkeep import Upkeep
from aero_jupyter.service.storage.connection import RequestError, Row
from aero_jupyter.service.storage.content import ContentStore
from aero_jupyter.service.workers.pool import Pool
from aero_jupyter.service.workers.task_request import TaskFailed

#: Runs in progress for each worker: while one run computes, the next one is prepared.
_RUNS_PER_WORKER = 2
#: Runs on clusters that are prepared or committed at the same time; none is held while its function runs.
_CLUSTER_THREADS = 4


class Engine:
    """Starts and executes the runs that are due.

    Parameters
    ----------
    catalogue, content, runs : CatalogueRecords, ContentStore, Runs
    pool : Pool
        The workers.
    base : str
        The URL at which functions reach the service.
    tokens : RunTokens
        The tokens that authorize a run at the service.
    drift : DriftWatch
        Judges the versions that runs make.
    upkeep : Upkeep
        Compacts the versions that newer ones replace.
    clusters : ClusterTasks
        The tasks on endpoints that are clusters.
    """

    def __init__(
        self,
        catalogue: CatalogueRecords,
        content: ContentStore,
        runs: Runs,
        pool: Pool,
        base: str,
        tokens: RunTokens,
        drift: DriftWatch,
        upkeep: Upkeep,
        clusters: ClusterTasks,
    ) -> None:
        store = self._store = catalogue.store
        self._runs = runs
        self._pool = pool
        self._clusters, self._has_clusters = clusters, False
        self._wake_timer = threading.Event()
        self._stopping = False
        self._retry = RunRetries()
        self._tokens = tokens
        self._here = RunLane("run", partial(self._claim, "= ?", (store.endpoint,)), self._execute, self._retry)
        self._elsewhere = RunLane("cluster-run", self._claim_elsewhere, self._execute, self._retry)
        self._cluster_calls = ClusterCalls(runs, clusters, self._elsewhere.resume)
        self._steps = Steps(catalogue, content, runs, pool, base, tokens, self._retry, self._cluster_calls)
        self._notifier = Notifier(store)
        self._drift, self._upkeep = drift, upkeep
        self.ready = threading.Event()

    def start(self) -> None:
        """Start in the background; runs that the end of an earlier service interrupted come first."""
        threading.Thread(target=self._start_lanes, daemon=True, name="runs").start()
        threading.Thread(target=self._timer_loop, daemon=True, name="timer").start()
        self._notifier.start()
        self._drift.start(self._notifier.wake)
        self._upkeep.start()
        self.ready.set()

    def _start_lanes(self) -> None:
        self._pool.warm()
        try:
            endpoints = self._retry(self._runs.open_endpoints)
            self._has_clusters = self._retry(self._has_flows_elsewhere)
        except Stopping:
            return
        for run_id, endpoint in endpoints.items():
            (self._here if endpoint in (None, self._store.endpoint) else self._elsewhere).resume(run_id)
        self._here.start(self._pool.size * _RUNS_PER_WORKER)
        self._elsewhere.start(_CLUSTER_THREADS)
        # Read now, because an update of the package could replace it before the first run.
        runtime_source()

    def _has_flows_elsewhere(self) -> bool:
        return bool(self._store.db.value("SELECT 1 FROM flow WHERE endpoint != ? LIMIT 1", (self._store.endpoint,)))

    def wake(self) -> None:
        """Wake the engine because a flow was registered, a version committed or a run requested."""
        self._wake_timer.set()
        self._wake_lanes()
        self._notifier.wake()
        self._drift.wake()
        self._upkeep.wake()

    def stop(self) -> None:
        """Stop taking runs and end the workers; unfinished runs resume at the next start."""
        self._stopping = True
        self._retry.end()
        self._notifier.stop()
        self._drift.stop()
        self._upkeep.stop()
        self._here.stop()
        self._elsewhere.stop()
        self.wake()
        self._pool.close()
        self._clusters.close()

    def cancel(self, run_id: str) -> None:
        """Cancel a run; raise if the run has ended already."""
        if not self._runs.end(run_id, "cancelled", "The run was cancelled."):
            state = required(self._store.db, "run", run_id, "Run with id {} was not found.")["state"]
            raise RequestError(409, f"The run is already {state}.")
        self._cancel_tasks(run_id)
        self.wake()

    def end(self, run_id: str, why: str = "The flow of this run was deleted.") -> None:
        """End a run whose flow is gone; do nothing if the run has ended by itself."""
        if self._runs.end(run_id, "cancelled", why):
            self._cancel_tasks(run_id)
            self.wake()

    def _cancel_tasks(self, run_id: str) -> None:
        self._pool.cancel(run_id)
        self._cluster_calls.cancel(run_id)

    def _wake_lanes(self) -> None:
        self._here.wake()
        self._elsewhere.wake()

    def _claim(self, condition: str, values: Sequence[str]) -> str | None:
        run = self._runs.claim(condition, values)
        return None if run is None else str(run["id"])

    def _claim_elsewhere(self) -> str | None:
        """Claim a run of a cluster that does not have enough tasks already."""
        self._has_clusters = self._has_clusters or self._clusters.are_known
        if not self._has_clusters:
            return None
        others = [self._store.endpoint, *self._clusters.full()]
        return self._claim(f"NOT IN ({','.join('?' * len(others))})", others)

    def _timer_loop(self) -> None:
        while not self._stopping:
            self._wake_timer.clear()
            try:
                now = datetime.now(timezone.utc)
                moments = (fire_timers(self._store, now), note_late(self._store, now))
                upcoming = min((moment for moment in moments if moment is not None), default=None)
            except Exception as error:
                self._retry.wait(error)
                continue
            self._wake_lanes()
            self._notifier.wake()
            # The wait lasts a minute at most, so that a suspended machine or a changed clock is noticed.
            self._wake_timer.wait(min(seconds_until(upcoming) or 60.0, 60.0) if upcoming else None)

    def _execute(self, run_id: str) -> None:
        """Execute the steps of a run that it has not done yet, and end the run."""
        try:
            self._retry(partial(self._record_outcome, run_id, self._execute_steps(run_id)))
        except RunSuspended:
            return
        except Exception as error:
            self._retry(partial(self._abandon_run, run_id, error))
        self._cluster_calls.discard(run_id)
        self._runs.clear(run_id)
        self._notifier.wake()
        self._tokens.revoke(run_id)
        self.wake()

    def _execute_steps(self, run_id: str) -> Row:
        """Return the result of the last step; the results of earlier steps are stored with the run."""
        results = self._retry(partial(self._runs.step_results, run_id))
        answer: Row = {"value": None}
        for name, step in (
            ("pulling", self._steps.pull),
            ("running", self._steps.call),
            ("committing", self._steps.commit),
        ):
            answer = {"value": results[name]} if name in results else self._retry.step(partial(step, run_id, answer))
            if self._stopping:
                # The end of the workers is no failure of a run.
                raise Stopping
            if "error" in answer:
                break
        return answer

    def _record_outcome(self, run_id: str, answer: Row) -> None:
        if "error" in answer:
            self._runs.end(run_id, "failed", answer["error"], answer["traceback"], answer.get("environment"))
        else:
            self._runs.end(run_id, "done" if self._runs.has_new_versions(run_id) else "unchanged")

    def _abandon_run(self, run_id: str, error: Exception) -> None:
        """End a run that the engine cannot continue, so that no run stays open forever."""
        if isinstance(error, RequestError) and not self._flow_of(run_id):
            return self.end(run_id)
        logging.getLogger(__name__).error("A run failed because of an error in the service.", exc_info=error)
        failure = TaskFailed(f"The local AERO could not continue this run: {error}")
        self._runs.end(run_id, "failed", str(failure))
        return None

    def _flow_of(self, run_id: str) -> Row | None:
        return self._store.db.row("SELECT f.* FROM run r JOIN flow f ON f.id = r.flow_id WHERE r.id = ?", (run_id,))
