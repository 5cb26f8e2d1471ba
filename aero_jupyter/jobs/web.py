"""HTTP as an endpoint needs it: every status is looked at, and nothing signed or secret gets into a message."""

from __future__ import annotations

import ipaddress
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aero_jupyter.jobs.line import SLOW_SECONDS, SLOWEST, Contradiction, TooSlow, watch

if TYPE_CHECKING:
    import requests

_CONNECT, _READ = 10.0, 60.0
_WAITS = (0.3, 0.9, 2.7)
_BUSY = frozenset({429, 502, 503, 504})
#: Seconds that a busy server's Retry-After is obeyed for, at most.
_PATIENCE = 60.0
_REASONS = (
    ("NameResolution", "its name is not known"),
    ("getaddrinfo", "its name is not known"),
    ("refused", "the connection was refused"),
    ("unreachable", "there is no way to it"),
    ("SSL", "its certificate is not trusted"),
    ("Proxy", "the proxy does not let it through"),
)


class AeroJobError(RuntimeError):
    """What went wrong on the endpoint, as one sentence.

    Attributes
    ----------
    status : int or None
        The HTTP status, where an answer came.
    detail : str
        What the server said about it, shortened.
    """

    def __init__(self, message: str, status: int | None = None, detail: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.detail = detail


def plain_url(url: str) -> str:
    """Give the url without user, password, query and fragment, fit for a message."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return re.sub(r"//[^/]*@", "//", re.split("[?#]", url)[0])
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def origin(url: str) -> tuple[str, str, int | None]:
    """Give scheme, host and port: the reach of a token."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def is_loopback(url: str) -> bool:
    """Whether the url leads to this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def ask(
    method: str,
    url: str,
    who: str,
    *,
    token: str | None = None,
    retry: bool | None = None,
    guard: Callable[[str, str], None] | None = None,
    peer: Callable[[str], None] | None = None,
    seconds: float = SLOW_SECONDS,
    also: tuple[int, ...] = (),
    **options: Any,
) -> requests.Response:
    """Send a request and return its good answer, the body not yet read.

    Parameters
    ----------
    who : str
        The other side as the subject of a sentence: "The source".
    token : str, optional
        The bearer token; it does not follow a redirect to another host.
    retry : bool, optional
        Whether to try again when no answer comes; by default only for GET.
    guard : callable, optional
        Is given each address that sends on, and where to; raises where that is not to be followed.
    peer : callable, optional
        Is given the network address of each machine that is reached; raises where nothing is to be sent there.
    seconds : float
        How long the other side may be slow or silent.
    also : tuple of int
        Statuses that are good answers too.

    Raises
    ------
    AeroJobError
        If no answer comes, or one whose status is not 2xx.
    """
    import requests

    _check_url(url, who)
    again = method == "GET" if retry is None else retry
    waits = iter(_WAITS if again else ())
    options["timeout"] = (_CONNECT, min(_READ, seconds))
    while True:
        wait = next(waits, None)
        try:
            with _session(url, guard, peer, seconds) as session:
                # A callable, because a header would lose against an entry in ~/.netrc.
                auth = _bearer(token) if token else None
                response = session.request(method, url, auth=auth, stream=True, **options)
        except TooSlow:
            raise too_slow(who, url) from None
        except Contradiction:
            raise AeroJobError(f"{who} {plain_url(url)} answered with two lengths that differ.") from None
        except requests.RequestException as error:
            if wait is None or not isinstance(error, requests.ConnectionError):
                raise AeroJobError(_no_answer(who, url, error, options["timeout"])) from None
        else:
            told = _told_to_wait(response)
            if wait is None or response.status_code not in _BUSY or told > _PATIENCE:
                return _checked(response, who, also)
            response.close()
            wait = max(wait, told)
        time.sleep(wait)


def _check_url(url: str, who: str) -> None:
    try:
        origin(url)
    except ValueError:
        raise AeroJobError(f"{who} {plain_url(url)} cannot be asked: this is no http or https address.") from None


def ask_json(method: str, url: str, who: str, **options: Any) -> Any:
    """Send a request and return the JSON it is answered with."""
    with ask(method, url, who, **options) as response:
        try:
            return response.json()
        except ValueError:
            raise AeroJobError(f"{who} {plain_url(url)} answered with something that is not JSON.") from None


def too_slow(who: str, url: str) -> AeroJobError:
    """Say that bytes come, but hardly any."""
    return AeroJobError(f"{who} {plain_url(url)} sends less than {SLOWEST} bytes a second.")


def _told_to_wait(response: requests.Response) -> float:
    """Give the seconds that an answer asks to wait for; it may say so with a date."""
    from email.utils import parsedate_to_datetime

    told = response.headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdigit():
        return float(told)
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - time.time())
    except (TypeError, ValueError):
        return 0.0


def _session(
    url: str, guard: Callable[[str, str], None] | None, peer: Callable[[str], None] | None, seconds: float
) -> requests.Session:
    import requests

    class Guarded(requests.Session):
        """Looks at where it is sent before it goes there."""

        def get_redirect_target(self, resp: requests.Response) -> str | None:
            target = super().get_redirect_target(resp)
            if target:
                # What else is said there would be read to its end, however far that is.
                resp.raw.close()
                if guard is not None:
                    guard(resp.url, target)
            return target

    session = Guarded()
    watch(session, seconds, peer)
    session.trust_env = not is_loopback(url)
    return session


def _bearer(token: str) -> Callable[[Any], Any]:
    def sign(request: Any) -> Any:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return sign


def _checked(response: requests.Response, who: str, also: tuple[int, ...]) -> requests.Response:
    status = response.status_code
    if 200 <= status < 300 or status in also:
        return response
    with response:
        detail = _detail(response)
    reason = f" ({response.reason})" if response.reason else ""
    because = f": {detail.rstrip('.')}" if detail and detail != response.reason else ""
    message = f"{who} {plain_url(response.url)} answered {status}{reason}{because}."
    raise AeroJobError(message, status, detail)


def _detail(response: requests.Response) -> str:
    import json

    kind = response.headers.get("Content-Type", "")
    text = next(response.iter_content(4096), b"").decode("utf-8", "replace").strip()
    if "json" in kind:
        try:
            body = json.loads(text)
            text = str(body.get("detail") or body.get("message") or "")
        except (ValueError, AttributeError):
            text = ""
    elif not kind.startswith("text/plain"):
        text = ""
    return text if len(text) <= 200 else text[:199] + "…"


def _no_answer(who: str, url: str, error: Exception, timeout: tuple[float, float]) -> str:
    import requests

    if isinstance(error, requests.Timeout):
        patience = timeout[0] if isinstance(error, requests.ConnectTimeout) else timeout[1]
        return f"{who} {plain_url(url)} did not answer within {patience:g} s."
    if isinstance(error, requests.TooManyRedirects):
        return f"{who} {plain_url(url)} sends from one address to the next without end."
    if not isinstance(error, requests.ConnectionError):
        return f"{who} {plain_url(url)} cannot be asked: this is no http or https address."
    text = repr(error)
    reason = next((words for mark, words in _REASONS if mark in text), "the connection broke")
    return f"{who} {plain_url(url)} did not answer: {reason}."
