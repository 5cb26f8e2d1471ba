"""The HTTP client of an endpoint: checks every status, and keeps secrets out of messages."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any  # JSON values

from aero_jupyter._version import __version__
from aero_jupyter.core.safe_parsing import parse_count, parse_json, parse_pause
from aero_jupyter.jobs.guarded_session import guarded_session
from aero_jupyter.jobs.request_errors import (
    AeroJobError,
    is_unknown_host,
    no_answer,
    origin,
    plain_url,
    status_error,
    too_long,
    too_slow,
)
from aero_jupyter.jobs.watched_connection import SLOW_SECONDS, SLOWEST, Contradiction, TooLong, TooSlow

if TYPE_CHECKING:
    import requests

#: Seconds to connect, and seconds between bytes.
CONNECT_SECONDS, READ_SECONDS = 10.0, 60.0
#: Pauses before each retry, of a request or of a download that broke off.
RETRY_PAUSES_SECONDS = (0.3, 0.9, 2.7)
_BUSY = frozenset({429, 502, 503, 504})
#: Default limits of a JSON answer (AERO_ANSWER_BYTES, AERO_ANSWER_SECONDS); bytes read at once.
_ANSWER_BYTES, _ANSWER_SECONDS, _ANSWER_PIECE = 256 << 20, 600, 1 << 12
#: A longer Retry-After is not obeyed: the request fails.
_MOST_RETRY_AFTER_SECONDS = 60.0
#: The User-Agent of every download.
USER_AGENT = f"aero-jupyter/{__version__} (+https://pypi.org/project/aero-jupyter/)"


def send_request(
    method: str,
    url: str,
    sender: str,
    *,
    token: str | None = None,
    retry: bool | None = None,
    on_redirect: Callable[[str, str], None] | None = None,
    on_connect: Callable[[str], None] | None = None,
    slow_seconds: float = SLOW_SECONDS,
    deadline: float | None = None,
    accepted_statuses: tuple[int, ...] = (),
    sign: Callable[[Any], Any] | None = None,
    **options: Any,
) -> requests.Response:
    """Send a request and return its good answer with an unread body.

    Parameters
    ----------
    sender : str
        The other side as the subject of a sentence: "The source".
    token : str, optional
        The bearer token; it does not follow a redirect to another host.
    retry : bool, optional
        Whether to retry without an answer; by default only for GET.
    on_redirect : callable, optional
        Called with each redirect's URL and target; raises to refuse it.
    on_connect : callable, optional
        Called with the network address of each connection; raises to refuse it.
    slow_seconds : float
        How long the other side may be slow or silent.
    deadline : float, optional
        End of the request and its body on the monotonic clock.
    accepted_statuses : tuple of int
        Statuses to accept besides 2xx.
    sign : callable, optional
        Adds headers with secrets to the request; they do not follow a redirect to another host.

    Raises
    ------
    AeroJobError
        If there is no answer, or its status is not accepted.
    """
    _require_web_url(url, sender)
    can_retry = method == "GET" if retry is None else retry
    pauses = iter(RETRY_PAUSES_SECONDS if can_retry else ())
    # A callable, because ~/.netrc would override a header.
    options |= {
        "auth": _bearer(token) if token else sign,
        "timeout": (CONNECT_SECONDS, min(READ_SECONDS, slow_seconds)),
    }
    while True:
        pause = next(pauses, None)
        with guarded_session(url, on_redirect, on_connect, slow_seconds, deadline) as session:
            response = _answer_of(session, method, url, sender, options, pause)
        if response is not None:
            retry_after = _retry_after(response)
            is_busy = response.status_code in _BUSY
            if pause is None or not is_busy or retry_after > _MOST_RETRY_AFTER_SECONDS:
                break
            response.close()
            pause = max(pause, retry_after)
        time.sleep(pause or 0.0)
    if 200 <= response.status_code < 300 or response.status_code in accepted_statuses:
        return response
    raise status_error(response, sender)


def _answer_of(
    session: requests.Session, method: str, url: str, sender: str, options: dict[str, Any], pause: float | None
) -> requests.Response | None:
    """Return the answer to one request; None if it may be retried after a pause."""
    import requests

    try:
        return session.request(method, url, stream=True, **options)
    except TooSlow:
        raise too_slow(sender, url) from None
    except TooLong:
        raise too_long(sender, url) from None
    except Contradiction:
        raise AeroJobError(f"{sender} {plain_url(url)} answered with two different lengths.") from None
    except requests.RequestException as error:
        # A host that is still unknown after a second does not exist.
        is_missing = pause is not None and pause > 1 and is_unknown_host(error)
        if pause is None or is_missing or not isinstance(error, requests.ConnectionError):
            raise no_answer(sender, url, error, options["timeout"]) from None
        return None


def _require_web_url(url: str, sender: str) -> None:
    try:
        origin(url)
    except ValueError:
        raise AeroJobError(f"{sender} {plain_url(url)} is not an http or https URL.") from None


def request_json(method: str, url: str, sender: str, **options: Any) -> Any:
    """Send a request and return the JSON it is answered with, within the limits of an answer."""
    with send_request(method, url, sender, **options) as response:
        try:
            return parse_json(_read_answer(response, f"{sender} {plain_url(url)}"))
        except ValueError:
            raise AeroJobError(f"{sender} {plain_url(url)} answered with something that is not JSON.") from None


def _read_answer(response: requests.Response, subject: str) -> bytes:
    import requests

    most = parse_count(os.environ.get("AERO_ANSWER_BYTES")) or _ANSWER_BYTES
    seconds = parse_count(os.environ.get("AERO_ANSWER_SECONDS")) or _ANSWER_SECONDS
    body, deadline = bytearray(), time.monotonic() + seconds
    try:
        for piece in response.iter_content(_ANSWER_PIECE):
            body += piece
            if len(body) > most:
                raise AeroJobError(f"{subject} answers with more than {most:,} bytes, the limit of AERO_ANSWER_BYTES.")
            if time.monotonic() > deadline:
                raise AeroJobError(f"{subject} still answers after {seconds} s, the limit of AERO_ANSWER_SECONDS.")
    except TooSlow:
        raise AeroJobError(f"{subject} sends less than {SLOWEST} bytes a second.") from None
    except requests.RequestException:
        raise AeroJobError(f"{subject} closed the connection in the middle of its answer.") from None
    return bytes(body)


def _retry_after(response: requests.Response) -> float:
    """Return the seconds of Retry-After, a number or a date."""
    return parse_pause(response.headers.get("Retry-After")) or 0.0


def _bearer(token: str) -> Callable[[Any], Any]:
    def sign(request: Any) -> Any:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return sign
