"""The name that scripts for ``aero_client.error`` import."""

from __future__ import annotations

from aero_jupyter.core.errors import ClientError

__all__ = ["ClientError"]
