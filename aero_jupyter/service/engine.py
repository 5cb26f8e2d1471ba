"""The engine: a scheduler that decides, and durable runs (DBOS) whose steps the workers execute.

A run is a workflow of three steps: pull, call, commit. Each step is at least once; the commit is idempotent by run.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from aero_jupyter.service import durable
from aero_jupyter.service.catalogue import required
from aero_jupyter.service.flows import fire_timers, seconds_until
from aero_jupyter.service.patience import Patience, Stopping
from aero_jupyter.service.pool import Pool
from aero_jupyter.service.runs import Runs
from aero_jupyter.service.steps import Steps
from aero_jupyter.service.store import Refused, Row, Store
from aero_jupyter.service.tokens import RunTokens
from aero_jupyter.service.workers import TaskFailed

_DEAD = "The engine of the local AERO did not start; what it said stands in: aero-jupyter local logs"
_Pull = Callable[[str], Row]
_Then = Callable[[str, Row], Row]


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
        self._home = home
        self._slots = threading.Semaphore(pool.size * 2)
        self._wake_dispatcher = threading.Event()
        self._wake_timer = threading.Event()
        self._stopping = False
        self._patiently = Patience()
        self._tokens = tokens
        self._steps = Steps(store, runs, pool, base, tokens, self._patiently)
        self._followed: set[str] = set()
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
        self._patiently.end()
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
            return self._unless_stopping(self._steps.pull(run_id))

        @DBOS.step(name="call")
        def call(run_id: str, pulled: Row) -> Row:
            return self._unless_stopping(self._steps.call(run_id, pulled))

        @DBOS.step(name="commit")
        def commit(run_id: str, called: Row) -> Row:
            return self._unless_stopping(self._steps.commit(run_id, called))

        @DBOS.workflow(name="run_flow")
        def run_flow(run_id: str) -> None:
            self._follow(run_id, pull, call, commit)

        self._workflow = run_flow
        DBOS.launch()
        self.ready.set()

    def _submit(self, run_id: str) -> None:
        """Have a run followed, once. One whose workflow ended without ending it begins anew."""
        from dbos import DBOS, SetWorkflowID

        attempt = 1
        while durable.has_ended(id := f"{run_id}.{attempt}" if attempt > 1 else run_id):
            attempt += 1
        self._followed.add(run_id)
        # Starting under an id that exists is no new start: a run claimed before a crash is taken up exactly once.
        with SetWorkflowID(id):
            DBOS.start_workflow(self._workflow, run_id)

    def _dispatch(self) -> None:
        try:
            self._launch()
        except Exception:
            logging.getLogger(__name__).exception("The engine did not start.")
            self._refuse()
            return
        interrupted = self._patiently(self._runs.open)
        if not interrupted:
            durable.rest()
        for run_id in interrupted:
            self._slots.acquire()
            self._patiently(partial(self._submit, run_id))
        while not self._stopping:
            self._slots.acquire()
            run = None if self._stopping else self._claimed()
            if run is not None:
                self._patiently(partial(self._submit, run["id"]))
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
        return self._patiently(self._runs.claim)

    def _unless_stopping(self, answer: Row) -> Row:
        """Take no answer for true that a step gives because its worker was ended with the service."""
        if self._stopping:
            raise Stopping
        return answer

    def _keep_time(self) -> None:
        while not self._stopping:
            self._wake_timer.clear()
            try:
                upcoming = fire_timers(self._store, datetime.now(timezone.utc))
            except Exception as error:
                self._patiently.wait(error)
                continue
            self._wake_dispatcher.set()
            # A minute at most, so that a suspended machine or a changed clock is noticed.
            self._wake_timer.wait(min(seconds_until(upcoming) or 60.0, 60.0) if upcoming else None)

    def _follow(self, run_id: str, pull: _Pull, call: _Then, commit: _Then) -> None:
        try:
            answer = self._durably(partial(pull, run_id), partial(self._steps.pull, run_id))
            for step, plain in ((call, self._steps.call), (commit, self._steps.commit)):
                if "error" not in answer:
                    answer = self._durably(partial(step, run_id, answer), partial(plain, run_id, answer))
            self._patiently(partial(self._conclude, run_id, answer))
        except Exception as error:
            self._patiently(partial(self._give_up, run_id, error))
        finally:
            self._runs.clear(run_id)
            self._tokens.end(run_id)
            if run_id in self._followed:
                self._followed.discard(run_id)
                self._slots.release()
            self.look()

    def _durably(self, step: Callable[[], Row], plain: Callable[[], Row]) -> Row:
        """Do a step that DBOS keeps; where it cannot keep it, do it without: nothing it does is there twice."""
        try:
            return step()
        except Exception as error:
            if not durable.is_of_store(error):
                raise
            self._patiently.wait(error)
        return self._unless_stopping(self._patiently(plain))

    def _conclude(self, run_id: str, answer: Row) -> None:
        if "error" in answer:
            self._runs.end(run_id, "failed", answer["error"], answer["traceback"])
        else:
            self._runs.end(run_id, "done" if self._runs.made_anything(run_id) else "unchanged")

    def _give_up(self, run_id: str, error: Exception) -> None:
        """End a run that the engine cannot go on with: none may stay open for ever."""
        if isinstance(error, Refused) and not self._flow_of(run_id):
            return self.end(run_id)
        logging.getLogger(__name__).error("A run was given up.", exc_info=error)
        said = TaskFailed(f"The local AERO could not go on with this run: {error}")
        self._runs.end(run_id, "failed", str(said))
        return None

    def _flow_of(self, run_id: str) -> Row | None:
        return self._store.db.row("SELECT f.* FROM run r JOIN flow f ON f.id = r.flow_id WHERE r.id = ?", (run_id,))
