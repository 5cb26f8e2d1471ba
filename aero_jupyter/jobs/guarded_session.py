"""Sessions that check redirects, and send neither secrets nor bodies to another host."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any  # requests' and urllib3's objects, in the types of the overridden methods
from urllib.parse import urljoin

from aero_jupyter.jobs.loopback import bypass_proxies, is_loopback
from aero_jupyter.jobs.request_errors import AeroJobError, plain_url
from aero_jupyter.jobs.watched_connection import watch_connections

if TYPE_CHECKING:
    import requests

#: Headers that may follow a redirect to another host; others may hold secrets.
_FOR_ANY_HOST = frozenset(
    [
        "accept",
        "accept-encoding",
        "accept-language",
        "connection",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "range",
        "user-agent",
    ]
)


def guarded_session(
    url: str,
    on_redirect: Callable[[str, str], None] | None,
    on_connect: Callable[[str], None] | None,
    slow_seconds: float,
    deadline: float | None,
) -> requests.Session:
    """Return a session that checks redirects and sends no secrets to another host."""
    import requests

    class Guarded(requests.Session):
        """A session that checks redirects first."""

        def get_redirect_target(self, resp: requests.Response) -> str | None:
            target = super().get_redirect_target(resp)
            if target:
                # An open body would be read to its end, however large.
                resp.raw.close()
                if on_redirect is not None:
                    on_redirect(resp.url, target)
                _require_same_host_for_body(self, resp, target)
            return target

        def rebuild_auth(self, prepared_request: Any, response: requests.Response) -> None:
            if _is_other_host(self, response.request.url, prepared_request.url):
                for name in [name for name in prepared_request.headers if name.lower() not in _FOR_ANY_HOST]:
                    del prepared_request.headers[name]
            super().rebuild_auth(prepared_request, response)  # type: ignore[no-untyped-call]

    session = Guarded()
    watch_connections(session, slow_seconds, on_connect, deadline)
    bypass_proxies(session)
    session.trust_env = not is_loopback(url)
    return session


def _require_same_host_for_body(session: requests.Session, response: requests.Response, target: str) -> None:
    """Raise if the body of a request would be sent to another host."""
    # Only 307 and 308 repeat the body; a stream is never empty.
    if response.status_code not in (307, 308) or response.request.body in (None, b"", ""):
        return
    new_url = urljoin(response.url, target)
    if _is_other_host(session, response.url, new_url):
        raise AeroJobError(
            f"{plain_url(response.url)} redirects the request to another host, {plain_url(new_url)}, and its body is "
            "not meant for that host. Configure that URL in place of the first one."
        )


def _is_other_host(session: requests.Session, url: object, target: str) -> bool:
    return bool(session.should_strip_auth(url, target))  # type: ignore[no-untyped-call]
