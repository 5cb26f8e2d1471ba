"""Routes for provenance."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from aero_jupyter.core import wire
from aero_jupyter.service import response_models
from aero_jupyter.service.catalogue import backfill, commits
from aero_jupyter.service.catalogue.dataset_rows import required
from aero_jupyter.service.http.bearer import bearer
from aero_jupyter.service.http.problem_responses import PROBLEM_RESPONSES
from aero_jupyter.service.http.routers import ListQueryParams, page, service_of
from aero_jupyter.service.request_models import ProvRecord
from aero_jupyter.service.storage.connection import RequestError

router = APIRouter(tags=["prov"], responses=PROBLEM_RESPONSES)


@router.get(wire.LIST["prov"].path, response_model=list[response_models.Provenance])
def all_prov(request: Request, params: ListQueryParams) -> JSONResponse:
    """List provenance records with their relations, newest first."""
    catalogue = service_of(request).catalogue
    rows, total = catalogue.page("prov", params)
    return page([catalogue.prov_out(row) for row in rows], total)


@router.post(wire.NEW_PROV.path, response_model=response_models.Provenance)
def commit(request: Request, record: ProvRecord) -> JSONResponse:
    """Commit a run: store versions, provenance and the runs that follow in one transaction."""
    service = service_of(request)
    run_id = service.run_tokens.holder(bearer(request))
    if run_id is not None and str(record.run_id) != run_id:
        raise RequestError(403, "This token can commit only its own run.")
    commit_record = commits.commit if record.as_of is None else backfill.commit_as_of
    prov_id = commit_record(service.store, record.model_dump(mode="json"))
    service.engine.wake()
    return JSONResponse(service.catalogue.prov_out(required(service.store.db, "prov", prov_id, "{}")))


@router.get(wire.GET_PROV.path, response_model=response_models.Provenance)
def one(request: Request, id: UUID) -> JSONResponse:
    """Return one provenance record with its relations."""
    service = service_of(request)
    row = required(service.store.db, "prov", str(id), "Provenance with id {} was not found.")
    return JSONResponse(service.catalogue.prov_out(row))
