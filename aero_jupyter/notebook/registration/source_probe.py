"""Probe of a source before registration: a request for its first bytes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import Future, wait
from typing import Any  # options of requests
from urllib.parse import urlsplit
from urllib.request import url2pathname

import requests

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.source_url import require_source_url
from aero_jupyter.notebook.registration.findings import ERROR, WARNING, Finding, error_finding

#: Seconds that a source may take to connect and to answer: as long as in a run.
CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 60.0
#: Seconds that a cell waits for the probe of a source.
CELL_WAIT_SECONDS = 5.0
_BUSY_STATUSES = (429, 503)


def source_findings(check: Future[list[Finding]]) -> list[Finding]:
    """Return the findings of a check in the background, so that a slow source does not hold a cell for long."""
    wait([check], CELL_WAIT_SECONDS)
    if check.done():
        return check.result()
    text = "The source is slow here: no answer yet."
    return [Finding(WARNING, "source", text, "Register it; a run waits longer, and tries again.")]


def check_source(
    url: str, check: str | None = None, headers: Mapping[str, str] | None = None, auth: str | None = None
) -> list[Finding]:
    """Request the first bytes of a source; return findings if it fails or sends a web page.

    The request carries the source's secrets, if this machine has all of them.
    """
    from aero_jupyter.jobs.fetch_source import check_address, request_checks
    from aero_jupyter.jobs.guarded_session import guarded_session
    from aero_jupyter.jobs.http_client import USER_AGENT
    from aero_jupyter.jobs.request_errors import AeroJobError
    from aero_jupyter.jobs.source_login import login_of
    from aero_jupyter.jobs.watched_connection import Contradiction, TooSlow

    try:
        require_source_url(url, os.environ)
    except InvalidArgument as error:
        return [error_finding("source", error)]
    if url.startswith("file:"):
        return _findings_of_file(url)
    try:
        login = login_of({"url": url, "headers": headers, "auth": auth}, url, None)
    except AeroJobError as error:
        return [Finding(WARNING, "source", f"The source was not checked from this computer. {error}")]
    options: Any = {
        "timeout": (CONNECT_SECONDS, ANSWER_SECONDS),
        "headers": {"Range": "bytes=0-511", "User-Agent": USER_AGENT},
        "auth": login.sign,
    }
    try:
        check_address(url, url, {})
        session = guarded_session(url, **request_checks(url, {}), slow_seconds=ANSWER_SECONDS, deadline=None)
        with session, session.get(url, stream=True, **options) as response:
            head = next(response.iter_content(512), b"")
            code, kind = response.status_code, response.headers.get("Content-Type", "")
    except AeroJobError as error:
        return [Finding(WARNING, "source", str(login.without_secrets(error)))]
    except TooSlow:
        return [Finding(WARNING, "source", *_unanswered(requests.Timeout()))]
    except (requests.RequestException, Contradiction, ValueError) as error:
        return [Finding(WARNING, "source", *_unanswered(error))]
    return _findings_of_response(url, check, code, kind, head)


def _findings_of_response(url: str, check: str | None, code: int, kind: str, head: bytes) -> list[Finding]:
    from aero_jupyter.jobs.content_kinds import is_web_page
    from aero_jupyter.jobs.file_types import suffix_of, url_name
    from aero_jupyter.jobs.request_errors import CREDENTIALS_MISSING

    if code in _BUSY_STATUSES:
        text = f"The source is busy right now ({code})."
        return [Finding(WARNING, "source", text, "Register it; a run waits and tries again.")]
    if code >= 400:
        cure = f"{CREDENTIALS_MISSING}." if code in (401, 403) else "Check its URL."
        return [Finding(WARNING, "source", f"The source answers with {code}.", cure)]
    if check is None and is_web_page(kind, head):
        fatal = suffix_of(url_name(url)) not in (".html", ".htm")
        cure = "Use the URL of the file itself."
        return [Finding(ERROR if fatal else WARNING, "source", "The source answers with a web page.", cure)]
    return []


def _findings_of_file(url: str) -> list[Finding]:
    if os.path.isfile(url2pathname(urlsplit(url).path)):
        return []
    return [Finding(WARNING, "source", f"There is no file {urlsplit(url).path}.", "Check its path.")]


def _unanswered(error: Exception) -> tuple[str, str]:
    """Return what happened and what to do, where a source did not respond."""
    wait = "Register it; a run waits as long, and tries again."
    if isinstance(error, requests.Timeout):
        return "The source is slow here: no answer yet.", wait
    if isinstance(error, requests.exceptions.ProxyError):
        return "The proxy of this machine does not let requests through to the source.", "Correct HTTPS_PROXY."
    if isinstance(error, requests.exceptions.SSLError):
        return (
            "The certificate of the source is not trusted here.",
            "Check the URL, or name its authority in SSL_CERT_FILE.",
        )
    if "NameResolution" in repr(error) or "getaddrinfo" in repr(error):
        return "The host of the source is not known on this computer.", "Check the URL for a typing error."
    return "The connection to the source failed.", "Check the URL, or try again later."
