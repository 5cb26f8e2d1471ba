"""Connections with checks of the peer, the speed and the promised length."""

from __future__ import annotations

import http.client
import io
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any  # requests' and urllib3's objects, in the types of the overridden methods

if TYPE_CHECKING:
    import requests

#: A slower connection (bytes a second, over seconds) is aborted.
SLOWEST, SLOW_SECONDS = 100, 120.0
#: Seconds to wait for a connection to close after its answer.
_CLOSE_SECONDS = 1.0
_WRITE_BYTES = 1 << 18


class TooSlow(Exception):
    """Bytes arrive too slowly."""


class TooLong(Exception):
    """Bytes still arrive after the transfer's deadline."""


class Contradiction(Exception):
    """An answer has more than one length."""


class _MinimumRateReader(io.RawIOBase):
    """The bytes of a socket with a minimum rate; only the time spent waiting counts."""

    def __init__(self, file: Any, slow_seconds: float, deadline: float | None) -> None:
        self._file, self._slow_seconds, self._deadline = file, slow_seconds, deadline
        self._waited, self._received = 0.0, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        began = time.monotonic()
        count: int | None = self._file.readinto(buffer)
        self._waited += time.monotonic() - began
        self._received += count or 0
        if count and self._deadline is not None and time.monotonic() > self._deadline:
            raise TooLong
        if self._waited > self._slow_seconds:
            if count and self._received < SLOWEST * self._waited:
                raise TooSlow
            self._waited, self._received = 0.0, 0
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    """An answer whose every byte is watched, status line and headers included."""

    def __init__(self, sock: Any, slow_seconds: float, deadline: float | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._socket = sock
        self.fp: Any = io.BufferedReader(_MinimumRateReader(self.fp.detach(), slow_seconds, deadline))
        self.has_more = False

    def begin(self) -> None:
        super().begin()
        lengths = ",".join(self.headers.get_all("Content-Length", []))
        if len({each.strip() for each in lengths.split(",")}) > 1:
            raise Contradiction

    def _close_conn(self) -> None:
        if self.length == 0 and self.status in (200, 206):
            self.has_more = self._has_more_bytes()
        super()._close_conn()  # type: ignore[misc]

    def _has_more_bytes(self) -> bool:
        try:
            self._socket.settimeout(_CLOSE_SECONDS if self.will_close else 0.0)
            return bool(self.fp.peek(1))
        except (OSError, TooSlow, TooLong):
            return False


def has_more(response: requests.Response) -> bool:
    """Return whether an answer had more bytes than promised; valid once it is read."""
    return bool(getattr(response.raw._original_response, "has_more", False))


def watch_connections(
    session: requests.Session,
    slow_seconds: float,
    on_connect: Callable[[str], None] | None,
    deadline: float | None = None,
) -> None:
    """Watch the connections of a session.

    Parameters
    ----------
    slow_seconds : float
        How long bytes may be slow before `TooSlow` is raised.
    on_connect : callable, optional
        Called with the peer's address before anything is sent; raises to refuse it.
    deadline : float, optional
        Time of the monotonic clock after which `TooLong` is raised.
    """
    import requests

    pools = _watched_pools(
        lambda sock, *args, **kwargs: _Answer(sock, slow_seconds, deadline, *args, **kwargs), on_connect
    )

    class WatchedAdapter(requests.adapters.HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, **kwargs)
            self.poolmanager.pool_classes_by_scheme = pools

        def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
            manager = super().proxy_manager_for(*args, **kwargs)
            manager.pool_classes_by_scheme = pools
            return manager

    session.mount("http://", WatchedAdapter())
    session.mount("https://", WatchedAdapter())


def _watched_pools(response_class: Callable[..., Any], on_connect: Callable[[str], None] | None) -> dict[str, Any]:
    """Return the classes of connection pools, by scheme."""
    from urllib3 import connection, connectionpool

    class Watched:
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            # The default of 16 kB doubles the time to send a large file.
            super().__init__(*args, **{**kwargs, "blocksize": _WRITE_BYTES})
            vars(self)["response_class"] = response_class

        def _new_conn(self) -> Any:
            sock = super()._new_conn()  # type: ignore[misc]
            try:
                if on_connect is not None:
                    on_connect(sock.getpeername()[0])
            except BaseException:
                sock.close()
                raise
            return sock

    class HttpConnection(Watched, connection.HTTPConnection): ...

    class HttpsConnection(Watched, connection.HTTPSConnection): ...

    class HttpPool(connectionpool.HTTPConnectionPool):
        ConnectionCls = HttpConnection

    class HttpsPool(connectionpool.HTTPSConnectionPool):
        ConnectionCls = HttpsConnection

    return {"http": HttpPool, "https": HttpsPool}
