"""The routes, a file for each noun."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import StringConstraints

from aero_jupyter.core import wire
from aero_jupyter.service.lists import Asked

if TYPE_CHECKING:
    from aero_jupyter.service.app import Service

Offset = Annotated[int, Query(ge=0, le=10**12)]
Limit = Annotated[int, Query(ge=0, le=wire.PAGE_SIZE)]
Text = Annotated[str, StringConstraints(max_length=2_000)]


def service_of(request: Request) -> Service:
    """The service a request came to."""
    service: Service = request.app.state.service
    return service


def bearer(request: Request) -> str:
    """The bearer token that a request carries; empty where it carries none, or says so in another way."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


Serving = Annotated["Service", Depends(service_of)]


def asked(
    offset: Offset = 0,
    limit: Limit = wire.PAGE_SIZE,
    match: Text | None = None,
    text: Text | None = None,
    where: Annotated[tuple[Text, ...], Query(max_length=20)] = (),
    since: Annotated[int | None, Query(ge=0, le=10**10)] = None,
    sort: Text | None = None,
    made: Text | None = None,
    used: Text | None = None,
) -> Asked:
    """What is wanted of a list."""
    return Asked(offset, limit, match, text, where, since, sort, made, used)


Wanted = Annotated[Asked, Depends(asked)]


def page(rows: list[dict[str, object]], total: int) -> JSONResponse:
    """Answer one page of a list, with the total beside it."""
    return JSONResponse(rows, headers={wire.TOTAL_HEADER: str(total)})


def all_routers() -> list[APIRouter]:
    """Every router of the service."""
    from aero_jupyter.service.routers import collections, compute, data, flow, prov, runs

    return [data.router, flow.router, prov.router, runs.router, collections.router, compute.router]
