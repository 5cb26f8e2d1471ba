"""Responses to errors: each is a status and a sentence, and no part of a request is logged."""

from __future__ import annotations

import contextlib
import errno
import logging
import shutil
import sqlite3
import traceback
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.service import process_limits
from aero_jupyter.service.http.path_methods import PathMethods
from aero_jupyter.service.storage.connection import RequestError

_NOT_STORED = "The request contains a value that cannot be stored."
#: With less free space an I/O error counts as a full disk.
LEAST_FREE_BYTES = 1 << 20


def _is_full(error: Exception, home: Path | None) -> bool:
    """Return whether the disk is full; SQLite reports an I/O error if the index of its log does not fit any more."""
    if "full" in str(error).lower() or getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return True
    if home is None or "disk i/o error" not in str(error).lower():
        return False
    with contextlib.suppress(OSError):
        return shutil.disk_usage(home).free < LEAST_FREE_BYTES
    return False


def explain_storage_error(error: Exception, home: Path | None = None) -> tuple[str, str]:
    """Return the reason why the store or the content cannot be written, and what to do.

    Parameters
    ----------
    home : Path, optional
        The folder of the local AERO, whose free space distinguishes a full disk from a broken one.
    """
    text = str(error).lower()
    if isinstance(error, OSError) and (lacking := process_limits.shortage(error)):
        return lacking, "Close other programs or raise the limit (ulimit -a shows it), and try again."
    if getattr(error, "errno", None) in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
        message = "The file system of the local AERO has no file locks; nothing was changed."
        return message, "Set AERO_HOME to a folder on a local disk."
    if _is_full(error, home):
        return "The disk of the local AERO is full; nothing was changed.", "Free some space, then try again."
    if "locked" in text or "busy" in text:
        return (
            "Another program has locked the store of the local AERO; nothing was changed.",
            "Close that program, then try again.",
        )
    if "readonly" in text or getattr(error, "errno", None) in (errno.EROFS, errno.EACCES, errno.EPERM):
        return (
            "The folder of the local AERO cannot be written; nothing was changed.",
            "Make the folder writable, then try again.",
        )
    return (
        f"The local AERO cannot use its store: {error}.",
        "Run: aero-jupyter local check. If it reports damage: aero-jupyter local stop, then "
        "aero-jupyter local restore FILE or aero-jupyter local rebuild",
    )


def _problem(status: int, detail: str, cure: str) -> Response:
    return JSONResponse({"detail": detail, "reason": detail, **({"cure": cure} if cure else {})}, status)


def add_error_handlers(app: FastAPI, home: Path, methods: PathMethods) -> None:
    """Add the handlers that turn exceptions into responses."""

    @app.exception_handler(RequestError)
    @app.exception_handler(InvalidArgument)
    async def refused(_: Request, error: RequestError | InvalidArgument) -> Response:
        return _problem(error.status if isinstance(error, RequestError) else 422, str(error.args[0]), error.cure)

    @app.exception_handler(sqlite3.DatabaseError)
    @app.exception_handler(OSError)
    async def unwritten(_: Request, error: Exception) -> Response:
        detail, cure = explain_storage_error(error, home)
        return _problem(507 if _is_full(error, home) else 503, detail, cure)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        problems = [{key: part[key] for key in ("type", "loc", "msg")} for part in error.errors()]
        return JSONResponse({"detail": problems}, 422)

    @app.exception_handler(ValueError)
    @app.exception_handler(RecursionError)
    @app.exception_handler(OverflowError)
    @app.exception_handler(sqlite3.IntegrityError)
    @app.exception_handler(sqlite3.InterfaceError)
    @app.exception_handler(sqlite3.ProgrammingError)
    async def unusable(request: Request, error: Exception) -> Response:
        place = traceback.extract_tb(error.__traceback__)[-1]
        facts = (request.method, request.url.path, type(error).__name__, Path(place.filename).name, place.lineno)
        logging.getLogger(__name__).warning("%s %s: %s in %s, line %s.", *facts)
        is_large = isinstance(error, OverflowError)
        detail = "A number in the request is too large." if is_large else _NOT_STORED
        return JSONResponse({"detail": detail}, 422)

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> Response:
        headers = (
            {"Allow": ", ".join(sorted(methods.allowed(request.url.path)))}
            if error.status_code == 405
            else error.headers
        )
        return JSONResponse({"detail": error.detail}, error.status_code, headers=headers)
