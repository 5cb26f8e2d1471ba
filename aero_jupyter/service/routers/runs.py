"""Runs, and the state of the service."""

import os
import sqlite3
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from aero_jupyter._version import __version__
from aero_jupyter.core import wire
from aero_jupyter.service.routers import Wanted, page, service_of
from aero_jupyter.service.schemas import RunIn
from aero_jupyter.service.store import stamp

router = APIRouter(tags=["runs"])


@router.get(wire.LIST_RUNS.path)
def all_runs(request: Request, asked: Wanted) -> JSONResponse:
    """List runs, newest first; `match` is a flow's id or the beginning of a run's."""
    service = service_of(request)
    rows, total = service.catalogue.page("run", asked)
    return page([service.runs.brief(row) for row in rows], total)


@router.post(wire.RUN_NOW.path, status_code=202)
def run_now(request: Request, asked: RunIn) -> Any:
    """Run a flow now; where a run waits already, that one will do."""
    service = service_of(request)
    run = service.runs.ask(str(asked.flow_id))
    service.engine.look()
    return run


@router.get(wire.GET_RUN.path)
def one(request: Request, id: UUID) -> Any:
    """Give one run with its steps, log and traceback."""
    return JSONResponse(service_of(request).runs.show(str(id)))


@router.post(wire.CANCEL_RUN.path)
def cancel(request: Request, id: UUID) -> Any:
    """Cancel a run."""
    service = service_of(request)
    service.engine.cancel(str(id))
    return service.runs.show(str(id))


@router.get(wire.STATUS.path)
def status(request: Request) -> Any:
    """Tell how the service is."""
    service = service_of(request)
    about = {"version": __version__, "pid": os.getpid(), "time": stamp(), "engine_ready": service.engine.ready.is_set()}
    places = {"endpoint": service.store.endpoint, "collection": service.store.collection}
    try:
        return {**about, **places, "counts": service.runs.counts()}
    except sqlite3.DatabaseError as error:
        # Whoever stops it has to find it, whatever became of its store.
        return {**about, **places, "counts": {}, "problem": str(error)}
