"""Provenance."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from aero_jupyter.core import wire
from aero_jupyter.service import flows, shapes
from aero_jupyter.service.catalogue import required
from aero_jupyter.service.routers import Wanted, bearer, page, service_of
from aero_jupyter.service.schemas import ProvRecord
from aero_jupyter.service.store import Refused

router = APIRouter(tags=["prov"])


@router.get(wire.LIST["prov"].path, response_model=list[shapes.Provenance])
def all_prov(request: Request, asked: Wanted) -> JSONResponse:
    """List provenance records with their relations, newest first."""
    catalogue = service_of(request).catalogue
    rows, total = catalogue.page("prov", asked)
    return page([catalogue.prov_out(row) for row in rows], total)


@router.post(wire.NEW_PROV.path, response_model=shapes.Provenance)
def commit(request: Request, record: ProvRecord) -> Any:
    """Keep what a run made: versions, provenance and what follows, in one transaction."""
    service = service_of(request)
    run_id = service.run_tokens.holder(bearer(request))
    if run_id is not None and str(record.run_id) != run_id:
        raise Refused(403, "This token commits only its own run.")
    prov_id = flows.commit(service.store, record.model_dump(mode="json"))
    service.engine.look()
    return JSONResponse(service.catalogue.prov_out(required(service.store.db, "prov", prov_id, "{}")))


@router.get(wire.GET_PROV.path, response_model=shapes.Provenance)
def one(request: Request, id: UUID) -> Any:
    """Give one provenance record with its relations."""
    service = service_of(request)
    row = required(service.store.db, "prov", str(id), "Provenance with id {} was not found.")
    return JSONResponse(service.catalogue.prov_out(row))
