"""Validators of a source's state, and their reliability."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping

#: Dates count seconds and clocks differ: a recent one may hide a second change (RFC 9110, 8.8.2.2).
_STRONG_AFTER_SECONDS = 60.0


def is_dated_well(headers: Mapping[str, str], asked_at: float | None = None) -> bool:
    """Return whether Last-Modified identifies one state of a source.

    Parameters
    ----------
    asked_at : float, optional
        The time of the request, in seconds since the epoch; by default now.
    """
    modified = _seconds(headers.get("Last-Modified", ""))
    if modified is None:
        return False
    moments = [time.time() if asked_at is None else asked_at]
    if headers.get("Date"):
        moments.append(_seconds(headers["Date"]) or 0.0)
    return min(moments) - modified >= _STRONG_AFTER_SECONDS


def validators_of(headers: Mapping[str, str], asked_at: float) -> dict[str, str]:
    """Return the validators for the next request: ``etag`` and ``last_modified``, if reliable."""
    found, etag = {}, headers.get("ETag", "")
    is_well_dated = is_dated_well(headers, asked_at)
    # A weak ETag is commonly derived from the same date.
    is_dated = "Last-Modified" in headers and (etag.startswith("W/") or is_made_of_date(headers))
    if etag and (is_well_dated or not is_dated):
        found["etag"] = etag
    if is_well_dated:
        found["last_modified"] = headers["Last-Modified"]
    return found


def source_time_of(headers: Mapping[str, str]) -> str | None:
    """Return Last-Modified as ``2026-01-05T12:00:00Z``; None if the source sends none."""
    modified = _seconds(headers.get("Last-Modified", ""))
    return None if modified is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(modified))


def is_made_of_date(headers: Mapping[str, str]) -> bool:
    """Return whether an ETag holds the seconds of Last-Modified, as in nginx, and is no better than it."""
    seconds = int(_seconds(headers.get("Last-Modified", "")) or 0)
    words = re.findall(r"[0-9a-z]+", headers.get("ETag", "").lower())
    return bool(seconds) and (f"{seconds:x}" in words or str(seconds) in words)


def tells_another_object(recorded: str, etag: str) -> bool:
    """Return whether an object's ETag differs from the recorded one; different formats are not compared."""
    before, now = _bare_etag(recorded), _bare_etag(etag)
    forms = [re.fullmatch(r"[0-9a-fA-F]+(?:-[0-9a-fA-F]+)*", each) is not None for each in (before, now)]
    is_comparable = all(forms) or (forms[0] == forms[1] and len(before) == len(now))
    is_same = before.lower() == now.lower() if all(forms) else before == now
    return bool(before and now) and is_comparable and not is_same


def _bare_etag(etag: str) -> str:
    """Return an ETag without quotes, weakness mark, and the suffix of a server's gzip."""
    return re.sub(r"(?:[-;]+gzip)$", "", re.sub(r"^[wW]/", "", etag.strip()).strip('" '))


def _seconds(date: str) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
