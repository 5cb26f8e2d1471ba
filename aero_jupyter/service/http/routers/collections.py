"""Routes for the bytes of versions."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from aero_jupyter.core import wire
from aero_jupyter.service.http.byte_ranges import bytes_of, matches_etag, wanted
from aero_jupyter.service.http.problem_responses import PROBLEM_RESPONSES
from aero_jupyter.service.http.routers import service_of

router = APIRouter(tags=["collections"], responses=PROBLEM_RESPONSES)
_BYTES: dict[str, Any] = {"description": "The bytes", "content": {"application/octet-stream": {}}}


@router.put(wire.PUT_CONTENT.path)
async def put(request: Request, collection: str, file: str) -> JSONResponse:
    """Store a file; return its sha256 and size."""
    checksum, size = await service_of(request).content.put(collection, file, request.stream())
    return JSONResponse({"checksum": checksum, "size": size}, headers={"ETag": f'"{checksum}"'})


@router.head(wire.CONTENT.path, response_class=Response)
@router.get(wire.CONTENT.path, response_class=StreamingResponse, responses={200: _BYTES, 206: _BYTES})
def get(request: Request, collection: str, file: str) -> Response:
    """Return a file or the requested range; return 304 if the caller has the same content already."""
    content = service_of(request).content
    checksum, size = content.find(collection, file)
    headers = {"ETag": f'"{checksum}"', "Accept-Ranges": "bytes"}
    if matches_etag(checksum, request.headers.get("if-none-match", "")):
        return Response(None, 304, headers)
    is_same = request.headers.get("if-range", headers["ETag"]) == headers["ETag"]
    part = wanted(request.headers.get("range"), size) if is_same else None
    start, end = part or (0, size)
    headers["Content-Length"] = str(end - start)
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    if request.method == "HEAD":
        return Response(None, 206 if part else 200, headers, media_type="application/octet-stream")
    body = bytes_of(content.open(checksum, start, end), end - start)
    return StreamingResponse(body, 206 if part else 200, headers, media_type="application/octet-stream")
