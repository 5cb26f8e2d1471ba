"""Servers of the tests: each runs in a thread of its own."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseServer
from typing import TypeVar

Server = TypeVar("Server", bound=BaseServer)
_POLL_SECONDS = 0.02


@contextmanager
def serve_in_thread(server: Server) -> Iterator[Server]:
    """Serve until the block ends, then close the server."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _QuietFolder(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Suppress the access log."""


@contextmanager
def serve_folder(folder: Path) -> Iterator[str]:
    """Serve the files of a folder; yield the URL, without a final slash."""
    handler = functools.partial(_QuietFolder, directory=str(folder))
    with serve_in_thread(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}"
