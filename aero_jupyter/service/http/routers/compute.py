"""The Globus Compute web API below ``/compute``."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from aero_jupyter.service.http.problem_responses import PROBLEM_RESPONSES
from aero_jupyter.service.http.routers import service_of
from aero_jupyter.service.request_models import BatchIn, FunctionIn, SubmitIn
from aero_jupyter.service.storage.connection import Row

router = APIRouter(prefix="/compute", tags=["compute"], responses=PROBLEM_RESPONSES)


@router.get("/v2/version")
def get_version(service: str | None = None) -> Row | str:
    """Return the version of the API."""
    return {"api": "1.99.0", "min_sdk_version": "2.0.0", "min_ep_version": "2.0.0"} if service == "all" else "1.99.0"


@router.post("/v3/functions")
@router.post("/v2/functions", include_in_schema=False)
def register_function(request: Request, function: FunctionIn) -> Row:
    """Register a function."""
    return {"function_uuid": service_of(request).tasks.register(function)}


@router.get("/v2/functions/{id}")
def get_function(request: Request, id: str) -> Row:
    """Return a function."""
    return service_of(request).tasks.function(id)


@router.delete("/v2/functions/{id}")
def delete_function(request: Request, id: str) -> Row:
    """Delete a function."""
    service_of(request).tasks.forget(id)
    return {"result": 302}


@router.get("/v2/endpoints")
def list_endpoints(request: Request) -> list[Row]:
    """List the endpoints: this machine, and the clusters of this user."""
    return service_of(request).tasks.endpoints()


@router.get("/v2/endpoints/{id}")
def get_endpoint(request: Request, id: str) -> Row:
    """Return an endpoint."""
    return service_of(request).tasks.endpoint(id)


@router.get("/v2/endpoints/{id}/status")
def get_endpoint_status(request: Request, id: str) -> Row:
    """Return the status of an endpoint."""
    return service_of(request).tasks.endpoint_status(id)


@router.get("/v3/endpoints/{id}/allowed_functions")
def list_allowed_functions(request: Request, id: str) -> Row:
    """Return the functions that may run on an endpoint: all."""
    service_of(request).tasks.endpoint(id)
    return {"endpoint_id": id, "restricted": False, "functions": []}


@router.post("/v3/endpoints/{id}/submit", status_code=202)
def submit_tasks(request: Request, id: str, tasks: SubmitIn) -> JSONResponse:
    """Start tasks."""
    return JSONResponse(service_of(request).tasks.submit(id, tasks), 202)


@router.get("/v2/tasks/{id}")
def get_task(request: Request, id: str) -> JSONResponse:
    """Return a task, with its result once there is one."""
    return JSONResponse(service_of(request).tasks.show(id))


@router.post("/v2/batch_status")
def get_batch_status(request: Request, tasks: BatchIn) -> JSONResponse:
    """Return several tasks."""
    return JSONResponse(service_of(request).tasks.batch(tasks.task_ids))


@router.get("/v2/taskgroup/{id}")
def get_task_group(request: Request, id: str) -> Row:
    """Return a task group."""
    return service_of(request).tasks.group(id)
