"""The HTTP face of the local AERO: parts put together, requests let in, errors as JSON with a ``detail``."""

from __future__ import annotations

import errno
import functools
import logging
import os
import re
import secrets
import sqlite3
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from aero_jupyter._version import __version__
from aero_jupyter.service import routers, shapes
from aero_jupyter.service.catalogue import Catalogue
from aero_jupyter.service.content import Content
from aero_jupyter.service.engine import Engine
from aero_jupyter.service.pool import Pool
from aero_jupyter.service.reach import opens
from aero_jupyter.service.runs import Runs
from aero_jupyter.service.store import Refused, Store
from aero_jupyter.service.tasks import Tasks
from aero_jupyter.service.tokens import RunTokens
from aero_jupyter.service.workers import Limits

_OPEN = ("/openapi.json",)
#: The statuses of requests that are not done.
_PROBLEMS = (400, 401, 403, 404, 409, 411, 413, 416, 422, 503, 507)
_PLACE = re.compile(r"\{\w+\}")
#: Bytes that a request, and its query, may have.
BODY_BYTES, QUERY_BYTES = 16 << 20, 16 << 10


class Service:
    """The parts of one local AERO, made once."""

    def __init__(self, home: Path, base: str, token: str, port: int) -> None:
        self.base = base
        self.token = token
        self.hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self.store = Store(home / "aero.db")
        self.catalogue = Catalogue(self.store, base)
        self.content = Content(self.store, home)
        self.runs = Runs(self.catalogue, home)
        limits = Limits(
            seconds=float(os.environ.get("AERO_LOCAL_TIMEOUT", Limits.seconds)),
            memory=int(float(os.environ.get("AERO_LOCAL_MEMORY", Limits.memory))),
        )
        pool = Pool(max(2, os.cpu_count() or 2), limits)
        pool.warm()
        self.run_tokens = RunTokens()
        self.tasks = Tasks(self.store, self.runs, pool, base, self.run_tokens)
        self.engine = Engine(self.store, self.runs, pool, base, home, self.run_tokens)

    def admits(self, request: Request) -> str | None:
        """Say why a request is not let in; None where it is."""
        if request.headers.get("host") not in self.hosts:
            return "This service answers only on this machine."
        origin = request.headers.get("origin")
        if origin is not None and origin.removeprefix("http://") not in self.hosts:
            return "No page from elsewhere is answered on this machine."
        path = request.url.path
        if path in _OPEN:
            return None
        given = routers.bearer(request) or (request.headers.get("x-aero-token", "") if path.endswith("/notify") else "")
        if not given:
            return "Missing bearer token."
        if secrets.compare_digest(given.encode(), self.token.encode()):
            return None
        holder = self.run_tokens.holder(given)
        if holder and opens(self.store.db, self.runs, holder, request.method, path):
            return None
        return "Invalid bearer token."


def _out_of_bounds(request: Request) -> tuple[int, str] | None:
    """Say what is too long about a request; content streams to disk, and may be of any length."""
    if len(request.url.query) > QUERY_BYTES:
        return 422, f"A query of more than {QUERY_BYTES:,} bytes is not read."
    length = request.headers.get("content-length", "")
    if request.url.path.startswith("/collections/"):
        return None
    if "transfer-encoding" in request.headers:
        return 411, "Say how long the request is."
    if length.isdigit() and int(length) > BODY_BYTES:
        return 413, f"A request of more than {BODY_BYTES >> 20} MB is not read."
    return None


