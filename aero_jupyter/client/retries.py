"""The retry policy: which requests are sent again, and when."""

from __future__ import annotations

import random

import requests
import urllib3
from globus_sdk.transport import RetryCheckResult, RetryContext

from aero_jupyter.core.safe_parsing import parse_pause

#: The longest pause that is waited for at a server's request, in seconds; after a longer one the request fails.
MAX_RETRY_PAUSE_SECONDS = 30.0

_IDEMPOTENT_METHODS = ("GET", "HEAD")
_TEMPORARY_STATUSES = (429, 502, 503, 504)
_MAX_RETRIES = 2
#: Retries with doubling pauses for a server that answers 429 without a Retry-After.
_TOO_MANY_REQUESTS, _MAX_RATE_LIMIT_RETRIES = 429, 5


def check_retry(ctx: RetryContext) -> RetryCheckResult:
    """Retry what is safe to send twice, where waiting may help. A POST is never sent twice."""
    outcome = ctx.exception if ctx.exception is not None else ctx.response
    method = getattr(getattr(outcome, "request", None), "method", None)
    is_worthwhile = method in _IDEMPOTENT_METHODS and (
        _is_temporary_status(ctx) if ctx.exception is None else _is_temporary_error(ctx)
    )
    return RetryCheckResult.do_retry if is_worthwhile else RetryCheckResult.do_not_retry


def _is_temporary_error(ctx: RetryContext) -> bool:
    error = ctx.exception
    if isinstance(error, (requests.exceptions.SSLError, requests.exceptions.ProxyError, requests.Timeout)):
        return False
    reason = getattr(error.args[0], "reason", None) if error and error.args else None
    is_broken = isinstance(error, (requests.ConnectionError, requests.exceptions.ChunkedEncodingError))
    # The resolver retries for seconds before it fails.
    return is_broken and not isinstance(reason, urllib3.exceptions.NameResolutionError) and ctx.attempt < _MAX_RETRIES


def _is_temporary_status(ctx: RetryContext) -> bool:
    if ctx.response is None or ctx.response.status_code not in _TEMPORARY_STATUSES:
        return False
    pause = parse_pause(ctx.response.headers.get("Retry-After"))
    if not pause and ctx.response.status_code == _TOO_MANY_REQUESTS:
        ctx.backoff = random.uniform(0.4, 0.6) * 2.0**ctx.attempt  # noqa: S311
        return ctx.attempt < _MAX_RATE_LIMIT_RETRIES
    if pause is None:
        return ctx.attempt < _MAX_RETRIES
    ctx.backoff = pause + random.uniform(0, 0.25)  # noqa: S311
    return pause <= MAX_RETRY_PAUSE_SECONDS


def backoff(ctx: RetryContext) -> float:
    """Return the seconds to wait: the server's Retry-After, otherwise a growing pause with jitter."""
    jitter: float = random.uniform(0.1, 0.3)  # noqa: S311
    return ctx.backoff if ctx.backoff is not None else jitter * 2.0**ctx.attempt
