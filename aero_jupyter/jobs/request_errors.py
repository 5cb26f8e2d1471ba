"""The errors of a request: one sentence each, without secrets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aero_jupyter.core.redaction import redact_text
from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.jobs.watched_connection import SLOWEST

if TYPE_CHECKING:
    import requests

PROXY_WANTS_LOGIN = 407
#: The advice after a 401 or 403.
CREDENTIALS_MISSING = "The source requires credentials; name them with --header or --auth"
_UNKNOWN_HOST = "NameResolution"
_REASONS = (
    (_UNKNOWN_HOST, "its host name was not found"),
    ("getaddrinfo", "its host name was not found"),
    ("refused", "the connection was refused"),
    ("unreachable", "there is no route to it"),
    ("SSL", "its certificate is not trusted"),
    ("Proxy", "the proxy refused the connection"),
)


class AeroJobError(RuntimeError):
    """An error on the endpoint, in one sentence.

    Attributes
    ----------
    status : int or None
        The HTTP status, if any.
    detail : str
        The server's text, shortened, or the cause.
    """

    def __init__(self, message: str, status: int | None = None, detail: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.detail = detail


def plain_url(url: str) -> str:
    """Return the URL without user, password, query and fragment, for messages."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return re.sub(r"//[^/]*@", "//", re.split("[?#]", url)[0])
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port: a token's scope."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def too_slow(sender: str, url: str) -> AeroJobError:
    """Return the error of a slow download."""
    return AeroJobError(f"{sender} {plain_url(url)} sends less than {SLOWEST} bytes a second.")


def too_long(sender: str, url: str) -> AeroJobError:
    """Return the error of a download that reached its time limit."""
    cure = "AERO_LOCAL_PULL_TOTAL sets that limit in seconds."
    return AeroJobError(f"{sender} {plain_url(url)} was still sending at the time limit of a download. {cure}")


def is_unknown_host(error: Exception) -> bool:
    """Return whether a request failed because the name of its host is not known."""
    return _UNKNOWN_HOST in repr(error)


def status_error(response: requests.Response, sender: str) -> AeroJobError:
    """Read the text of a refusal and return its error."""
    status = response.status_code
    if status == PROXY_WANTS_LOGIN:
        response.close()
        return AeroJobError(
            f"{sender} {plain_url(response.url)} was not reached: the proxy of this machine requires a login (407). "
            "Set HTTPS_PROXY and HTTP_PROXY with a user and password.",
            status,
        )
    with response:
        detail = _detail(response)
    reason = f" ({response.reason})" if response.reason else ""
    because = f": {detail.rstrip('.')}" if detail and detail != response.reason else ""
    missing = f" {CREDENTIALS_MISSING}." if status in (401, 403) and sender == "The source" else ""
    message = f"{sender} {plain_url(response.url)} answered {status}{reason}{because}.{missing}"
    return AeroJobError(message, status, detail)


def _detail(response: requests.Response) -> str:
    kind = response.headers.get("Content-Type", "")
    text = next(response.iter_content(4096), b"").decode("utf-8", "replace").strip()
    if "json" in kind:
        try:
            body = parse_json(text)
            text = str(body.get("detail") or body.get("message") or "")
        except (ValueError, AttributeError):
            text = ""
    elif not kind.startswith("text/plain"):
        text = ""
    text = redact_text(text)
    return text if len(text) <= 200 else text[:199] + "…"


def no_answer(sender: str, url: str, error: Exception, timeout: tuple[float, float]) -> AeroJobError:
    """Return the error of a request without an answer, after the timeouts to connect and to read."""
    import requests

    subject = f"{sender} {plain_url(url)}"
    if isinstance(error, requests.Timeout):
        seconds = timeout[0] if isinstance(error, requests.ConnectTimeout) else timeout[1]
        return AeroJobError(f"{subject} did not answer within {seconds:g} s.")
    if isinstance(error, requests.TooManyRedirects):
        return AeroJobError(f"{subject} redirects without end.")
    if not isinstance(error, requests.ConnectionError):
        return AeroJobError(f"{subject} is not an http or https URL.")
    text = repr(error)
    reason = next((words for mark, words in _REASONS if mark in text), "the connection broke")
    return AeroJobError(f"{subject} did not answer: {reason}.")
