"""The server of the local AERO: starts, reports that it is ready, and serves until a stop signal arrives."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import sqlite3
from pathlib import Path
from types import FrameType

import uvicorn

from aero_jupyter._version import __version__
from aero_jupyter.core.errors import AeroError
from aero_jupyter.core.service_settings import settings_of
from aero_jupyter.service import home_lock, logging_setup, memory, process_limits
from aero_jupyter.service.daemon import END, READY, REFUSED, require_alone
from aero_jupyter.service.http.app import make_app, require_free_space
from aero_jupyter.service.http.container import Service
from aero_jupyter.service.http.error_responses import explain_storage_error
from aero_jupyter.service.http.h11_protocol import HEAD_BYTES, Protocol
from aero_jupyter.service.local_home import State, log_file, port_file, state_file
from aero_jupyter.service.workers.task_process import disable_ptrace

#: Seconds to wait for the service lock of the folder.
_LOCK_SECONDS = 2.0
#: Seconds between two releases of unused memory.
_RELEASE_SECONDS = 30


def main(home: Path, ready: int | None = None) -> int:
    """Serve until a stop signal arrives; at most one process serves a folder."""
    os.umask(0o077)
    memory.limit_heaps()
    disable_ptrace()
    reporter = _StartReporter(ready)
    try:
        process_limits.require_enough()
        process_limits.raise_file_limit()
        return _serve(home, reporter)
    except home_lock.Held as held:
        return _report_refusal(f"Another local AERO uses this folder: {held}.", reporter)
    except AeroError as error:
        return _report_refusal(f"{error.message} {error.cure}", reporter)
    except (OSError, sqlite3.Error) as error:
        return _report_refusal(" ".join(explain_storage_error(error, home)), reporter)


class _StartReporter:
    """The pipe to the process that started the service; reports the outcome of the start once."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def report(self, message: bytes) -> None:
        if self._descriptor is not None:
            # The process that started the service may have ended.
            with contextlib.suppress(BrokenPipeError):
                os.write(self._descriptor, message + END)
            os.close(self._descriptor)
            self._descriptor = None


def _report_refusal(why: str, reporter: _StartReporter) -> int:
    """Report why the service does not start, to the log (which a full disk may reject) and to the starting process."""
    with contextlib.suppress(OSError):
        logging.getLogger(__name__).error("%s", why)
    reporter.report(why.encode())
    return REFUSED


def _serve(home: Path, reporter: _StartReporter) -> int:
    require_free_space(home)
    token = secrets.token_urlsafe(32)
    logging_setup.configure_logging(log_file(home), token)
    logging_setup.take_over()
    # A process that checks whether the lock is free holds it for a moment.
    with home_lock.exclusive(home_lock.service_lock(home), home_lock.SERVICE, _LOCK_SECONDS):
        require_alone(home)
        state_file(home).unlink(missing_ok=True)
        return _run(home, token, reporter)


def _run(home: Path, token: str, reporter: _StartReporter) -> int:
    listener = listen(port_file(home))
    port = listener.getsockname()[1]
    try:
        service = Service(home, f"http://127.0.0.1:{port}/", token, port)
    except RuntimeError as error:
        return _report_refusal(str(error), reporter)
    # The second database of stores before format 4.
    for old in home.glob("engine.db*"):
        old.unlink()
    config = uvicorn.Config(
        make_app(service),
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=2,
        http=Protocol,
        h11_max_incomplete_event_size=HEAD_BYTES,
    )
    server = _HttpServer(config, service, home, reporter)
    server.run(sockets=[listener])
    return 0


def listen(port_record: Path | None = None) -> socket.socket:
    """Open the port used last, or else a free port chosen by the operating system; disable Nagle's algorithm.

    Parameters
    ----------
    kept : Path, optional
        The file that records the port, so that URLs in notebooks stay valid after a restart.
    """
    listener = (_reopen_port(port_record) if port_record else None) or socket.create_server(("127.0.0.1", 0))
    if port_record:
        port_record.write_text(str(listener.getsockname()[1]))
    # asyncio sets this only on sockets made with a protocol number; without it, every response on a kept connection
    # waits 40 ms for the delayed acknowledgement of the client.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _reopen_port(port_record: Path) -> socket.socket | None:
    """Open the port used last; return None if the port is unknown or already taken."""
    with contextlib.suppress(OSError, ValueError, OverflowError):
        return socket.create_server(("127.0.0.1", int(port_record.read_text())))
    return None


class _HttpServer(uvicorn.Server):
    """The HTTP server; reports that it is ready once it listens."""

    def __init__(self, config: uvicorn.Config, service: Service, home: Path, reporter: _StartReporter) -> None:
        super().__init__(config)
        self._service, self._home, self._reporter = service, home, reporter
        self._exit_requested = asyncio.Event()
        self._settings = settings_of(os.environ)
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)
        store = self._service.store
        state = State(
            self._service.base,
            self._service.token,
            os.getpid(),
            __version__,
            store.endpoint,
            store.collection,
            self._settings,
        )
        state.write(state_file(self._home))
        self._reporter.report(READY)
        memory.resume_collection()
        self._service.engine.start()

    async def main_loop(self) -> None:
        # uvicorn's own loop checks ten times a second whether it should exit.
        counter = 0
        while not await self.on_tick(counter):
            counter += 10
            if counter % (10 * _RELEASE_SECONDS) == 0:
                await asyncio.to_thread(memory.release_free_memory)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._exit_requested.wait(), 1.0)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Record a signal and wake the loop."""
        super().handle_exit(sig, frame)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._exit_requested.set)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # The engine stops here and not after run(), because uvicorn raises the signal again once it has shut down.
        self._service.engine.stop()
        self._service.summaries.stop()
        self._service.table_worker.stop()
        await super().shutdown(sockets)
        state_file(self._home).unlink(missing_ok=True)
