"""Routes for runs, and for the status of the service."""

import os
import sqlite3
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from aero_jupyter._version import __version__
from aero_jupyter.core import wire
from aero_jupyter.core.token_proof import CHALLENGE_PATH, NONCE_CHARS, proof_of
from aero_jupyter.service.catalogue.notices import newest_notices
from aero_jupyter.service.http.problem_responses import PROBLEM_MODELS, PROBLEM_RESPONSES
from aero_jupyter.service.http.routers import ListQueryParams, page, service_of
from aero_jupyter.service.request_models import RunIn
from aero_jupyter.service.storage.connection import Row, stamp

router = APIRouter(tags=["runs"], responses=PROBLEM_RESPONSES)
NoticeLimit = Annotated[int, Query(ge=1, le=1_000)]
Nonce = Annotated[str, Query(min_length=1, max_length=NONCE_CHARS)]


@router.get(wire.LIST_RUNS.path)
def all_runs(request: Request, params: ListQueryParams) -> JSONResponse:
    """List runs, newest first; `match` is the id of a flow or the beginning of a run's id."""
    service = service_of(request)
    rows, total = service.catalogue.page("run", params)
    return page([service.runs.summary(row) for row in rows], total)


@router.post(wire.RUN_NOW.path, status_code=202)
def run_now(request: Request, body: RunIn) -> Row:
    """Run a flow now; if a run is queued already, return that run."""
    service = service_of(request)
    run = service.runs.request_run(str(body.flow_id))
    service.engine.wake()
    return run


@router.get(wire.GET_RUN.path)
def one(request: Request, id: UUID) -> JSONResponse:
    """Return one run with its steps, log and traceback."""
    return JSONResponse(service_of(request).runs.detail(str(id)))


@router.post(wire.CANCEL_RUN.path)
def cancel(request: Request, id: UUID) -> Row:
    """Cancel a run."""
    service = service_of(request)
    service.engine.cancel(str(id))
    return service.runs.detail(str(id))


@router.get(wire.LIST_NOTICES.path)
def all_notices(request: Request, limit: NoticeLimit = 50) -> JSONResponse:
    """List the newest notices, newest first."""
    return JSONResponse(newest_notices(service_of(request).store, limit))


@router.get(wire.STATUS.path, responses=PROBLEM_MODELS)
def status(request: Request) -> Row:
    """Return the status of the service."""
    service = service_of(request)
    about = {"version": __version__, "pid": os.getpid(), "time": stamp(), "engine_ready": service.engine.ready.is_set()}
    places = {"endpoint": service.store.endpoint, "collection": service.store.collection}
    try:
        return {**about, **places, "counts": service.runs.counts()}
    except sqlite3.DatabaseError as error:
        # A client that stops the service must find it, even if its store is damaged.
        return {**about, **places, "counts": {}, "problem": str(error)}


@router.get(f"/{CHALLENGE_PATH}", include_in_schema=False)
async def challenge(request: Request, nonce: Nonce) -> Row:
    """Return a proof that this service knows its token; the route requires no token."""
    # No thread is needed for this; the start of the first one takes longer than the rest of the first request.
    service = service_of(request)
    return {"proof": proof_of(service.token, nonce, service.port)}
