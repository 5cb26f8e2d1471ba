"""The resumption of a download that broke off: whether an answer continues it, and with the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aero_jupyter.core.safe_parsing import parse_count
from aero_jupyter.jobs.source_validators import is_dated_well, is_made_of_date

if TYPE_CHECKING:
    import requests


def continues_body(response: requests.Response, size: int, validator: str) -> bool:
    """Return whether an answer continues the last one with the same bytes."""
    begins = response.headers.get("Content-Range", "").startswith(f"bytes {size}-")
    same = strong_validator(response.headers) == validator and not response.headers.get("Content-Encoding")
    return response.status_code == 206 and begins and same


def stated_total(response: requests.Response) -> int | None:
    """Return the total length that a part states."""
    total = response.headers.get("Content-Range", "").rpartition("/")[2] if response.status_code == 206 else ""
    return parse_count(total)


def strong_validator(headers: Mapping[str, str]) -> str:
    """Return a strong validator of a source: its ETag, else its Last-Modified, else an empty text."""
    etag = headers.get("ETag", "")
    is_well_dated = is_dated_well(headers)
    if etag and not etag.startswith("W/") and (is_well_dated or not is_made_of_date(headers)):
        return etag
    return headers.get("Last-Modified", "") if is_well_dated else ""
