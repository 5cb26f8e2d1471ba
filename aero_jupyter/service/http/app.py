"""The HTTP application of the local AERO: assembly, access checks, and errors as JSON with a ``detail``."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aero_jupyter._version import __version__
from aero_jupyter.core.safe_parsing import parse_count
from aero_jupyter.service.http import routers
from aero_jupyter.service.http.container import OPEN_PATHS, Service
from aero_jupyter.service.http.description_page import description_page
from aero_jupyter.service.http.error_responses import LEAST_FREE_BYTES, add_error_handlers
from aero_jupyter.service.http.path_methods import PathMethods

#: Maximum bytes of a request body and of a query.
BODY_BYTES, QUERY_BYTES = 16 << 20, 16 << 10


def _out_of_bounds(request: Request) -> tuple[int, str] | None:
    """Return the status and the reason if a request is too long; content streams to disk and may have any length."""
    if len(request.url.query) > QUERY_BYTES:
        return 422, f"The query is longer than {QUERY_BYTES:,} bytes."
    length = parse_count(request.headers.get("content-length")) or 0
    if request.url.path.startswith("/collections/"):
        return None
    if "transfer-encoding" in request.headers:
        return 411, "The request has no Content-Length header."
    if length > BODY_BYTES:
        return 413, f"The request is larger than {BODY_BYTES >> 20} MB."
    return None


class _Guard:
    """Admits or refuses requests; plain ASGI, because a middleware function would run each request in a task group."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope) if scope["type"] == "http" else None
        refusal = self._service.refusal(request) if request else None
        if refusal:
            # A client without a token does not keep its connection.
            status, reason = refusal
            return await JSONResponse({"detail": reason}, status, headers={"Connection": "close"})(scope, receive, send)
        if request and (bounded := _out_of_bounds(request)):
            return await JSONResponse({"detail": bounded[1]}, bounded[0])(scope, receive, send)
        is_open = request is not None and request.url.path in OPEN_PATHS
        return await self._app(scope, receive, _closing(send) if is_open else send)


def _closing(send: Send) -> Send:
    """Return a `send` that closes the connection after the response."""

    async def send_and_close(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
        await send(message)

    return send_and_close


def require_free_space(home: Path) -> None:
    """Raise OSError if the disk has no room for the service's own files; its first write would fail half way."""
    if shutil.disk_usage(home).free < LEAST_FREE_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(home))


class _Methods:
    """Refuses methods that a literal path does not have, before a path with an id parameter matches."""

    def __init__(self, app: ASGIApp, methods: PathMethods) -> None:
        self._app = app
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        known = self._methods.of_literal(scope["path"]) if scope["type"] == "http" else set()
        if known and scope["method"] not in known:
            refusal = JSONResponse({"detail": "Method Not Allowed"}, 405, headers={"Allow": ", ".join(sorted(known))})
            return await refusal(scope, receive, send)
        return await self._app(scope, receive, send)


def make_app(service: Service) -> FastAPI:
    """Build the application."""
    app = FastAPI(title="Local AERO", version=__version__, docs_url=None, redoc_url=None)
    app.state.service = service

    app.add_middleware(_Guard, service=service)

    all_routers = routers.all_routers()
    methods = PathMethods(all_routers)
    add_error_handlers(app, service.home, methods)
    for router in all_routers:
        # `include_router` would build every route a second time.
        app.router.routes.extend(router.routes)

    @app.get("/docs", include_in_schema=False, response_class=HTMLResponse)
    def docs() -> str:
        return description_page(app.openapi())

    # The guard comes first, so that a client without access learns nothing.
    app.user_middleware.append(Middleware(_Methods, methods=methods))
    return app
