"""Points in time that select the version in force: an instant, or a date, which means the end of that day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from aero_jupyter.core.errors import InvalidArgument

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_COMPACT_DATE = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
#: `fromisoformat` also reads weeks, such as 2026-W01, and other forms without dashes: not on every Python.
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(?:[Tt ].+)?")


@dataclass(frozen=True)
class AsOf:
    """A point in time.

    Attributes
    ----------
    text : str
        As it was written.
    cutoff : datetime
        In UTC.
    is_date : bool
        Whether the cutoff itself is excluded, because it begins the next day.
    """

    text: str
    cutoff: datetime
    is_date: bool

    @classmethod
    def parse(cls, time: str | date, zone: str = "UTC") -> AsOf:
        """Parse a date or a time.

        Parameters
        ----------
        time : str, date or datetime
            A date alone means the end of that day; ``2026-01-05T12:00`` without an offset is a time in the zone.
        zone : str
            A time zone, such as ``Europe/Berlin``.

        Raises
        ------
        InvalidArgument
            If this is no date and no time, or if there is no such zone.

        Examples
        --------
        >>> AsOf.parse("2026-01-05").cutoff.isoformat()
        '2026-01-06T00:00:00+00:00'
        """
        import zoneinfo

        try:
            local = zoneinfo.ZoneInfo(zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            raise InvalidArgument(f"There is no time zone {zone!r}.", "Write it as Europe/Berlin.") from None
        text = time_text(time)
        is_date = _DATE.fullmatch(text) is not None
        try:
            if _TIME.fullmatch(text) is None:
                raise ValueError
            # Python 3.10 reads no Z.
            moment = datetime.fromisoformat(re.sub("[Zz]$", "+00:00", text)) + timedelta(days=is_date)
        except (ValueError, OverflowError):
            raise InvalidArgument(
                f"{text!r} is no date and no time.", "Write 2026-01-05 or 2026-01-05T12:00Z."
            ) from None
        aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=local)
        return cls(text, aware.astimezone(timezone.utc), is_date)

    def includes(self, moment: datetime) -> bool:
        """Return whether something that happened at a moment was known.

        Examples
        --------
        >>> AsOf.parse("2026-01-05").includes(datetime(2026, 1, 5, 23, 59, tzinfo=timezone.utc))
        True
        """
        return moment < self.cutoff if self.is_date else moment <= self.cutoff


def time_text(time: object) -> str:
    """Return a time as ISO text, also one of numpy; any other value as text.

    Examples
    --------
    >>> time_text(date(2026, 1, 5)), time_text("20260105")
    ('2026-01-05', '2026-01-05')
    """
    return time.isoformat() if isinstance(time, date) else _COMPACT_DATE.sub(r"\1-\2-\3", str(time).strip())


class ConfiguredZone:
    """The time zone in which dates begin and end; ``%config AeroMagics.time_zone`` sets it."""

    name = "UTC"


#: One for the process: the magics set it, sessions read it.
configured_zone = ConfiguredZone()
