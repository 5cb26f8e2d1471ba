"""A source on this machine: files by their path, over HTTP."""

from __future__ import annotations

import hashlib
import threading
from abc import ABC, abstractmethod
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar
from urllib.parse import unquote

S = TypeVar("S", bound="FileServer")


class FileServer(ABC):
    """A server of text tables on 127.0.0.1; use it as a context.

    Parameters
    ----------
    port : int
        Port to listen on; 0 takes any free one.

    Attributes
    ----------
    root : str
        The URL that the path of each file follows.
    """

    def __init__(self, port: int = 0) -> None:
        self._server = _FileHttpServer(("127.0.0.1", port), _FileHandler)
        self._server.files = self
        self._closed = False
        self.root = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self: S) -> S:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def file_at(self, path: str) -> bytes | None:
        """Return the content of a file as it is served now; None if there is none.

        Parameters
        ----------
        path : str
            Without the slash at its beginning.
        """

    def close(self) -> None:
        """Stop serving. Closing a closed server has no effect.

        Examples
        --------
        >>> from aero_jupyter.demo import Bucket
        >>> Bucket().close()
        """
        if self._closed:
            return
        self._closed = True
        self._server.shutdown()
        self._server.server_close()


class _FileHttpServer(ThreadingHTTPServer):
    files: FileServer
    daemon_threads = True


class _FileHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _FileHttpServer

    def do_GET(self) -> None:
        content = self.server.files.file_at(unquote(self.path.partition("?")[0].lstrip("/")))
        etag = f'"{hashlib.sha256(content or b"").hexdigest()[:16]}"'
        status = 404 if content is None else 304 if self.headers.get("If-None-Match") == etag else 200
        body = content if content and status == 200 else b""
        self.send_response(status)
        self.send_header("Content-Type", "text/csv; charset=utf-8")
        self.send_header("ETag", etag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Suppress the access log, which would clutter a notebook."""
