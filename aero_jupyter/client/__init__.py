"""The client of an AERO server: requests, pages, records, content and lineage.

It may use jobs and core.
"""

from __future__ import annotations

from aero_jupyter.client.client import AeroClient
from aero_jupyter.client.content import VersionReader
from aero_jupyter.client.pages import Pages

__all__ = ["AeroClient", "Pages", "VersionReader"]
