"""The Globus Compute web API below ``/compute``."""

import os
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from aero_jupyter.service.routers import service_of
from aero_jupyter.service.schemas import BatchIn, FunctionIn, SubmitIn

router = APIRouter(prefix="/compute", tags=["compute"])


@router.get("/v2/version")
def version(service: str | None = None) -> Any:
    """Tell the version of the API."""
    return {"api": "1.99.0", "min_sdk_version": "2.0.0", "min_ep_version": "2.0.0"} if service == "all" else "1.99.0"


@router.post("/v3/functions")
@router.post("/v2/functions", include_in_schema=False)
def register(request: Request, function: FunctionIn) -> Any:
    """Register a function."""
    return {"function_uuid": service_of(request).tasks.register(function)}


@router.get("/v2/functions/{id}")
def function(request: Request, id: str) -> Any:
    """Give a function."""
    return service_of(request).tasks.function(id)


@router.delete("/v2/functions/{id}")
def forget(request: Request, id: str) -> Any:
    """Delete a function."""
    service_of(request).tasks.forget(id)
    return {"result": 302}


@router.get("/v2/endpoints")
def endpoints(request: Request) -> Any:
    """List the endpoints: this machine."""
    return [service_of(request).tasks.endpoint()]


@router.get("/v2/endpoints/{id}")
def endpoint(request: Request, id: str) -> Any:
    """Give an endpoint."""
    tasks = service_of(request).tasks
    tasks.require_endpoint(id)
    return tasks.endpoint()


@router.get("/v2/endpoints/{id}/status")
def endpoint_status(request: Request, id: str) -> Any:
    """Tell an endpoint's state."""
    service_of(request).tasks.require_endpoint(id)
    return {"status": "online", "details": {"total_workers": os.cpu_count(), "managers": 1}}


@router.get("/v3/endpoints/{id}/allowed_functions")
def allowed(request: Request, id: str) -> Any:
    """Tell which functions may run: all."""
    service_of(request).tasks.require_endpoint(id)
    return {"endpoint_id": id, "restricted": False, "functions": []}


@router.post("/v3/endpoints/{id}/submit", status_code=202)
def submit(request: Request, id: str, tasks: SubmitIn) -> Any:
    """Start tasks."""
    return JSONResponse(service_of(request).tasks.submit(id, tasks), 202)


@router.get("/v2/tasks/{id}")
def task(request: Request, id: str) -> Any:
    """Give a task, with its result once it has one."""
    return JSONResponse(service_of(request).tasks.show(id))


@router.post("/v2/batch_status")
def batch(request: Request, asked: BatchIn) -> Any:
    """Give several tasks."""
    return JSONResponse(service_of(request).tasks.batch(asked.task_ids))


@router.get("/v2/taskgroup/{id}")
def group(request: Request, id: str) -> Any:
    """Give a task group."""
    return service_of(request).tasks.group(id)
