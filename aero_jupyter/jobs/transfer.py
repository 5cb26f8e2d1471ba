"""Bytes on their way to a file: hashed while they flow, resumed where they broke off, held against all promises."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from aero_jupyter.jobs.body import ENCODINGS, Unpacking, new_sum, packing_of, promised_sums
from aero_jupyter.jobs.line import SLOW_SECONDS, TooSlow, has_more
from aero_jupyter.jobs.web import AeroJobError, ask, plain_url, too_slow

if TYPE_CHECKING:
    import requests

_PAUSES = (0.3, 0.9, 2.7)
_PIECE = 1 << 18
#: Below so many bytes it does not matter how much larger a body is than what came of it.
_AMPLE = 64 << 20


class Limits(NamedTuple):
    """How much may come, and how slowly.

    Attributes
    ----------
    most : int or None
        Bytes, unpacked.
    ratio : int or None
        How many times more bytes may be in a compressed body than came.
    seconds : float
        How long bytes may come slowly, or not at all.
    """

    most: int | None = None
    ratio: int | None = None
    seconds: float = SLOW_SECONDS


class Whole(NamedTuple):
    """What has come: its checksums as hexadecimal digits by name, its size, and the headers it came with."""

    sums: Mapping[str, str]
    size: int
    headers: Mapping[str, str]


class Transfer:
    """One file's bytes, over as many connections as it takes.

    Parameters
    ----------
    who : str
        The other side as the subject of a sentence: "The source".
    sums : iterable of str
        The names of the hashes to make.
    known : mapping
        ``etag`` and ``last_modified`` of what there is already.
    look : callable, optional
        Is given the headers when a body begins, and gives what looks at each piece of it and, when it is at
        its end, at an empty one; both raise where they must.
    options
        What else each request needs: ``token``, ``guard``, ``peer``.
    """

    def __init__(
        self,
        url: str,
        file: Any,
        who: str,
        *,
        sums: Iterable[str] = ("sha256",),
        limits: Limits = Limits(),  # noqa: B008
        known: Mapping[str, str] | None = None,
        look: Callable[[Mapping[str, str]], Callable[[bytes], None]] | None = None,
        **options: Any,
    ) -> None:
        self._url, self._file, self._who, self._names = url, file, who, tuple(sums)
        self._limits, self._known, self._look, self._options = limits, known or {}, look, options
        self._begin()

    def run(self) -> Whole | None:
        """Let all come; None where it is still what was known.

        Raises
        ------
        AeroJobError
            If it does not come, or not as it was promised.
        """
        pauses = iter(_PAUSES)
        while True:
            with self._ask() as response:
                if response.status_code == 304:
                    return None
                broken = self._take(response)
            if broken is None:
                self._prove()
                return Whole({name: self._sums[name].digest().hex() for name in self._names}, self._size, self._headers)
            pause = next(pauses, None)
            if pause is None:
                raise broken
            if not self._resumes(response):
                self._begin()
            time.sleep(pause)

    def _begin(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._size = self._came = 0
        self._mark, self._headers = "", {}  # type: tuple[str, Mapping[str, str]]

    def _ask(self) -> requests.Response:
        headers, also = {"Accept-Encoding": ENCODINGS, "Connection": "close"}, (304,) if self._known else ()
        if self._size:
            headers |= {"Range": f"bytes={self._size}-", "If-Range": self._mark, "Accept-Encoding": "identity"}
            also = (416,)
        elif self._known:
            pairs = (("If-None-Match", "etag"), ("If-Modified-Since", "last_modified"))
            headers |= {name: self._known[key] for name, key in pairs if self._known.get(key)}
        seconds = self._limits.seconds
        return ask("GET", self._url, self._who, headers=headers, also=also, seconds=seconds, **self._options)

    def _take(self, response: requests.Response) -> AeroJobError | None:
        if self._size and not _continues(response, self._size, self._mark):
            self._begin()
            if response.status_code != 200:
                return self._wrong("did not go on where it broke off")
        if not self._size:
            self._open(response)
        return self._read(response)

    def _open(self, response: requests.Response) -> None:
        """Look at what is promised before a body's first byte."""
        if response.status_code not in (200, 204):
            raise self._wrong(f"answered {response.status_code} ({response.reason}), where all of it was asked for")
        self._headers = response.headers
        try:
            self._packing = packing_of(self._headers)
        except ValueError as encoding:
            raise self._wrong(f"sends its body in an encoding that was not asked for, {encoding}") from None
        self._unpacking = Unpacking(self._packing)
        self._promised = promised_sums(self._headers)
        self._sums = {name: new_sum(name) for name in (*self._names, *(name for name, _ in self._promised))}
        # A checksum is meant of the body as it comes; some mean what is in it.
        self._packed = {name: new_sum(name) for name, _ in self._promised} if self._packing else self._sums
        self._seen = self._look(self._headers) if self._look else None

    def _read(self, response: requests.Response) -> AeroJobError | None:
        """Read to the end; give what is wrong where it breaks off."""
        from urllib3.exceptions import HTTPError

        promised, came = self._length(response), 0
        # What came before a break is kept, to be gone on from; whether it is whole is looked at below.
        response.raw.enforce_content_length = False
        try:
            for piece in response.raw.stream(_PIECE, decode_content=False):
                came += len(piece)
                self._keep(piece)
        except TooSlow:
            raise too_slow(self._who, self._url) from None
        except zlib.error:
            raise self._undecodable() from None
        except HTTPError:
            return self._broken(promised, came)
        if has_more(response):
            raise self._wrong(f"promised {promised:,} bytes and sent more")
        if (promised is not None and came != promised) or _total(response) not in (None, self._size):
            return self._broken(promised, came)
        return None

    def _length(self, response: requests.Response) -> int | None:
        told: str = response.headers.get("Content-Length", "")
        if "Content-Length" in response.headers and not (told.isascii() and told.isdigit()):
            raise self._wrong(f"tells a length that is no number, {told[:40]!r}")
        return int(told) if told else None

    def _keep(self, piece: bytes) -> None:
        self._came += len(piece)
        if self._packing:
            for each in self._packed.values():
                each.update(piece)
        for chunk in self._unpacking.feed(piece):
            for each in self._sums.values():
                each.update(chunk)
            self._size += self._file.write(chunk)
            self._check_size()
            if self._seen:
                self._seen(chunk)

    def _check_size(self) -> None:
        most, ratio = self._limits.most, self._limits.ratio
        if most is not None and self._size > most:
            raise self._wrong(f"sends more than {most:,} bytes, which is the limit here")
        if ratio and self._packing and self._size > max(_AMPLE, ratio * self._came):
            raise self._wrong(f"sends a body that is more than {ratio:,} times larger than what came of it")

    def _prove(self) -> None:
        """Hold what came against its own end, and against the checksums that came with it."""
        if not self._unpacking.is_whole():
            raise self._undecodable()
        if self._seen:
            self._seen(b"")
        for name, wanted in self._promised:
            if wanted not in (self._packed[name].digest(), self._sums[name].digest()):
                raise self._wrong(f"sent bytes that do not match its own {name} checksum")

    def _resumes(self, response: requests.Response) -> bool:
        ranges = response.status_code == 206 or response.headers.get("Accept-Ranges") == "bytes"
        self._mark = _mark(response.headers)
        return bool(self._size and self._mark and ranges and not self._packing)

    def _wrong(self, what: str) -> AeroJobError:
        return AeroJobError(f"{self._who} {plain_url(self._url)} {what}.")

    def _undecodable(self) -> AeroJobError:
        return self._wrong("sent a body that cannot be decoded")

    def _broken(self, promised: int | None, came: int) -> AeroJobError:
        if promised is None:
            return self._wrong(f"broke off after {came:,} bytes")
        return self._wrong(f"promised {promised:,} bytes and sent {came:,} bytes")


def _continues(response: requests.Response, size: int, mark: str) -> bool:
    """Whether an answer goes on where the last one broke off, in the same bytes."""
    begins = response.headers.get("Content-Range", "").startswith(f"bytes {size}-")
    same = _mark(response.headers) == mark and not response.headers.get("Content-Encoding")
    return response.status_code == 206 and begins and same


def _total(response: requests.Response) -> int | None:
    """Give how long a part's whole is, where that is told."""
    told = response.headers.get("Content-Range", "").rpartition("/")[2] if response.status_code == 206 else ""
    return int(told) if told.isascii() and told.isdigit() else None


def _mark(headers: Mapping[str, str]) -> str:
    """Give what tells one state of a source from another: a strong ETag, else when it was last changed."""
    etag = headers.get("ETag", "")
    return etag if etag and not etag.startswith("W/") else headers.get("Last-Modified", "")
