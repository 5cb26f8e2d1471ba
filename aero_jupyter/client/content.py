"""The bytes of a version as a stream that knows whether all of them came."""

from __future__ import annotations

import hashlib
import io
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import globus_sdk
import requests
from globus_sdk.transport import RequestCallerInfo

from aero_jupyter.client.places import Content, same_origin
from aero_jupyter.client.transport import is_loopback, unreachable
from aero_jupyter.core import errors, wire

if TYPE_CHECKING:
    from globus_sdk.authorizers import GlobusAuthorizer

CHUNK = 1 << 20
#: Seconds to wait before each further try at the rest of a body that broke off.
PAUSES = (0.2, 0.6, 1.8)
_Ask = Callable[[Mapping[str, str]], requests.Response]

_HASHES = {32: "md5", 64: "sha256"}


def open_content(content: Content, client: globus_sdk.BaseClient, authorizer: GlobusAuthorizer | None) -> VersionReader:
    """Start reading; the body stays on the wire until it is asked for.

    Raises
    ------
    ClientError
        If the bytes are not given.
    """
    # A token must not cross a network in the clear.
    if not (content.url.startswith("https://") or is_loopback(content.url)):
        authorizer = None
    caller = RequestCallerInfo(retry_config=client.retry_config, authorizer=authorizer)

    def ask(headers: Mapping[str, str]) -> requests.Response:
        sent = {"Accept": "*/*", "Accept-Encoding": "identity", **headers}
        return client.transport.request("GET", content.url, caller_info=caller, headers=sent, stream=True)

    try:
        response = ask({})
    except globus_sdk.NetworkError as error:
        raise unreachable(_host(content.url), error.underlying_exception) from None
    if response.status_code != 200:
        with response:
            raise _refused(content, response.status_code, response.raw.read(4096, decode_content=True))
    if _is_login(response, content):
        response.close()
        raise errors.NotAuthorized(403, f"{_host(content.url)} asks for a login.", "Log in with %aero_login --force.")
    return VersionReader(_Body(response, content, ask))


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _refused(content: Content, status: int, body: bytes) -> errors.ClientError:
    reason = wire.error_from(status, body.decode("utf-8", "replace"))
    message = f"{_host(content.url)} did not give the bytes of {content.label} ({status})."
    return type(reason)(status, message, reason.cure, details=reason.message)


def _is_login(response: requests.Response, content: Content) -> bool:
    elsewhere = bool(response.history) and not same_origin(response.url, content.url)
    return elsewhere and response.headers.get("Content-Type", "").startswith("text/html")


@dataclass
class _Seal:
    """What the bytes must add up to."""

    content: Content
    etag: str
    plain: bool
    count: int = 0
    digest: Any = field(init=False, default=None)

    def __post_init__(self) -> None:
        checksum = self.content.version.checksum or ""
        # The checksum of what AERO keeps no copy of is the object's ETag, which need not be a hash of its bytes.
        known = re.fullmatch(r"[0-9a-fA-F]+", checksum) and not (
            checksum == self.etag and self.content.collection is None
        )
        name = _HASHES.get(len(checksum)) if known else None
        self.digest = hashlib.new(name, usedforsecurity=False) if name else None

    def add(self, chunk: bytes) -> None:
        self.count += len(chunk)
        if self.digest is not None:
            self.digest.update(chunk)

    def check(self) -> None:
        version, label = self.content.version, self.content.label
        size = version.file.size if version.file and self.plain else None
        if size is not None and size != self.count:
            raise _broken(f"{label} has {self.count:,} bytes, but {size:,} were recorded.")
        if self.digest is not None and self.digest.hexdigest() != (version.checksum or "").lower():
            raise _broken(f"The bytes of {label} do not match their checksum.")


def _broken(message: str) -> errors.ServerFailed:
    return errors.ServerFailed(502, message, "Read it again; then tell who runs the collection.")


class _Body(io.RawIOBase):
    """The body of a response as a raw stream that goes on where a connection broke, and checks itself when it ends."""

    def __init__(self, response: requests.Response, content: Content, ask: _Ask) -> None:
        self.name = content.file_name
        self.content = content
        self._ask, self._pauses = ask, iter(PAUSES)
        self._mark, self._left = _mark(response), memoryview(b"")
        etag = response.headers.get("ETag", "").removeprefix("W/").strip('"')
        self._seal = _Seal(content, etag, plain="Content-Encoding" not in response.headers)
        self._take(response)

    def _take(self, response: requests.Response, known: int = 0) -> None:
        """Read on from a response, which begins with so many bytes that were read already."""
        self._response, self._known = response, known
        # What came before a break is kept, to be gone on from; whether it is whole is looked at at the end.
        response.raw.enforce_content_length = False
        self._chunks = response.iter_content(CHUNK)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            self._left = memoryview(self._next())
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def _next(self) -> bytes:
        while True:
            try:
                chunk: bytes = next(self._chunks, b"")
            except requests.RequestException as error:
                self._go_on(str(error))
                continue
            if not chunk and self._ends_early():
                self._go_on("It ended before its end.")
                continue
            fresh = chunk[self._known :]
            self._known -= len(chunk) - len(fresh)
            if fresh:
                self._seal.add(fresh)
                return fresh
            if not chunk:
                self._seal.check()
                return b""

    def _ends_early(self) -> bool:
        promised: str = self._response.headers.get("Content-Length", "")
        sent: int = self._response.raw.tell()
        return promised.isdigit() and sent < int(promised)

    def _go_on(self, broken: str) -> None:
        """Ask for the rest, as often as there are pauses; where a range is not given, for all of it once more."""
        self._response.close()
        count = self._seal.count
        ranged = count and self._mark and self._seal.plain
        asked = {"Range": f"bytes={count}-", "If-Range": self._mark} if ranged else {}
        while (pause := next(self._pauses, None)) is not None:
            time.sleep(pause)
            try:
                response = self._ask(asked)
            except globus_sdk.NetworkError:
                continue
            goes_on = response.headers.get("Content-Range", "").startswith(f"bytes {count}-")
            same = _mark(response) == self._mark and bool(self._mark)
            if ranged and response.status_code == 206 and goes_on and same:
                return self._take(response)
            # What was handed out already is of these bytes too: the same tag says so, or the checksum will.
            if response.status_code == 200 and (same or not count or self._seal.digest):
                return self._take(response, known=count)
            response.close()
        message = f"The connection broke after {count:,} bytes of {self.content.label}."
        raise errors.Unreachable(0, message, "Read it again.", details=broken) from None

    def close(self) -> None:
        if not self.closed:
            self._response.close()
        super().close()


def _mark(response: requests.Response) -> str:
    """Give what tells one state of a file from another: a strong ETag, else when it was last changed."""
    etag: str = response.headers.get("ETag", "")
    return etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified", "")


class VersionReader(io.BufferedReader):
    """The bytes of one version as a file; length and checksum are checked when its end is reached.

    Attributes
    ----------
    name : str
        The file's name.
    version : Version
        The version read.
    data : Data
        The Data it belongs to.
    """

    def __init__(self, body: _Body) -> None:
        super().__init__(body, buffer_size=1 << 16)
        self.version = body.content.version
        self.data = body.content.data
        self.label = body.content.label

    def __enter__(self) -> VersionReader:
        return self

    def chunks(self, size: int = CHUNK) -> Iterator[bytes]:
        """Go through the bytes, at most `size` at a time."""
        while chunk := self.read(size):
            yield chunk
