"""The lookup of a host's addresses with a timeout."""

from __future__ import annotations

import socket
import threading
import time

#: Default timeout of a lookup in seconds; AERO_LOCAL_PULL_LOOKUP overrides it.
LOOKUP_SECONDS = 2.0


class LookupTimeout(Exception):
    """The resolver did not answer in time."""


class _Lookup:
    """One lookup in its own thread, shared by all requests for the host."""

    def __init__(self, host: str) -> None:
        self.began = time.monotonic()
        self.addresses: set[str] = set()
        self.has_ended = threading.Event()
        threading.Thread(target=self._run, args=(host,), name="aero-lookup", daemon=True).start()

    def _run(self, host: str) -> None:
        try:
            self.addresses = {str(each[4][0]) for each in socket.getaddrinfo(host, None)}
        except (OSError, UnicodeError):
            self.addresses = set()
        finally:
            self.has_ended.set()


_LOOKUPS: dict[str, _Lookup] = {}


def look_up(host: str, seconds: float = LOOKUP_SECONDS) -> set[str]:
    """Return the addresses of a host; none if it is unknown.

    Raises
    ------
    LookupTimeout
        If the resolver does not answer in time, counted from the first request for this host.
    """
    running = _LOOKUPS.get(host)
    if running is None or running.has_ended.is_set():
        running = _LOOKUPS[host] = _Lookup(host)
    remaining = running.began + seconds - time.monotonic()
    try:
        if not running.has_ended.wait(max(remaining, 0.0)):
            raise LookupTimeout
        return running.addresses
    finally:
        if running.has_ended.is_set():
            _LOOKUPS.pop(host, None)
