"""The service process: ``python -m aero_jupyter.service HOME [READY_DESCRIPTOR]``."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import secrets
import socket
import sqlite3
import sys
from pathlib import Path
from types import FrameType

import uvicorn

from aero_jupyter._version import __version__
from aero_jupyter.service import logs
from aero_jupyter.service.app import Service, make_app, state_of
from aero_jupyter.service.aside import set_aside
from aero_jupyter.service.daemon import READY, REFUSED, State, log_file, port_file, state_file
from aero_jupyter.service.protocol import HEAD_BYTES, Protocol
from aero_jupyter.service.worker import hide


def main(home: Path, ready: int | None = None) -> int:
    """Serve until told to stop; at most one process a folder."""
    os.umask(0o077)
    hide()
    waiting = _Waiting(ready)
    try:
        return _serve(home, waiting)
    except (OSError, sqlite3.Error) as error:
        return _refuse(" ".join(state_of(error)), waiting)


class _Waiting:
    """Whoever started the service, told once how it went."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def tell(self, said: bytes) -> None:
        if self._descriptor is not None:
            os.write(self._descriptor, said)
            os.close(self._descriptor)
            self._descriptor = None


def _refuse(why: str, waiting: _Waiting) -> int:
    """Say why the service does not start: into the log, which a full disk does not take, and to whoever waits."""
    with contextlib.suppress(OSError):
        logging.getLogger(__name__).error("%s", why)
    waiting.tell(why.encode())
    return REFUSED


def _serve(home: Path, waiting: _Waiting) -> int:
    token = secrets.token_urlsafe(32)
    logs.begin(log_file(home), token)
    logs.take_over()
    lock = (home / "service.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _refuse("Another local AERO uses this folder.", waiting)
    listener = listen(port_file(home))
    port = listener.getsockname()[1]
    set_aside(home / "engine.db")
    try:
        service = Service(home, f"http://127.0.0.1:{port}/", token, port)
    except RuntimeError as error:
        return _refuse(str(error), waiting)
    config = uvicorn.Config(
        make_app(service),
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=2,
        http=Protocol,
        h11_max_incomplete_event_size=HEAD_BYTES,
    )
    server = _Server(config, service, home, waiting)
    server.run(sockets=[listener])
    return 0


def listen(kept: Path | None = None) -> socket.socket:
    """Open the port that was open last, else one of this machine's choice; answers leave at once.

    Parameters
    ----------
    kept : Path, optional
        Where the port is written down: addresses in notebooks stay good when the service begins anew.
    """
    listener = (_last(kept) if kept else None) or socket.create_server(("127.0.0.1", 0))
    if kept:
        kept.write_text(str(listener.getsockname()[1]))
    # asyncio does this only for sockets made with a protocol number; without it every answer on a kept connection
    # waits 40 ms for the other side's delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _last(kept: Path) -> socket.socket | None:
    """Open the port that was open last; None where it is not known or somebody else has it."""
    with contextlib.suppress(OSError, ValueError, OverflowError):
        return socket.create_server(("127.0.0.1", int(kept.read_text())))
    return None


class _Server(uvicorn.Server):
    """Says that it is ready once it listens."""

    def __init__(self, config: uvicorn.Config, service: Service, home: Path, waiting: _Waiting) -> None:
        super().__init__(config)
        self._service, self._home, self._waiting = service, home, waiting
        self._told = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        store = self._service.store
        state = State(
            self._service.base, self._service.token, os.getpid(), __version__, store.endpoint, store.collection
        )
        state.write(state_file(self._home))
        self._waiting.tell(READY)
        self._service.engine.start()

    async def main_loop(self) -> None:
        # uvicorn's own looks ten times a second whether it should exit.
        counter = 0
        while not await self.on_tick(counter):
            counter += 10
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._told.wait(), 1.0)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Note a signal, and wake the loop."""
        super().handle_exit(sig, frame)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._told.set)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Here and not after run(): uvicorn raises the signal again once it has shut down.
        self._service.engine.stop()
        await super().shutdown(sockets)
        state_file(self._home).unlink(missing_ok=True)


if __name__ == "__main__":
    descriptor = int(sys.argv[2]) if len(sys.argv) > 2 else None
    sys.exit(main(Path(sys.argv[1]), descriptor))
