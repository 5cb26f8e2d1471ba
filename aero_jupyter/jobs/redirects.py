"""Redirects of requests with a body: never to another host."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any  # requests' and urllib3's objects, in the types of the overridden methods
from urllib.parse import urljoin, urlsplit

import requests

from aero_jupyter.jobs.loopback import bypass_proxies

#: Statuses whose redirect repeats the body.
_REPEATED = (307, 308)


class ForeignRedirect(Exception):
    """A request with a body was redirected to another host. No `RequestException`: a Globus client retries those."""


class BodyRedirectGuard(requests.adapters.HTTPAdapter):
    """An adapter that refuses to redirect a request with a body to another host."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send a request.

        Raises
        ------
        ForeignRedirect
            If the answer redirects the request's body to another host.
        """
        answer = super().send(request, *args, **options)
        if answer.status_code in _REPEATED and request.body and "Location" in answer.headers:
            target = urljoin(answer.url, answer.headers["Location"])
            session: Any = requests.Session()
            if session.should_strip_auth(answer.url, target):
                answer.close()
                host = urlsplit(target).netloc.rpartition("@")[2]
                raise ForeignRedirect(f"redirects the request to another host, {host}")
        return answer


def keep_bodies(*clients: Any, adapter: Callable[[], BodyRedirectGuard] = BodyRedirectGuard) -> None:
    """Mount the adapter on Globus SDK clients; requests to this machine still bypass every proxy."""
    for client in clients:
        for scheme in ("http://", "https://"):
            client.transport.session.mount(scheme, adapter())
        bypass_proxies(client.transport.session)
