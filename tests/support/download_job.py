"""The download job, run for one source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aero_jupyter.jobs import download


def download_entry(aero: dict[str, Any], url: str, check: str | None = None, **more: Any) -> Mapping[str, Any]:
    """Download a URL as the job does for the output `clean`; return what it recorded of it."""
    aero = {**aero, "output_data": {"clean": {**aero["output_data"]["clean"], "url": url, "check": check}}, **more}
    _, kwargs = download(aero=aero)
    entry: Mapping[str, Any] = kwargs["aero"]["output_data"]["clean"]
    return entry
