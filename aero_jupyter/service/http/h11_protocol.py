"""uvicorn's HTTP protocol with refusals in JSON for malformed requests and for requests whose head is too long.

A connection that sends no complete request is closed after seconds, and the number of such connections is limited.
"""

from __future__ import annotations

import asyncio
import json
import sys
from http import HTTPStatus
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

#: Maximum bytes of a request head, and seconds to wait for the rest of a longer one.
HEAD_BYTES, _REFUSAL_CLOSE_SECONDS = 64 << 10, 5.0
#: Seconds within which a connection must send a request head, and the maximum number of connections that wait so.
SILENT_SECONDS, SILENT_CONNECTIONS = 5.0, 64


class Protocol(H11Protocol):
    """One connection."""

    #: The connections that have sent no complete head yet, the oldest first.
    _silent: ClassVar[dict[Protocol, None]] = {}

    _refused = False
    #: Whether a response left the connection open, which happens only if the request had a token.
    _is_admitted = False
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start to wait for a request; close the connection that has been silent longest if there are too many."""
        super().connection_made(transport)
        self._await_head()
        if len(self._silent) > SILENT_CONNECTIONS:
            next(iter(self._silent)).transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop tracking the connection."""
        self._on_head_received()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Process received bytes; ignore the rest of a refused request."""
        if self._refused:
            return
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._await_head()
        else:
            self._on_head_received()

    def on_response_complete(self) -> None:
        """Close a connection that is answered and still sends its body, because the body is not read."""
        super().on_response_complete()
        self._is_admitted = self._is_admitted or not self.transport.is_closing()
        if not self.transport.is_closing() and self.conn.their_state is h11.SEND_BODY:
            self._await_head()

    def _await_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(SILENT_SECONDS, self.transport.abort)
            # Connections without a token do not crowd out connections with one.
            if not self._is_admitted:
                self._silent[self] = None

    def _on_head_received(self) -> None:
        self._silent.pop(self, None)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def send_400_response(self, msg: str) -> None:
        """Refuse a malformed request with the reason; uvicorn calls this method right after h11 raised the error."""
        long = getattr(sys.exc_info()[1], "error_status_hint", 400) == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if long else HTTPStatus.BAD_REQUEST
        detail = (
            f"The head of the request is larger than {HEAD_BYTES >> 10} kB."
            if long
            else "The request is not valid HTTP."
        )
        body = json.dumps({"detail": detail}).encode()
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
        self.transport.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        self._refused = True
        # If the connection closed while bytes still arrive, the client would see a reset and not the response.
        self.transport.write_eof()
        self.loop.call_later(_REFUSAL_CLOSE_SECONDS, self.transport.close)