class _Guard:
    """Lets requests in. Plain ASGI: a middleware function would run every request in a task group of its own."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope) if scope["type"] == "http" else None
        problem = self._service.admits(request) if request else None
        if problem:
            refusal = JSONResponse({"detail": problem}, 403 if "machine" in problem else 401)
            return await refusal(scope, receive, send)
        if request and (bounded := _out_of_bounds(request)):
            return await JSONResponse({"detail": bounded[1]}, bounded[0])(scope, receive, send)
        return await self._app(scope, receive, send)


def state_of(error: Exception) -> tuple[str, str]:
    """Say why the store or the content cannot be written, and what to do."""
    text = str(error).lower()
    if "full" in text or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return "The disk of the local AERO is full; nothing was changed.", "Free some space, and do it again."
    if "locked" in text or "busy" in text:
        return "Another program holds the store of the local AERO; nothing was changed.", "End it, and do it again."
    if "readonly" in text or getattr(error, "errno", None) in (errno.EROFS, errno.EACCES, errno.EPERM):
        return (
            "The folder of the local AERO cannot be written; nothing was changed.",
            "Make it writable, and try again.",
        )
    return (
        f"The local AERO cannot use its store: {error}.",
        "See: aero-jupyter local check. Where it is damaged, move the folder away, and: aero-jupyter local restore FILE",
    )


def _methods(app: FastAPI, path: str) -> set[str]:
    """Name the methods of a path; a path that is written out goes before one with a place for an id."""
    paths = app.openapi()["paths"]
    fitting = [path] if path in paths else [each for each in paths if re.fullmatch(_PLACE.sub("[^/]+", each), path)]
    return {method.upper() for each in fitting for method in paths[each]}


def _written(app: FastAPI, path: str) -> set[str]:
    return _methods(app, path) if path in app.openapi()["paths"] else set()


class _Methods:
    """Refuses methods that a written-out path does not have, before a path with a place for an id takes it."""

    def __init__(self, app: ASGIApp, known: Callable[[str], set[str]]) -> None:
        self._app = app
        self._known = known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        known = self._known(scope["path"]) if scope["type"] == "http" else set()
        if known and scope["method"] not in known:
            refusal = JSONResponse({"detail": "Method Not Allowed"}, 405, headers={"Allow": ", ".join(sorted(known))})
            return await refusal(scope, receive, send)
        return await self._app(scope, receive, send)


def make_app(service: Service) -> FastAPI:
    """Build the application."""
    problems: dict[int | str, dict[str, Any]] = {status: {"model": shapes.Problem} for status in _PROBLEMS}
    problems[422] = {"model": shapes.HTTPValidationError | shapes.Problem}
    app = FastAPI(title="Local AERO", version=__version__, docs_url=None, redoc_url=None, responses=problems)
    app.state.service = service

    app.add_middleware(_Guard, service=service)

    @app.exception_handler(Refused)
    async def refused(_: Request, error: Refused) -> Response:
        cure = {"cure": error.cure} if error.cure else {}
        return JSONResponse({"detail": error.detail, "reason": error.detail, **cure}, error.status)

    @app.exception_handler(sqlite3.DatabaseError)
    @app.exception_handler(OSError)
    async def unwritten(_: Request, error: Exception) -> Response:
        detail, cure = state_of(error)
        return JSONResponse({"detail": detail, "reason": detail, "cure": cure}, 507 if "full" in detail else 503)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        problems = [{key: part[key] for key in ("type", "loc", "msg")} for part in error.errors()]
        return JSONResponse({"detail": problems}, 422)

    @app.exception_handler(ValueError)
    @app.exception_handler(RecursionError)
    @app.exception_handler(sqlite3.IntegrityError)
    @app.exception_handler(sqlite3.InterfaceError)
    @app.exception_handler(sqlite3.ProgrammingError)
    async def unusable(request: Request, error: Exception) -> Response:
        # Nothing of what was sent goes into the log: only where it was not understood.
        place = traceback.extract_tb(error.__traceback__)[-1]
        said = (request.method, request.url.path, type(error).__name__, Path(place.filename).name, place.lineno)
        logging.getLogger(__name__).warning("%s %s: %s in %s, line %s.", *said)
        return JSONResponse({"detail": "The request holds something that cannot be kept or told."}, 422)

    @app.exception_handler(OverflowError)
    async def too_large(_: Request, error: OverflowError) -> Response:
        return JSONResponse({"detail": "A number in the request is too large."}, 422)

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> Response:
        headers = (
            {"Allow": ", ".join(sorted(_methods(app, request.url.path)))} if error.status_code == 405 else error.headers
        )
        return JSONResponse({"detail": error.detail}, error.status_code, headers=headers)

    for router in routers.all_routers():
        app.include_router(router)
    # Behind the guard, so that nobody is told anything before he is let in.
    app.user_middleware.append(Middleware(_Methods, known=functools.lru_cache(1024)(lambda path: _written(app, path))))
    return app
