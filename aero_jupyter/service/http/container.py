"""The container of one local AERO's parts, and the access check for requests."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from fastapi import Request

from aero_jupyter.core.token_proof import CHALLENGE_PATH
from aero_jupyter.service.catalogue.runs import Runs
from aero_jupyter.service.catalogue.serializers import CatalogueRecords
from aero_jupyter.service.clusters.cluster_tasks import ClusterTasks
from aero_jupyter.service.engine.compute_tasks import Tasks
from aero_jupyter.service.engine.drift_watch import DriftWatch
from aero_jupyter.service.engine.engine import Engine
from aero_jupyter.service.engine.run_tokens import RunTokens
from aero_jupyter.service.engine.table_summaries import FOLDER, TableSummaries
from aero_jupyter.service.engine.table_worker import TableWorker
from aero_jupyter.service.engine.upkeep import Upkeep
from aero_jupyter.service.http.bearer import bearer
from aero_jupyter.service.http.run_access import is_allowed
from aero_jupyter.service.storage.content import ContentStore
from aero_jupyter.service.storage.database import Store
from aero_jupyter.service.workers.pool import Pool
from aero_jupyter.service.workers.task_request import TaskLimits

OPEN_PATHS = ("/openapi.json", "/docs", f"/{CHALLENGE_PATH}")


class Service:
    """The parts of one local AERO, created once."""

    def __init__(self, home: Path, base: str, token: str, port: int) -> None:
        self.home = home
        self.base = base
        self.token = token
        self.port = port
        self.hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self.store = Store(home / "aero.db")
        self.catalogue = CatalogueRecords(self.store, base)
        self.content = ContentStore(self.store, home)
        summaries = home / FOLDER
        summaries.mkdir(exist_ok=True)
        self.table_worker = TableWorker(self.catalogue, self.content, summaries)
        self.summaries = TableSummaries(self.catalogue, self.table_worker, summaries)
        self.runs = Runs(self.catalogue, home)
        limits = TaskLimits(
            seconds=float(os.environ.get("AERO_LOCAL_TIMEOUT", TaskLimits.seconds)),
            memory=int(float(os.environ.get("AERO_LOCAL_MEMORY", TaskLimits.memory))),
        )
        pool = Pool(max(2, os.cpu_count() or 2), limits)
        self.run_tokens = RunTokens()
        clusters = ClusterTasks(home, limits)
        self.tasks = Tasks(self.store, self.runs, pool, base, self.run_tokens, clusters)
        self.upkeep = Upkeep(self.store, home)
        drift = DriftWatch(self.catalogue, self.table_worker)
        self.engine = Engine(
            self.catalogue, self.content, self.runs, pool, base, self.run_tokens, drift, self.upkeep, clusters
        )

    def refusal(self, request: Request) -> tuple[int, str] | None:
        """Return the status and the reason of a refused request; None if the request is admitted."""
        if request.headers.get("host") not in self.hosts:
            return 403, "This service accepts requests only from this machine."
        origin = request.headers.get("origin")
        if origin is not None and origin.removeprefix("http://") not in self.hosts:
            return 403, "This service accepts no requests from other web pages."
        path = request.url.path
        if path in OPEN_PATHS:
            return None
        given = bearer(request) or (request.headers.get("x-aero-token", "") if path.endswith("/notify") else "")
        if not given:
            return 401, "Missing bearer token."
        if secrets.compare_digest(given.encode(), self.token.encode()):
            return None
        holder = self.run_tokens.holder(given)
        if holder and is_allowed(self.store.db, self.runs, holder, request.method, path):
            return None
        return 403, "Invalid bearer token."
