"""AERO's REST, in both dialects: typed records, lazy pages, and the bytes of versions."""

from __future__ import annotations

from aero_jupyter.client.client import AeroClient
from aero_jupyter.client.content import VersionReader
from aero_jupyter.client.pages import Pages

__all__ = ["AeroClient", "Pages", "VersionReader"]
