"""Which requests are sent again, and when."""

from __future__ import annotations

import random
import time
from email.utils import parsedate_to_datetime

import requests
import urllib3
from globus_sdk.transport import RetryCheckResult, RetryContext

#: A server that asks for a longer pause than this (in seconds) gets no second request; its answer is shown instead.
LONGEST_PAUSE = 30.0

_SAFE_TWICE = ("GET", "HEAD")
_MAY_PASS = (429, 502, 503, 504)
_UNASKED_RETRIES = 2
#: Pauses, each twice the one before, for a server that is asked too often and does not say how long to wait.
_BUSY, _BUSY_RETRIES = 429, 5


def may_send_again(ctx: RetryContext) -> RetryCheckResult:
    """Retry what is safe to send twice, where waiting may help. A POST is never sent twice."""
    outcome = ctx.exception if ctx.exception is not None else ctx.response
    method = getattr(getattr(outcome, "request", None), "method", None)
    again = method in _SAFE_TWICE and (_by_status(ctx) if ctx.exception is None else _by_error(ctx))
    return RetryCheckResult.do_retry if again else RetryCheckResult.do_not_retry


def _by_error(ctx: RetryContext) -> bool:
    error = ctx.exception
    if isinstance(error, (requests.exceptions.SSLError, requests.exceptions.ProxyError, requests.Timeout)):
        return False
    reason = getattr(error.args[0], "reason", None) if error and error.args else None
    broken = isinstance(error, (requests.ConnectionError, requests.exceptions.ChunkedEncodingError))
    # The resolver has retried for seconds already by the time it gives up.
    return broken and not isinstance(reason, urllib3.exceptions.NameResolutionError) and ctx.attempt < _UNASKED_RETRIES


def _by_status(ctx: RetryContext) -> bool:
    if ctx.response is None or ctx.response.status_code not in _MAY_PASS:
        return False
    pause = _retry_after(ctx.response.headers.get("Retry-After"))
    if not pause and ctx.response.status_code == _BUSY:
        ctx.backoff = random.uniform(0.4, 0.6) * 2.0**ctx.attempt  # noqa: S311
        return ctx.attempt < _BUSY_RETRIES
    if pause is None:
        return ctx.attempt < _UNASKED_RETRIES
    ctx.backoff = pause + random.uniform(0, 0.25)  # noqa: S311
    return pause <= LONGEST_PAUSE


def _retry_after(text: str | None) -> float | None:
    if not text:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None


def backoff(ctx: RetryContext) -> float:
    """Say how many seconds to wait: what the server asked for, else a growing time with jitter."""
    jitter: float = random.uniform(0.1, 0.3)  # noqa: S311
    return ctx.backoff if ctx.backoff is not None else jitter * 2.0**ctx.attempt
