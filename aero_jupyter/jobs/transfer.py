"""The download of a file: hashed as it arrives, resumed after a break, verified against its headers."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple  # streams, as in io

from aero_jupyter.core.safe_parsing import parse_count
from aero_jupyter.jobs.content_coding import ENCODINGS, Unpacking, content_codings, new_hash, promised_hashes
from aero_jupyter.jobs.http_client import RETRY_PAUSES_SECONDS, USER_AGENT, send_request
from aero_jupyter.jobs.request_errors import AeroJobError, plain_url, too_long, too_slow
from aero_jupyter.jobs.resumption import continues_body, stated_total, strong_validator
from aero_jupyter.jobs.watched_connection import SLOW_SECONDS, TooLong, TooSlow, has_more

if TYPE_CHECKING:
    import requests

_PIECE_BYTES = 1 << 18
#: A smaller body may have any compression ratio.
_UNLIMITED_RATIO_BYTES = 64 << 20


class Limits(NamedTuple):
    """The limits of a download.

    Attributes
    ----------
    most : int or None
        Uncompressed bytes.
    ratio : int or None
        Ratio of uncompressed to received bytes.
    slow_seconds : float
        How long bytes may be slow or absent.
    total : float or None
        Seconds of the whole download, over all its connections.
    """

    most: int | None = None
    ratio: int | None = None
    slow_seconds: float = SLOW_SECONDS
    total: float | None = None


class DownloadResult(NamedTuple):
    """The result of a download: its checksums as hexadecimal digits by name, its size and headers."""

    sums: Mapping[str, str]
    size: int
    headers: Mapping[str, str]


class Download:
    """The download of one file, over one or more connections.

    Parameters
    ----------
    sender : str
        The other side as the subject of a sentence: "The source".
    sums : iterable of str
        The names of the hashes to compute.
    known : mapping
        ``etag`` and ``last_modified`` of the last download.
    check_headers : callable, optional
        Called with a body's headers; returns a function that is called with each piece and, at the end, with an
        empty one. Both raise to refuse the body.
    options
        Options of each request: ``token``, ``on_redirect``, ``on_connect``.
    """

    def __init__(
        self,
        url: str,
        file: Any,
        sender: str,
        *,
        sums: Iterable[str] = ("sha256",),
        limits: Limits = Limits(),  # noqa: B008
        known: Mapping[str, str] | None = None,
        check_headers: Callable[[Mapping[str, str]], Callable[[bytes], None]] | None = None,
        **options: Any,
    ) -> None:
        self._url, self._file, self._sender, self._names = url, file, sender, tuple(sums)
        self._limits, self._known, self._options = limits, known or {}, options
        self._check_headers = check_headers
        self._deadline = None if limits.total is None else time.monotonic() + limits.total
        self._restart()

    def run(self) -> DownloadResult | None:
        """Download; return None if not modified (304).

        Raises
        ------
        AeroJobError
            If the download fails or cannot be verified.
        """
        pauses = iter(RETRY_PAUSES_SECONDS)
        while True:
            with self._request() as response:
                if response.status_code == 304:
                    return None
                broken = self._receive(response)
            if broken is None:
                self._verify()
                return DownloadResult(
                    {name: self._hashes[name].digest().hex() for name in self._names}, self._size, self._headers
                )
            pause = next(pauses, None)
            if pause is None:
                raise broken
            if not self._can_resume(response):
                self._restart()
            time.sleep(pause)

    def _restart(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._size = self._received = 0
        self._validator, self._headers = "", {}  # type: tuple[str, Mapping[str, str]]

    def _request(self) -> requests.Response:
        headers, accepted = (
            {"Accept-Encoding": ENCODINGS, "Connection": "close", "User-Agent": USER_AGENT},
            (304,) if self._known else (),
        )
        if self._size:
            headers |= {"Range": f"bytes={self._size}-", "If-Range": self._validator, "Accept-Encoding": "identity"}
            accepted = (416,)
        elif self._known:
            pairs = (("If-None-Match", "etag"), ("If-Modified-Since", "last_modified"))
            headers |= {name: self._known[key] for name, key in pairs if self._known.get(key)}
        options: dict[str, Any] = {
            "headers": headers,
            "accepted_statuses": accepted,
            "slow_seconds": self._limits.slow_seconds,
            "deadline": self._deadline,
        }
        return send_request("GET", self._url, self._sender, **options, **self._options)

    def _receive(self, response: requests.Response) -> AeroJobError | None:
        if self._size and not continues_body(response, self._size, self._validator):
            self._restart()
            if response.status_code != 200:
                return self._error("did not resume where it broke off")
        if not self._size:
            self._begin_body(response)
        return self._read(response)

    def _begin_body(self, response: requests.Response) -> None:
        """Check the headers before a body's first byte."""
        if response.status_code not in (200, 204):
            raise self._error(f"answered {response.status_code} ({response.reason}) to a request for the whole file")
        self._headers = response.headers
        try:
            self._packing = content_codings(self._headers)
        except ValueError as encoding:
            raise self._error(f"sends its body compressed as {encoding}, which cannot be decoded here") from None
        self._unpacking = Unpacking(self._packing)
        self._promised_hashes = promised_hashes(self._headers)
        self._hashes = {name: new_hash(name) for name in (*self._names, *(name for name, _ in self._promised_hashes))}
        # A checksum is of the body as sent; some servers mean its content.
        self._packed_hashes = (
            {name: new_hash(name) for name, _ in self._promised_hashes} if self._packing else self._hashes
        )
        self._check_piece = self._check_headers(self._headers) if self._check_headers else None

    def _read(self, response: requests.Response) -> AeroJobError | None:
        """Read to the end; return the error if it breaks off."""
        from urllib3.exceptions import HTTPError

        promised, received = self._promised_length(response), 0
        # Bytes before a break are kept for the resumption; the length is checked below.
        response.raw.enforce_content_length = False
        try:
            for piece in response.raw.stream(_PIECE_BYTES, decode_content=False):
                received += len(piece)
                self._write(piece)
        except TooSlow:
            raise too_slow(self._sender, self._url) from None
        except TooLong:
            raise too_long(self._sender, self._url) from None
        except zlib.error:
            raise self._undecodable_error() from None
        except HTTPError:
            return self._broken_off_error(promised, received)
        if has_more(response):
            raise self._error(f"promised {promised:,} bytes and sent more")
        if (promised is not None and received != promised) or stated_total(response) not in (None, self._size):
            return self._broken_off_error(promised, received)
        return None

    def _promised_length(self, response: requests.Response) -> int | None:
        text = response.headers.get("Content-Length")
        length = parse_count(text)
        if text is not None and length is None:
            raise self._error(f"declares a length that is not a number, {text[:40]!r}")
        return length

    def _write(self, piece: bytes) -> None:
        self._received += len(piece)
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise TooLong
        if self._packing:
            for each in self._packed_hashes.values():
                each.update(piece)
        for chunk in self._unpacking.feed(piece):
            for each in self._hashes.values():
                each.update(chunk)
            self._size += self._file.write(chunk)
            self._check_size()
            if self._check_piece:
                self._check_piece(chunk)

    def _check_size(self) -> None:
        most, ratio = self._limits.most, self._limits.ratio
        if most is not None and self._size > most:
            raise self._error(f"sends more than {most:,} bytes, which is the limit here")
        if ratio and self._packing and self._size > max(_UNLIMITED_RATIO_BYTES, ratio * self._received):
            raise self._error(f"sends a body that unpacks to more than {ratio:,} times its size")

    def _verify(self) -> None:
        """Verify that the body is complete and matches its checksums."""
        if not self._unpacking.is_whole():
            raise self._undecodable_error()
        if self._check_piece:
            self._check_piece(b"")
        for name, wanted in self._promised_hashes:
            if wanted not in (self._packed_hashes[name].digest(), self._hashes[name].digest()):
                raise self._error(f"sent bytes that do not match its own {name} checksum")

    def _can_resume(self, response: requests.Response) -> bool:
        ranges = response.status_code == 206 or response.headers.get("Accept-Ranges") == "bytes"
        self._validator = strong_validator(response.headers)
        return bool(self._size and self._validator and ranges and not self._packing)

    def _error(self, what: str) -> AeroJobError:
        return AeroJobError(f"{self._sender} {plain_url(self._url)} {what}.")

    def _undecodable_error(self) -> AeroJobError:
        return self._error("sent a body that cannot be decoded")

    def _broken_off_error(self, promised: int | None, received: int) -> AeroJobError:
        if promised is None:
            return self._error(f"broke off after {received:,} bytes")
        return self._error(f"promised {promised:,} bytes and sent {received:,} bytes")
