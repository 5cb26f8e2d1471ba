"""Routes for datasets, versions, sources and source types."""

import json
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse

from aero_jupyter.core import wire
from aero_jupyter.core.table_rows import MAX_PAGE_ROWS
from aero_jupyter.service import response_models
from aero_jupyter.service.catalogue import flows, promises, source_types, sources
from aero_jupyter.service.http.problem_responses import PROBLEM_RESPONSES
from aero_jupyter.service.http.routers import ListQueryParams, Offset, page, service_of
from aero_jupyter.service.request_models import (
    FreshnessIn,
    NotifyByObjectIn,
    NotifyIn,
    ReadOptionsIn,
    SourceIn,
    SourceUrlIn,
)
from aero_jupyter.service.storage.connection import RequestError, Row

router = APIRouter(tags=["data"], responses=PROBLEM_RESPONSES)
# The header is checked before the route is reached; it authorizes notifications only.
Webhook = Annotated[str | None, Header()]
_READ_OPTIONS_CHARACTERS = 100_000


@router.get(wire.LIST["data"].path, response_model=list[response_models.Data])
def all_data(request: Request, params: ListQueryParams) -> JSONResponse:
    """List datasets, newest first."""
    catalogue = service_of(request).catalogue
    rows, total = catalogue.page("data", params)
    return page([catalogue.data_out(row) for row in rows], total)


@router.get(wire.SEARCH.path, response_model=dict[str, Any])
def search(
    request: Request, query: str, offset: Offset = 0, limit: Annotated[int, Query(ge=0, le=100)] = 15
) -> JSONResponse:
    """Search names, descriptions, URLs and tags."""
    return JSONResponse(service_of(request).catalogue.search(query, offset, limit))


@router.post(wire.SOURCE.path, response_model=response_models.Data)
def add_source(request: Request, source: SourceIn) -> JSONResponse:
    """Add a source."""
    service = service_of(request)
    return JSONResponse(service.catalogue.data_out(service.catalogue.data(sources.add_source(service.store, source))))


@router.get(wire.TYPES.path, response_model=list[response_models.SourceTypeOut])
def types(request: Request) -> JSONResponse:
    """List source types."""
    return JSONResponse(source_types.types_out(service_of(request).store))


@router.get(wire.GET_TYPE.path, response_model=response_models.SourceTypeOut)
def one_type(request: Request, name: str) -> JSONResponse:
    """Return a source type."""
    return JSONResponse(source_types.type_out(service_of(request).store, name))


@router.post(wire.ADD_TYPE_URL.path, response_model=response_models.SourceTypeOut)
def add_type_url(request: Request, name: str, added: SourceUrlIn) -> JSONResponse:
    """Add a URL to a source type."""
    return JSONResponse(source_types.add_type_url(service_of(request).store, name, added.url))


@router.delete(wire.DELETE_TYPE_URL.path, response_model=response_models.SourceTypeOut)
def delete_type_url(request: Request, name: str, url: str) -> JSONResponse:
    """Remove a URL from a source type."""
    return JSONResponse(source_types.delete_type_url(service_of(request).store, name, url))


@router.post(wire.NOTIFY_BY_OBJECT.path, response_model=None)
def notify_by_object(request: Request, note: NotifyByObjectIn, x_aero_token: Webhook = None) -> Row:
    """Record that an object changed."""
    service = service_of(request)
    data = sources.find_dataset_of_object(service.store.db, note.file_id)
    answer = sources.notify(service.store, data, note.file_id, note)
    service.engine.wake()
    return answer


@router.get(wire.GET_DATA.path, response_model=response_models.Data)
def one(request: Request, id: UUID) -> JSONResponse:
    """Return one dataset."""
    catalogue = service_of(request).catalogue
    return JSONResponse(catalogue.data_out(catalogue.data(str(id))))


@router.get(wire.READ_OPTIONS.path)
def read_options(request: Request, id: UUID) -> dict[str, Any]:
    """Return the reader options that are stored with a dataset."""
    row = service_of(request).catalogue.data(str(id))
    return {"read_options": json.loads(row["read_options"] or "{}")}


@router.put(wire.PUT_READ_OPTIONS.path)
def put_read_options(request: Request, id: UUID, body: ReadOptionsIn) -> dict[str, Any]:
    """Store reader options with a dataset; they replace the previous ones."""
    service = service_of(request)
    text = json.dumps(body.read_options) if body.read_options else None
    if text is not None and len(text) > _READ_OPTIONS_CHARACTERS:
        raise RequestError(
            422, f"The reader options have {len(text):,} characters; at most {_READ_OPTIONS_CHARACTERS:,} are allowed."
        )
    with service.store.transaction() as db:
        if not db.run("UPDATE data SET read_options = ? WHERE id = ?", (text, str(id))):
            raise RequestError(404, f"Data with id {id} not found.")
    return {"read_options": body.read_options}


