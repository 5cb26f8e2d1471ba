"""A large file from a source to a version and back, beside one plain pass over the same bytes, and memory."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import requests

from aero_jupyter.compute.portable_function import portable
from aero_jupyter.core.policy import PolicyEnum
from benchmarks.figures import Figure
from benchmarks.place import own_session

#: Bytes of the file; AERO_BENCH_BYTES chooses others.
SIZE = 4 << 30
_BLOCK = os.urandom(1 << 20)
_KEEP = "def keep(raw):\n    return raw\n"


class _Source(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        size = self.server.size  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(size))
        self.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(size >> 20):
                self.wfile.write(_BLOCK)

    def log_message(self, *_: Any) -> None:
        """Suppress the access log."""


def measure(size: int = 0) -> Iterator[Figure]:
    """Pull a file, commit it, read it back; then make one plain pass each way."""
    size = size or int(os.environ.get("AERO_BENCH_BYTES", SIZE))
    with ThreadingHTTPServer(("127.0.0.1", 0), _Source) as server, TemporaryDirectory(prefix="aero-bench-") as folder:
        server.size = size  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/large.bin"
        with own_session() as session, _Memory(session.state.pid) as memory:
            began = time.monotonic()
            flow = session.register(
                portable(_KEEP, source_parameter="raw"), outputs=["large"], source=url, policy=PolicyEnum.INGESTION
            )
            data = flow.outputs[0].id
            session.client.wait_for_version(data, 1, 1200)
            into = time.monotonic() - began
            began, read = time.monotonic(), 0
            with session.client.open_version(data) as reader:
                # The reader verifies the checksum at the end.
                while chunk := reader.read(1 << 20):
                    read += len(chunk)
            back = time.monotonic() - began
            assert read == size
        plain, again = _plain_download(url, Path(folder) / "large.bin"), _plain_read(Path(folder) / "large.bin")
        server.shutdown()
    gigabytes = f"{size / (1 << 30):g} GiB"
    yield Figure(
        f"{gigabytes} from a source to a version, beside one pass of requests, sha256 and write",
        into / plain,
        "×",
        f"{into:.1f} s, {plain:.1f} s",
        1.5,
    )
    yield Figure(
        f"{gigabytes} back from the version, beside cat into sha256",
        back / again,
        "×",
        f"{back:.1f} s, {again:.1f} s",
        1.0,
    )
    yield Figure("the same: memory of the largest process", memory.most / 1e6, "MB", "", 200.0)


def _plain_download(url: str, path: Path) -> float:
    """Return the seconds that one pass of download, sha256 and write takes in plain Python."""
    began, digest = time.monotonic(), hashlib.sha256()
    with requests.get(url, stream=True, timeout=60) as response, path.open("wb") as file:
        for chunk in response.iter_content(1 << 20):
            digest.update(chunk)
            file.write(chunk)
    return time.monotonic() - began


def _plain_read(path: Path) -> float:
    """Return the seconds that `cat` of a file into sha256 takes."""
    began, digest = time.monotonic(), hashlib.sha256()
    with subprocess.Popen(["cat", str(path)], stdout=subprocess.PIPE) as cat:
        assert cat.stdout is not None
        while chunk := cat.stdout.read(1 << 20):
            digest.update(chunk)
    return time.monotonic() - began


class _Memory:
    """Watches the resident memory of a service and its workers: the largest that one of them ever had."""

    def __init__(self, pid: int) -> None:
        self._service = psutil.Process(pid)
        self._stop = threading.Event()
        self.most = 0

    def __enter__(self) -> _Memory:
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            with contextlib.suppress(psutil.Error):
                for process in [self._service, *self._service.children(recursive=True)]:
                    self.most = max(self.most, process.memory_info().rss)
