"""How lists are shown, as ``%config AeroMagics`` sets it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from zoneinfo import ZoneInfo


@dataclass
class Options:
    """What can be set.

    Attributes
    ----------
    page_size : int
        Rows a page of the live table.
    max_rows : int
        Rows that a frame shows where no table is live.
    time_zone : str
        The zone that clock times are told in, such as "Europe/Berlin".
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


options = Options()


def reset() -> None:
    """Set everything as it was before anybody set anything."""
    vars(options).update(vars(Options()))


def clock(when: datetime) -> str:
    """Tell a time of day with its zone: "14:02:11 UTC"."""
    zone = timezone.utc if options.time_zone == "UTC" else ZoneInfo(options.time_zone)
    return f"{when.astimezone(zone):%H:%M:%S} {options.time_zone}"
