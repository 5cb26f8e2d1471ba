"""The client of an AERO server: requests, pages, records, content and lineage.

It may use jobs and core.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aero_jupyter.core.lazy_names import lazy_names

if TYPE_CHECKING:
    from aero_jupyter.client.client import AeroClient
    from aero_jupyter.client.content import VersionReader
    from aero_jupyter.client.pages import Pages

__all__ = ["AeroClient", "Pages", "VersionReader"]

_HOME = {"AeroClient": "client", "Pages": "pages", "VersionReader": "content"}

__getattr__ = lazy_names(__name__, _HOME)
