"""The steps of a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Step:
    """One step of a run: download, call or commit. Times are in UTC."""

    name: str
    state: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
