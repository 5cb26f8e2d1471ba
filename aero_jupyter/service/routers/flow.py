"""Flows."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from aero_jupyter.core import wire
from aero_jupyter.service import flows, shapes
from aero_jupyter.service.catalogue import required
from aero_jupyter.service.routers import Wanted, page, service_of
from aero_jupyter.service.schemas import FlowIn

router = APIRouter(tags=["flow"])


@router.get(wire.LIST["flow"].path, response_model=list[shapes.FlowOut])
def all_flows(request: Request, asked: Wanted) -> JSONResponse:
    """List flows, newest first."""
    catalogue = service_of(request).catalogue
    rows, total = catalogue.page("flow", asked)
    return page([catalogue.flow_out(row) for row in rows], total)


@router.post(wire.REGISTER.path, response_model=shapes.FlowOut)
def register(request: Request, flow: FlowIn) -> Any:
    """Register a flow; its first run is queued where its policy says so."""
    service = service_of(request)
    flow_id = flows.register(service.store, flow.model_dump(mode="json"))
    service.engine.look()
    return JSONResponse(service.catalogue.flow_out(required(service.store.db, "flow", flow_id, "{}")))


@router.post(wire.PAUSE_FLOW.path, response_model=shapes.FlowOut)
def pause(request: Request, flow_id: UUID) -> Any:
    """Let a flow rest: neither its timer nor its inputs start it until it is resumed."""
    flows.pause(service_of(request).store, str(flow_id))
    return one(request, flow_id)


@router.post(wire.RESUME_FLOW.path, response_model=shapes.FlowOut)
def resume(request: Request, flow_id: UUID) -> Any:
    """Let a flow go on; what it missed is one run."""
    service = service_of(request)
    flows.resume(service.store, str(flow_id))
    service.engine.look()
    return one(request, flow_id)


@router.delete(wire.DELETE_FLOW.path, response_model=shapes.FlowOut)
def delete(request: Request, flow_id: UUID) -> Any:
    """Delete a flow, and give it as it was; its data, versions, runs and provenance stay."""
    service = service_of(request)
    deleted = one(request, flow_id)
    for run_id in flows.delete(service.store, str(flow_id)):
        service.engine.end(run_id)
    return deleted


@router.get(wire.GET_FLOW.path, response_model=shapes.FlowOut)
def one(request: Request, flow_id: UUID) -> Any:
    """Give one flow."""
    service = service_of(request)
    row = required(service.store.db, "flow", str(flow_id), "Flow with id {} was not found.")
    return JSONResponse(service.catalogue.flow_out(row))
