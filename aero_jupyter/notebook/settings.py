"""Settings of tables and panels, as ``%config AeroMagics`` sets them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone


@dataclass
class Settings:
    """Settings of the extension.

    Attributes
    ----------
    page_size : int
        Rows on a page of the live table.
    max_rows : int
        Rows of a frame that is shown without a live table.
    time_zone : str
        The zone of clock times, such as "Europe/Berlin".
    theme : str
        "auto" follows the front end; "light" and "dark" do not.
    plain : bool
        Whether frames are shown as static tables only.
    """

    page_size: int = 15
    max_rows: int = 60
    time_zone: str = "UTC"
    theme: str = "auto"
    plain: bool = False


options = Settings()


def reset() -> None:
    """Restore the defaults."""
    vars(options).update(vars(Settings()))


def clock(when: datetime) -> str:
    """Return a time of day with its zone: "14:02:11 UTC"."""
    return f"{_in_zone(when):%H:%M:%S} {options.time_zone}"


def moment(when: datetime) -> str:
    """Return a date and time with its zone: "2026-11-23 14:02 UTC"."""
    return f"{_in_zone(when):%Y-%m-%d %H:%M} {options.time_zone}"


def _in_zone(when: datetime) -> datetime:
    if options.time_zone == "UTC":
        return when.astimezone(timezone.utc)
    from zoneinfo import ZoneInfo

    return when.astimezone(ZoneInfo(options.time_zone))
