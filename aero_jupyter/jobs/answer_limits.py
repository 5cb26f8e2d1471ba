"""Limits of the answers that a client reads: bytes and seconds, checked as bytes arrive."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import requests
import urllib3

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.safe_parsing import parse_count
from aero_jupyter.jobs.redirects import BodyRedirectGuard
from aero_jupyter.jobs.size_limits import MOST_BYTES, MOST_RATIO
from aero_jupyter.jobs.watched_connection import SLOW_SECONDS, SLOWEST

#: Maximum bytes to read at once; smaller reads are not delayed.
PIECE_BYTES = 1 << 20


#: The environment variable of each limit.
_VARIABLES = {
    "answer_bytes": "AERO_ANSWER_BYTES",
    "answer_seconds": "AERO_ANSWER_SECONDS",
    "version_bytes": "AERO_VERSION_BYTES",
    "version_ratio": "AERO_VERSION_RATIO",
    "slow_seconds": "AERO_SLOW_SECONDS",
}


class OverLimit(Exception):
    """An answer exceeded its limits; the text names the setting. The client does not retry the request."""


@dataclass(frozen=True)
class AnswerLimits:
    """The limits of an answer and of a version's content.

    Attributes
    ----------
    answer_bytes, answer_seconds : int
        For an uncompressed JSON answer: ``AERO_ANSWER_BYTES``, ``AERO_ANSWER_SECONDS``.
    version_bytes, version_ratio : int
        Of a version whose size is not recorded, and how many times larger than what came it may be unpacked:
        ``AERO_VERSION_BYTES``, ``AERO_VERSION_RATIO``.
    slow_seconds : int
        How long fewer than 100 bytes a second may arrive: ``AERO_SLOW_SECONDS``.
    """

    answer_bytes: int = 256 << 20
    answer_seconds: int = 600
    version_bytes: int = MOST_BYTES
    version_ratio: int = MOST_RATIO
    slow_seconds: int = int(SLOW_SECONDS)

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> AnswerLimits:
        """Return the limits that the environment sets.

        Raises
        ------
        InvalidArgument
            If a setting is not a number.
        """
        found: dict[str, int] = {}
        for field, name in _VARIABLES.items():
            if text := environment.get(name):
                found[field] = parse_count(text) or 0
                if not found[field]:
                    raise InvalidArgument(f"{name} is {text!r}, which is not a number.", f"Type %env {name}=1000000000")
        return cls(**found)


class Pace:
    """The pace of an answer: raises if bytes are too slow or arrive after a deadline."""

    def __init__(self, slow_seconds: float, deadline: float | None = None) -> None:
        self._slow_seconds, self._deadline = slow_seconds, deadline
        self._waited, self._count = 0.0, 0

    def add(self, seconds: float, count: int) -> None:
        """Record the wait for some bytes.

        Raises
        ------
        OverLimit
        """
        self._waited += seconds
        self._count += count
        if self._deadline is not None and time.monotonic() > self._deadline:
            raise OverLimit("is still being sent at the limit of AERO_ANSWER_SECONDS")
        if self._waited > self._slow_seconds:
            if self._count < SLOWEST * self._waited:
                raise OverLimit(f"comes with less than {SLOWEST} bytes a second for the seconds of AERO_SLOW_SECONDS")
            self._waited, self._count = 0.0, 0


def pieces(response: requests.Response, pace: Pace) -> Iterator[bytes]:
    """Yield the decompressed body of a response in pieces as they arrive.

    Raises
    ------
    OverLimit
        If they arrive too slowly.
    requests.RequestException
        If the connection breaks, or the body cannot be decompressed.
    """
    while True:
        began = time.monotonic()
        try:
            piece: bytes = response.raw.read1(PIECE_BYTES, decode_content=True)
        except urllib3.exceptions.DecodeError as error:
            raise requests.exceptions.ContentDecodingError(error) from error
        except urllib3.exceptions.HTTPError as error:
            raise requests.exceptions.ChunkedEncodingError(error) from error
        try:
            pace.add(time.monotonic() - began, len(piece))
        except OverLimit:
            response.close()
            raise
        if not piece:
            return
        yield piece


class BoundedAdapter(BodyRedirectGuard):
    """An adapter that reads each answer within the limits; a streamed response is left to its reader."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send a request.

        Raises
        ------
        OverLimit
            If the answer exceeds its limits.
        """
        response = super().send(request, *args, **options)
        if not options.get("stream"):
            response._content = _content(response, AnswerLimits.of())
        return response


def _content(response: requests.Response, limits: AnswerLimits) -> bytes:
    parts, size = [], 0
    for piece in pieces(response, Pace(limits.slow_seconds, time.monotonic() + limits.answer_seconds)):
        parts.append(piece)
        size += len(piece)
        if size > limits.answer_bytes:
            response.close()
            raise OverLimit(f"has more than {limits.answer_bytes:,} bytes, the limit of AERO_ANSWER_BYTES")
    return b"".join(parts)
