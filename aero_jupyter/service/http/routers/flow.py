"""Routes for flows."""

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from aero_jupyter.core import wire
from aero_jupyter.service import response_models
from aero_jupyter.service.catalogue import flows
from aero_jupyter.service.catalogue.dataset_rows import required
from aero_jupyter.service.http.problem_responses import PROBLEM_RESPONSES
from aero_jupyter.service.http.routers import ListQueryParams, page, service_of
from aero_jupyter.service.request_models import FlowIn

router = APIRouter(tags=["flow"], responses=PROBLEM_RESPONSES)


@router.get(wire.LIST["flow"].path, response_model=list[response_models.FlowOut])
def all_flows(request: Request, params: ListQueryParams) -> JSONResponse:
    """List flows, newest first; large kwargs are in the single record only."""
    catalogue = service_of(request).catalogue
    rows, total = catalogue.page("flow", params)
    return page([catalogue.listed_flow(row) for row in rows], total)


@router.post(wire.REGISTER.path, response_model=response_models.FlowOut)
def register(request: Request, flow: FlowIn) -> JSONResponse:
    """Register a flow; queue its first run if the policy requires one."""
    service = service_of(request)
    flow_id, ended = flows.register(service.store, flow.model_dump(mode="json"))
    for run_id in ended:
        service.engine.end(run_id, flows.REPLACED_REASON)
    service.engine.wake()
    return JSONResponse(service.catalogue.flow_out(required(service.store.db, "flow", flow_id, "{}")))


@router.post(wire.PAUSE_FLOW.path, response_model=response_models.FlowOut)
def pause(request: Request, flow_id: UUID) -> JSONResponse:
    """Pause a flow: neither its schedule nor its inputs start a run until the flow is resumed."""
    flows.pause(service_of(request).store, str(flow_id))
    return one(request, flow_id)


@router.post(wire.RESUME_FLOW.path, response_model=response_models.FlowOut)
def resume(request: Request, flow_id: UUID) -> JSONResponse:
    """Resume a flow; everything it missed becomes one run."""
    service = service_of(request)
    flows.resume(service.store, str(flow_id))
    service.engine.wake()
    return one(request, flow_id)


@router.delete(wire.DELETE_FLOW.path, response_model=response_models.FlowOut)
def delete(request: Request, flow_id: UUID) -> JSONResponse:
    """Delete a flow and return its last record; its datasets, versions, runs and provenance stay."""
    service = service_of(request)
    deleted = one(request, flow_id)
    for run_id in flows.delete(service.store, str(flow_id)):
        service.engine.end(run_id)
    return deleted


@router.get(wire.FLOW_HISTORY.path, response_model=list[response_models.EarlierFunctionOut])
def history(request: Request, flow_id: UUID) -> JSONResponse:
    """List the functions of the flows that a flow replaced, oldest first."""
    db = service_of(request).store.db
    required(db, "flow", str(flow_id), "Flow with id {} was not found.")
    return JSONResponse(flows.earlier_functions(db, str(flow_id)))


@router.get(wire.GET_FLOW.path, response_model=response_models.FlowOut)
def one(request: Request, flow_id: UUID) -> JSONResponse:
    """Return one flow."""
    service = service_of(request)
    row = required(service.store.db, "flow", str(flow_id), "Flow with id {} was not found.")
    return JSONResponse(service.catalogue.flow_out(row))
