"""The content of a version as a stream that verifies its size and checksum."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any  # buffers, as in io
from urllib.parse import urlsplit

import globus_sdk
import requests
import urllib3
from globus_sdk.transport import RequestCallerInfo

from aero_jupyter.client.integrity import IntegrityCheck, invalid_body
from aero_jupyter.client.locations import VersionLocation, same_origin
from aero_jupyter.client.responses import unreachable
from aero_jupyter.core import errors, server_errors
from aero_jupyter.core.safe_parsing import parse_count
from aero_jupyter.jobs.answer_limits import AnswerLimits, OverLimit, Pace, pieces
from aero_jupyter.jobs.loopback import is_loopback

if TYPE_CHECKING:
    from globus_sdk.authorizers import GlobusAuthorizer

CHUNK_BYTES = 1 << 20
#: Seconds to wait before each attempt to resume an interrupted body.
RESUME_PAUSES_SECONDS = (0.2, 0.6, 1.8)
#: Bytes below which the compression ratio of a body is not limited.
_UNLIMITED_RATIO_BYTES = 64 << 20
_SendRequest = Callable[[Mapping[str, str]], requests.Response]


def open_content(
    content: VersionLocation, client: globus_sdk.BaseClient, authorizer: GlobusAuthorizer | None
) -> VersionReader:
    """Open the content of a version; the body is streamed as it is read.

    Raises
    ------
    ClientError
        If the server refuses the content or does not answer.
    """
    # A token must not be sent over an unencrypted connection.
    if not (content.url.startswith("https://") or is_loopback(content.url)):
        authorizer = None
    caller = RequestCallerInfo(retry_config=client.retry_config, authorizer=authorizer)

    def send(headers: Mapping[str, str]) -> requests.Response:
        sent = {"Accept": "*/*", "Accept-Encoding": "identity", **headers}
        return client.transport.request("GET", content.url, caller_info=caller, headers=sent, stream=True)

    try:
        response = send({})
    except globus_sdk.NetworkError as error:
        raise unreachable(_host(content.url), error.underlying_exception) from None
    if response.status_code != 200:
        with response:
            raise _refusal(content, response, authorizer is not None)
    if _is_login_page(response, content):
        response.close()
        raise errors.NotAuthorized(403, f"{_host(content.url)} asks for a login.", "Log in with %aero_login --force")
    return VersionReader(_Body(response, content, send))


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _refusal(content: VersionLocation, response: requests.Response, has_token: bool) -> errors.ClientError:
    status = response.status_code
    reason = server_errors.error_from(status, _first_bytes(response))
    message = f"{_host(content.url)} did not send the bytes of {content.label} ({status})."
    cure = reason.cure
    if status in (401, 403) and content.collection and not has_token:
        message = f"{message} No token was sent: {_host(content.url)} is not known as the host of its collection."
        cure = (
            f"Log in with %aero_login. If that host is right, add collection_hosts = "
            f'{{ "{content.collection}" = "{_host(content.url)}" }} to the profile in the configuration file.'
        )
    return type(reason)(status, message, cure, details=reason.message)


def _first_bytes(response: requests.Response) -> str:
    try:
        body: bytes = response.raw.read(4096, decode_content=True)
    except urllib3.exceptions.HTTPError:
        return ""
    return body.decode("utf-8", "replace")


def _is_login_page(response: requests.Response, content: VersionLocation) -> bool:
    was_redirected = bool(response.history) and not same_origin(response.url, content.url)
    return was_redirected and response.headers.get("Content-Type", "").startswith("text/html")


class _Body(io.RawIOBase):
    """The body of a response as a raw stream that resumes after a broken connection and is verified at its end."""

    def __init__(self, response: requests.Response, content: VersionLocation, send: _SendRequest) -> None:
        self.name = content.file_name
        self.content = content
        self._send_request, self._pauses, self._limits = send, iter(RESUME_PAUSES_SECONDS), AnswerLimits.of()
        self._validator, self._unread = _validator(response), memoryview(b"")
        etag = response.headers.get("ETag", "").removeprefix("W/").strip('"')
        self._integrity = IntegrityCheck(content, etag, is_identity="Content-Encoding" not in response.headers)
        self._continue_with(response)

    def _continue_with(self, response: requests.Response, known_bytes: int = 0) -> None:
        """Continue with a response whose first `known_bytes` bytes were read already."""
        self._response, self._known_bytes = response, known_bytes
        # The bytes before a break are kept so that the body can be resumed; its length is checked at the end.
        response.raw.enforce_content_length = False
        self._chunks = pieces(response, Pace(self._limits.slow_seconds))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._unread:
            self._unread = memoryview(self._next_chunk())
        size = min(len(buffer), len(self._unread))
        buffer[:size] = self._unread[:size]
        self._unread = self._unread[size:]
        return size

    def _next_chunk(self) -> bytes:
        while True:
            try:
                chunk: bytes = next(self._chunks, b"")
            except requests.RequestException as error:
                self._resume(str(error))
                continue
            except OverLimit as error:
                raise invalid_body(f"{self.content.label} {error}.") from None
            if not chunk and self._is_truncated():
                self._resume("The answer ended early.")
                continue
            new_bytes = chunk[self._known_bytes :]
            self._known_bytes -= len(chunk) - len(new_bytes)
            if new_bytes:
                self._integrity.add(new_bytes)
                self._check_limits()
                return new_bytes
            if not chunk:
                self._integrity.check()
                return b""

    def _check_limits(self) -> None:
        """Raise if the body exceeds its recorded size or the limits, before it fills a disk."""
        label, count = self.content.label, self._integrity.count
        recorded = self._integrity.recorded
        if recorded is not None and count > recorded:
            self._response.close()
            raise invalid_body(f"{label} sends more than the {recorded:,} bytes that were recorded.")
        max_bytes, max_ratio = self._limits.version_bytes, self._limits.version_ratio
        if recorded is None and count > max_bytes:
            self._response.close()
            raise invalid_body(f"{label} sends more than {max_bytes:,} bytes, the limit of AERO_VERSION_BYTES.")
        received: int = self._response.raw.tell()
        if not self._integrity.is_identity and count > max(_UNLIMITED_RATIO_BYTES, max_ratio * received):
            self._response.close()
            raise invalid_body(f"{label} is packed more than {max_ratio:,} times, the limit of AERO_VERSION_RATIO.")

    def _is_truncated(self) -> bool:
        content_length = parse_count(self._response.headers.get("Content-Length"))
        sent: int = self._response.raw.tell()
        return content_length is not None and sent < content_length

    def _resume(self, cause: str) -> None:
        """Request the rest of the body, once for each pause; the whole body if the server does not send a range."""
        self._response.close()
        count = self._integrity.count
        can_resume = count and self._validator and self._integrity.is_identity
        range_headers = {"Range": f"bytes={count}-", "If-Range": self._validator} if can_resume else {}
        while (pause := next(self._pauses, None)) is not None:
            time.sleep(pause)
            try:
                response = self._send_request(range_headers)
            except globus_sdk.NetworkError:
                continue
            continues = response.headers.get("Content-Range", "").startswith(f"bytes {count}-")
            is_same_file = _validator(response) == self._validator and bool(self._validator)
            if can_resume and response.status_code == 206 and continues and is_same_file:
                return self._continue_with(response)
            # The bytes that were read already belong to this body: the validator matches, or the checksum is verified.
            if response.status_code == 200 and (is_same_file or not count or self._integrity.digest):
                return self._continue_with(response, known_bytes=count)
            response.close()
        message = f"The connection broke after {count:,} bytes of {self.content.label}."
        raise errors.Unreachable(0, message, "Read it again.", details=cause) from None

    def close(self) -> None:
        if not self.closed:
            self._response.close()
        super().close()


def _validator(response: requests.Response) -> str:
    """Return the validator of a file's state: its strong ETag, otherwise its modification time."""
    etag: str = response.headers.get("ETag", "")
    return etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified", "")


class VersionReader(io.BufferedReader):
    """The content of one version as a binary file; size and checksum are verified at its end.

    Attributes
    ----------
    name : str
        The file's name.
    version : Version
        The version read.
    data : Data
        The dataset that the version belongs to.
    url : str
        The URL of the content.
    """

    def __init__(self, body: _Body) -> None:
        super().__init__(body, buffer_size=1 << 16)
        self.version = body.content.version
        self.data = body.content.data
        self.label = body.content.label
        self.url = body.content.url

    def __enter__(self) -> VersionReader:
        return self

    def chunks(self, size: int = CHUNK_BYTES) -> Iterator[bytes]:
        """Go through the bytes, at most `size` at a time."""
        while chunk := self.read(size):
            yield chunk
