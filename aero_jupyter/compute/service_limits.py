"""The limits of Globus Compute's web service: requests in a time, and bytes in a submission."""

from __future__ import annotations

import functools
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any  # requests' objects, in the types of the overridden methods

from aero_jupyter.jobs.answer_limits import BoundedAdapter

#: The service accepts this many requests of a user ...
REQUEST_LIMIT = 20
#: ... in so many seconds.
REQUEST_WINDOW_SECONDS = 10.0
#: Requests in a window from which on `RequestPacer.note` reports the limit.
_NEAR_LIMIT = 16
#: Bytes of one submission that the service accepts.
SUBMISSION_BYTES = 10 << 20
#: Minutes after which the service drops a result that was not fetched.
RESULT_MINUTES = 30


class RequestPacer:
    """Delays requests, so that no more of them are sent in a time than the service accepts. Thread-safe.

    Parameters
    ----------
    clock, pause : callable
        Seconds that only grow, and a wait of so many of them.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock = clock
        self._pause = pause
        self._lock = threading.Lock()
        self._sent = deque[float](maxlen=REQUEST_LIMIT)

    def wait(self) -> None:
        """Wait until a request may be sent, and count it."""
        with self._lock:
            if len(self._sent) == REQUEST_LIMIT:
                remaining = self._sent[0] + REQUEST_WINDOW_SECONDS - self._clock()
                if remaining > 0:
                    self._pause(remaining)
            self._sent.append(self._clock())

    def note(self) -> str:
        """Return a sentence if the limit is near; otherwise an empty text."""
        oldest = self._clock() - REQUEST_WINDOW_SECONDS
        count = sum(1 for sent in list(self._sent) if sent > oldest)
        if count < _NEAR_LIMIT:
            return ""
        limit = f"{REQUEST_LIMIT} requests in {REQUEST_WINDOW_SECONDS:g} s"
        return f"▲ Globus Compute accepts {limit}, and {count} were sent: further requests wait."


@functools.cache
def pacer_of(url: str | None) -> RequestPacer:
    """Return the pacer of a service, which all clients of this process share."""
    return RequestPacer()


class PacedAdapter(BoundedAdapter):
    """Adapter that waits for its pacer before each request."""

    def __init__(self, pacer: RequestPacer, *args: Any, **kwargs: Any) -> None:
        self._pacer = pacer
        super().__init__(*args, **kwargs)

    # The signature is that of requests.
    def send(self, *args: Any, **kwargs: Any) -> Any:
        """Send a request as soon as the service accepts it."""
        self._pacer.wait()
        return super().send(*args, **kwargs)