@router.put(wire.PUT_FRESHNESS.path)
def put_freshness(request: Request, id: UUID, body: FreshnessIn) -> dict[str, Any]:
    """Store the freshness promise of a dataset; an unchanged promise keeps its beginning."""
    service = service_of(request)
    stored = promises.store_promise(service.store, str(id), body.promise, body.since)
    service.engine.wake()
    return {"freshness": stored}


@router.get(wire.VERSIONS.path, response_model=list[response_models.DataVersion])
def versions(request: Request, id: UUID, version: int | None = None) -> JSONResponse:
    """List the versions of a dataset, or only the version with the given number."""
    return JSONResponse(service_of(request).catalogue.versions(str(id), version))


@router.get(wire.LATEST.path, response_model=response_models.VersionOut)
def latest(request: Request, id: UUID) -> JSONResponse:
    """Return the newest version."""
    return JSONResponse(service_of(request).catalogue.latest(str(id)))


@router.get(wire.SUMMARY.path, response_model=response_models.SummaryOut)
def summary(request: Request, id: UUID, version: Annotated[int | None, Query(ge=1, le=2**53)] = None) -> JSONResponse:
    """Return the summary of a version's table, the newest by default, or that it is being computed."""
    return JSONResponse(service_of(request).summaries.get(str(id), version))


@router.get(wire.ROWS.path, response_model=response_models.RowsOut)
def rows(
    request: Request,
    id: UUID,
    version: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    start: Annotated[int, Query(ge=0, le=2**53)] = 0,
    count: Annotated[int, Query(ge=1, le=MAX_PAGE_ROWS)] = 10,
) -> JSONResponse:
    """Return some rows of a version's table, of the newest version by default."""
    return JSONResponse(service_of(request).summaries.rows(str(id), version, start, count))


def _attached(request: Request, id: str) -> list[Row]:
    service = service_of(request)
    service.catalogue.data(id)
    db = service.store.db
    made = {row["flow_id"] for row in db.rows("SELECT flow_id FROM flow_output WHERE data_id = ?", (id,))}
    read = {row["flow_id"] for row in db.rows("SELECT flow_id FROM flow_input WHERE data_id = ?", (id,))}
    shown = []
    for flow_id in sorted(made | read):
        flow = service.catalogue.flow_out(db.rows("SELECT * FROM flow WHERE id = ?", (flow_id,))[0])
        role = "both" if flow_id in made and flow_id in read else "analysis" if flow_id in read else "ingestion"
        keys = ("policy", "description", "timer_job_id", "last_executed")
        shown.append({"flow_id": flow_id, "role": role, **{key: flow[key] for key in keys}})
    return shown


@router.get(wire.DATA_FLOWS.path, response_model=list[response_models.AttachedFlowOut])
def attached(request: Request, id: UUID) -> JSONResponse:
    """List the flows that read or write a dataset."""
    return JSONResponse(_attached(request, str(id)))


@router.delete(wire.DELETE_DATA_FLOWS.path, response_model=list[response_models.DeletedFlowOut])
def detach(request: Request, id: UUID) -> JSONResponse:
    """Delete the flows that read or write a dataset, and their provenance."""
    service = service_of(request)
    before = _attached(request, str(id))
    sql = "SELECT count(*) FROM prov WHERE flow_id = ?"
    counts = {each["flow_id"]: service.store.db.value(sql, (each["flow_id"],)) for each in before}
    for run_id in flows.delete_flows_of(service.store, str(id)):
        service.engine.end(run_id)
    deleted = [
        {**each, "provenance_deleted": counts[each["flow_id"]], "timer": "cancelled" if each["timer_job_id"] else None}
        for each in before
    ]
    return JSONResponse(deleted)


@router.post(wire.NOTIFY.path, response_model=None)
def notify(request: Request, id: UUID, note: NotifyIn | None = None, x_aero_token: Webhook = None) -> Row:
    """Record that the object behind a dataset changed."""
    service = service_of(request)
    note = note or NotifyIn()
    data = service.catalogue.data(str(id))
    identity = note.key or note.url
    typed = service.store.db.row("SELECT * FROM source_type WHERE data_id = ?", (str(id),))
    if typed and not identity:
        raise RequestError(400, "Name the object that changed: key or url.")
    if typed:
        sources.find_dataset_of_object(service.store.db, str(identity), str(id))
    answer = sources.notify(service.store, data, identity or data["url"], note)
    service.engine.wake()
    return answer
