"""Direct connections to this machine: its requests bypass every proxy, also after redirects."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any  # requests' and urllib3's objects, in the types of the overridden methods
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import requests


def is_loopback(url: str) -> bool:
    """Return whether the URL leads to this machine."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    inside = getattr(address, "ipv4_mapped", None) or address
    return bool(inside.is_loopback or inside.is_unspecified)


def bypass_proxies(session: requests.Session) -> requests.Session:
    """Patch a session's adapters to connect to this machine without a proxy; return it."""
    for adapter in session.adapters.values():
        _connect_directly(adapter)
    return session


def _connect_directly(adapter: Any) -> None:
    send = adapter.send

    def send_directly(request: Any, *args: Any, **options: Any) -> Any:
        if is_loopback(request.url):
            options["proxies"] = {}
        return send(request, *args, **options)

    adapter.send = send_directly
