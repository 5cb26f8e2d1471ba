"""HTTP as uvicorn speaks it, but for requests that are none or whose head is too long: those are refused in JSON."""

from __future__ import annotations

import json
import sys
from http import HTTPStatus

from uvicorn.protocols.http.h11_impl import H11Protocol

#: Bytes that the head of a request may have, and seconds that are waited for the rest of a longer one.
HEAD_BYTES, _PATIENCE = 64 << 10, 5.0


class Protocol(H11Protocol):
    """One connection."""

    _refused = False

    def data_received(self, data: bytes) -> None:
        """Take what comes; nothing more of a request that is refused."""
        if not self._refused:
            super().data_received(data)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, and say why; it is called where h11 has just said so."""
        long = getattr(sys.exc_info()[1], "error_status_hint", 400) == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if long else HTTPStatus.BAD_REQUEST
        detail = f"A head of more than {HEAD_BYTES >> 10} kB is not read." if long else "This is no HTTP request."
        body = json.dumps({"detail": detail}).encode()
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
        self.transport.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        self._refused = True
        # Closed at once, with bytes still coming, the other side would see a reset and not the answer.
        self.transport.write_eof()
        self.loop.call_later(_PATIENCE, self.transport.close)
