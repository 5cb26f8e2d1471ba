"""The functions that a flow had before it was replaced."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class EarlierFunction:
    """A function that another one replaced. Times are in UTC."""

    function_id: str
    registered_at: datetime | None = None
    replaced_at: datetime | None = None
