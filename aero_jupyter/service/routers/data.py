"""Data, versions, sources and their types."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse

from aero_jupyter.core import wire
from aero_jupyter.service import flows, shapes, sources
from aero_jupyter.service.routers import Offset, Wanted, page, service_of
from aero_jupyter.service.schemas import NotifyByObjectIn, NotifyIn, SourceIn, SourceUrlIn
from aero_jupyter.service.store import Refused, Row

router = APIRouter(tags=["data"])
# Looked at before the route is reached: it opens notifications only.
Webhook = Annotated[str | None, Header()]


@router.get(wire.LIST["data"].path, response_model=list[shapes.Data])
def all_data(request: Request, asked: Wanted) -> JSONResponse:
    """List Data, newest first."""
    catalogue = service_of(request).catalogue
    rows, total = catalogue.page("data", asked)
    return page([catalogue.data_out(row) for row in rows], total)


@router.get(wire.SEARCH.path, response_model=dict[str, Any])
def search(request: Request, query: str, offset: Offset = 0, limit: Annotated[int, Query(ge=0, le=100)] = 15) -> Any:
    """Search names, descriptions, urls and tags."""
    return JSONResponse(service_of(request).catalogue.search(query, offset, limit))


@router.post(wire.SOURCE.path, response_model=shapes.Data)
def add_source(request: Request, source: SourceIn) -> Any:
    """Add a source."""
    service = service_of(request)
    return JSONResponse(service.catalogue.data_out(service.catalogue.data(sources.add_source(service.store, source))))


@router.get(wire.TYPES.path, response_model=list[shapes.SourceTypeOut])
def types(request: Request) -> Any:
    """List source types."""
    return JSONResponse(sources.types_out(service_of(request).store))


@router.get(wire.GET_TYPE.path, response_model=shapes.SourceTypeOut)
def one_type(request: Request, name: str) -> Any:
    """Give a source type."""
    return JSONResponse(sources.type_out(service_of(request).store, name))


@router.post(wire.ADD_TYPE_URL.path, response_model=shapes.SourceTypeOut)
def add_type_url(request: Request, name: str, added: SourceUrlIn) -> Any:
    """Let a type stand for one more url."""
    return JSONResponse(sources.add_type_url(service_of(request).store, name, added.url))


@router.delete(wire.DELETE_TYPE_URL.path, response_model=shapes.SourceTypeOut)
def delete_type_url(request: Request, name: str, url: str) -> Any:
    """Take a url from a type."""
    return JSONResponse(sources.delete_type_url(service_of(request).store, name, url))


@router.post(wire.NOTIFY_BY_OBJECT.path)
def notify_by_object(request: Request, note: NotifyByObjectIn, x_aero_token: Webhook = None) -> Any:
    """Tell that an object changed."""
    service = service_of(request)
    data = sources.find(service.store.db, note.file_id)
    answer = sources.notify(service.store, data, note.file_id, note)
    service.engine.look()
    return answer


@router.get(wire.GET_DATA.path, response_model=shapes.Data)
def one(request: Request, id: UUID) -> Any:
    """Give one Data."""
    catalogue = service_of(request).catalogue
    return JSONResponse(catalogue.data_out(catalogue.data(str(id))))


@router.get(wire.VERSIONS.path, response_model=list[shapes.DataVersion])
def versions(request: Request, id: UUID, version: int | None = None) -> Any:
    """List the versions of a Data, or the one of that number."""
    return JSONResponse(service_of(request).catalogue.versions(str(id), version))


@router.get(wire.LATEST.path, response_model=shapes.VersionOut)
def latest(request: Request, id: UUID) -> Any:
    """Give the newest version."""
    return JSONResponse(service_of(request).catalogue.latest(str(id)))


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
        if role == "ingestion" and flow["derived_from"]:
            role = "analysis"
        keys = ("policy", "description", "timer_job_id", "last_executed")
        shown.append({"flow_id": flow_id, "role": role, **{key: flow[key] for key in keys}})
    return shown


@router.get(wire.DATA_FLOWS.path, response_model=list[shapes.AttachedFlowOut])
def attached(request: Request, id: UUID) -> Any:
    """List the flows that read or make a Data."""
    return JSONResponse(_attached(request, str(id)))


@router.delete(wire.DELETE_DATA_FLOWS.path, response_model=list[shapes.DeletedFlowOut])
def detach(request: Request, id: UUID) -> Any:
    """Delete the flows that read or make a Data, and their provenance."""
    service = service_of(request)
    before = _attached(request, str(id))
    sql = "SELECT count(*) FROM prov WHERE flow_id = ?"
    counts = {each["flow_id"]: service.store.db.value(sql, (each["flow_id"],)) for each in before}
    flows.delete_flows_of(service.store, str(id))
    deleted = [
        {**each, "provenance_deleted": counts[each["flow_id"]], "timer": "cancelled" if each["timer_job_id"] else None}
        for each in before
    ]
    return JSONResponse(deleted)


@router.post(wire.NOTIFY.path)
def notify(request: Request, id: UUID, note: NotifyIn | None = None, x_aero_token: Webhook = None) -> Any:
    """Tell that the object behind a Data changed."""
    service = service_of(request)
    note = note or NotifyIn()
    data = service.catalogue.data(str(id))
    identity = note.key or note.url
    typed = service.store.db.row("SELECT * FROM source_type WHERE data_id = ?", (str(id),))
    if typed and not identity:
        raise Refused(400, "Say which object changed: key or url.")
    if typed and sources.find(service.store.db, str(identity))["id"] != str(id):
        raise Refused(404, f"No source matches file_id '{identity}'.")
    answer = sources.notify(service.store, data, identity or data["url"], note)
    service.engine.look()
    return answer
