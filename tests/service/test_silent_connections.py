"""Connections without a token never close one that has shown its token."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib

import pytest
import uvicorn

from aero_jupyter.service.http.app import _Guard
from aero_jupyter.service.http.h11_protocol import SILENT_CONNECTIONS, Protocol
from aero_jupyter.service.server import listen


async def _answer(scope, receive, send):
    """Answer as the service does: only a request with a token keeps its connection."""
    kept = dict(scope["headers"]).get(b"authorization") == b"Bearer t"
    headers = [(b"content-length", b"2"), *([] if kept else [(b"connection", b"close")])]
    await send({"type": "http.response.start", "status": 200 if kept else 401, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


def _run(look):
    """Run a coroutine on a thread of its own: this one may have a loop, of a browser test."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, look).result()


@contextlib.asynccontextmanager
async def _serving(app):
    with listen() as listener:
        config = uvicorn.Config(app, log_config=None, lifespan="off", http=Protocol, timeout_keep_alive=60)
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = server.force_exit = True
            await task


async def _told(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    await reader.readexactly(2)
    return head


@pytest.mark.parametrize("begun", [b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nAuth", b"P"])
def test_a_kept_connection_whose_next_request_comes_in_parts_is_not_crowded_out(begun):
    async def look():
        async with _serving(_answer) as port, contextlib.AsyncExitStack() as stack:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            stack.callback(writer.close)
            request = b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\n\r\n"
            writer.write(request)
            assert " 200 " in await _told(reader)
            rest = request[len(begun) :] if request.startswith(begun) else b"UT" + request[3:]
            writer.write(begun)
            await writer.drain()
            for _ in range(2 * SILENT_CONNECTIONS):
                _, silent = await asyncio.open_connection("127.0.0.1", port)
                stack.callback(silent.close)
            writer.write(rest)
            assert " 200 " in await _told(reader)

    _run(look())


class _Open:
    def refusal(self, _):
        return None


@pytest.mark.parametrize(("path", "kept"), [("/challenge", False), ("/openapi.json", False), ("/status", True)])
def test_what_is_answered_without_a_token_keeps_no_connection(path, kept):
    async def app(scope, receive, send):
        await _answer({**scope, "headers": [(b"authorization", b"Bearer t")]}, receive, send)

    async def look():
        async with _serving(_Guard(app, _Open())) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert ("connection: close" not in await _told(reader)) is kept
            writer.close()

    _run(look())
