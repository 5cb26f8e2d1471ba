"""The routes, one file per noun.

Routers may import the container and the parts that it holds; the app assembles the routers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import StringConstraints

from aero_jupyter.core import wire
from aero_jupyter.service.catalogue.list_queries import ListParams

if TYPE_CHECKING:
    from aero_jupyter.service.http.container import Service

Offset = Annotated[int, Query(ge=0, le=10**12)]
Limit = Annotated[int, Query(ge=0, le=wire.PAGE_SIZE)]
Text = Annotated[str, StringConstraints(max_length=2_000)]


def service_of(request: Request) -> Service:
    """Return the service that a request was sent to."""
    service: Service = request.app.state.service
    return service


Serving = Annotated["Service", Depends(service_of)]


def list_params(
    offset: Offset = 0,
    limit: Limit = wire.PAGE_SIZE,
    match: Text | None = None,
    text: Text | None = None,
    where: Annotated[tuple[Text, ...], Query(max_length=20)] = (),
    since: Annotated[int | None, Query(ge=0, le=10**10)] = None,
    sort: Text | None = None,
    made: Text | None = None,
    used: Text | None = None,
) -> ListParams:
    """Return the parameters of a list request."""
    return ListParams(offset, limit, match, text, where, since, sort, made, used)


ListQueryParams = Annotated[ListParams, Depends(list_params)]


def page(rows: list[dict[str, object]], total: int) -> JSONResponse:
    """Return one page of a list, with the total in a header."""
    return JSONResponse(rows, headers={wire.TOTAL_HEADER: str(total)})


def all_routers() -> list[APIRouter]:
    """Return every router of the service."""
    from aero_jupyter.service.http.routers import collections, compute, data, flow, prov, retention, runs

    return [data.router, flow.router, prov.router, runs.router, collections.router, compute.router, retention.router]
