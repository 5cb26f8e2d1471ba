"""What scripts written for ``aero_client.utils`` import."""

from __future__ import annotations

from aero_jupyter.api import AeroOutput, PolicyEnum, register_function

__all__ = ["AeroOutput", "PolicyEnum", "register_function"]
