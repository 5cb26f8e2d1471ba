"""A connection that is watched: where it leads, how fast its bytes come, and whether more come than were promised."""

from __future__ import annotations

import http.client
import io
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests

#: Who sends less than so many bytes a second, over so many seconds, is given up.
SLOWEST, SLOW_SECONDS = 100, 120.0
#: Seconds that are waited for the end of a connection whose answer said that it ends.
_LINGER = 1.0
_WRITE = 1 << 18


class TooSlow(Exception):
    """Bytes come, but hardly any."""


class Contradiction(Exception):
    """An answer has more than one length."""


class _Paced(io.RawIOBase):
    """The bytes of a socket for as long as they come fast enough; only the waiting for them counts."""

    def __init__(self, file: Any, seconds: float) -> None:
        self._file, self._seconds = file, seconds
        self._waited, self._came = 0.0, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        began = time.monotonic()
        count: int | None = self._file.readinto(buffer)
        self._waited += time.monotonic() - began
        self._came += count or 0
        if self._waited > self._seconds:
            if count and self._came < SLOWEST * self._waited:
                raise TooSlow
            self._waited, self._came = 0.0, 0
        return count

    def close(self) -> None:
        self._file.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    """An answer whose every byte is waited for under watch, the status line's and the headers' too."""

    def __init__(self, sock: Any, seconds: float, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._line = sock
        self.fp: Any = io.BufferedReader(_Paced(self.fp.detach(), seconds))
        self.has_more = False

    def begin(self) -> None:
        super().begin()
        told = ",".join(self.headers.get_all("Content-Length", []))
        if len({each.strip() for each in told.split(",")}) > 1:
            raise Contradiction

    def _close_conn(self) -> None:
        if self.length == 0 and self.status in (200, 206):
            self.has_more = self._goes_on()
        super()._close_conn()  # type: ignore[misc]

    def _goes_on(self) -> bool:
        try:
            self._line.settimeout(_LINGER if self.will_close else 0.0)
            return bool(self.fp.peek(1))
        except (OSError, TooSlow):
            return False


def has_more(response: requests.Response) -> bool:
    """Whether more came than the length that an answer promised, once it was read to there."""
    return bool(getattr(response.raw._original_response, "has_more", False))


def watch(session: requests.Session, seconds: float, peer: Callable[[str], None] | None) -> None:
    """Let the connections of a session be watched.

    Parameters
    ----------
    seconds : float
        How long bytes may come slowly, before `TooSlow` is raised.
    peer : callable, optional
        Is given the address of whoever was reached before anything is sent there; raises where that is not to be.
    """
    import requests
    from urllib3 import connection, connectionpool

    class Watched:
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            # The default of 16 kB costs a large file that is sent half of its time.
            super().__init__(*args, **{**kwargs, "blocksize": _WRITE})
            vars(self)["response_class"] = lambda sock, *args, **kwargs: _Answer(sock, seconds, *args, **kwargs)

        def _new_conn(self) -> Any:
            sock = super()._new_conn()  # type: ignore[misc]
            try:
                if peer is not None:
                    peer(sock.getpeername()[0])
            except BaseException:
                sock.close()
                raise
            return sock

    class Plain(Watched, connection.HTTPConnection): ...

    class Secure(Watched, connection.HTTPSConnection): ...

    class PlainPool(connectionpool.HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(connectionpool.HTTPSConnectionPool):
        ConnectionCls = Secure

    class Adapter(requests.adapters.HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, **kwargs)
            self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}

        def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
            manager = super().proxy_manager_for(*args, **kwargs)
            manager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
            return manager

    session.mount("http://", Adapter())
    session.mount("https://", Adapter())
