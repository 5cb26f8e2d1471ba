"""Freshness promises: when a dataset must have its next version, and whether it is late."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from itertools import islice, takewhile

from aero_jupyter.core.errors import InvalidArgument

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(
    r"(?:(?P<daily>daily)|weekly by (?P<weekday>[a-z]+)|monthly by (?P<day>\d{1,2}))"
    r"(?(daily) by|) (?P<hour>\d{1,2}):(?P<minute>\d\d)(?: (?P<zone>\S+))?",
    re.IGNORECASE,
)
#: The years in which a promise may begin: deadlines are counted one by one.
_YEARS = range(1990, 2201)
_CURE = 'Write "weekly by Wed 12:00 America/New_York", "daily by 09:00" or "monthly by 5 12:00 Europe/Berlin".'


@dataclass(frozen=True)
class FreshnessState:
    """The state of a promise at one moment.

    Attributes
    ----------
    promise : str
        The text of the promise.
    is_late : bool
    late_since : datetime or None
        The first deadline without a version, in UTC.
    next_deadline : datetime
        The next deadline after that moment, in UTC.
    """

    promise: str
    is_late: bool
    late_since: datetime | None
    next_deadline: datetime

    def __str__(self) -> str:
        late = f"late since {self.late_since:%Y-%m-%d %H:%M} UTC ▲" if self.late_since else "on time"
        return f"Expected {self.promise}: {late}, next deadline {self.next_deadline:%Y-%m-%d %H:%M} UTC."


@dataclass(frozen=True)
class FreshnessPromise:
    """A promise that a dataset has a new version by each deadline.

    Attributes
    ----------
    text : str
        As it was written, with its time zone.
    weekday, day : int or None
        The day of the week, from 0 for Monday, or of the month; both None for a daily promise.
    clock : time
        The time of the deadlines in the zone.
    zone : ZoneInfo
    """

    text: str
    weekday: int | None
    day: int | None
    clock: time
    zone: zoneinfo.ZoneInfo

    @classmethod
    def parse(cls, text: str, zone: str = "UTC") -> FreshnessPromise:
        """Parse a promise.

        Parameters
        ----------
        text : str
            Such as ``weekly by Wed 12:00 America/New_York``.
        zone : str
            The time zone if the text names none.

        Raises
        ------
        InvalidArgument
            If the text is no promise, or names a day, a time or a zone that does not exist.

        Examples
        --------
        >>> FreshnessPromise.parse("daily by 9:00").text
        'daily by 9:00 UTC'
        """
        words = " ".join(text.split())
        found = _FORM.fullmatch(words)
        if found is None:
            raise InvalidArgument(f"{text!r} is no freshness promise.", _CURE)
        name = found["zone"] or zone
        try:
            chosen = zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise InvalidArgument(f"There is no time zone {name!r}.", "Write it as Europe/Berlin.") from None
        weekday = _weekday(found["weekday"], text)
        day = int(found["day"]) if found["day"] else None
        if day is not None and not 1 <= day <= 28:
            raise InvalidArgument(f"{text!r} names a day that not every month has.", "Choose a day from 1 to 28.")
        try:
            clock = time(int(found["hour"]), int(found["minute"]))
        except ValueError:
            raise InvalidArgument(f"{text!r} names no time of day.", "Write a time from 00:00 to 23:59.") from None
        return cls(words if found["zone"] else f"{words} {name}", weekday, day, clock, chosen)

    def deadlines(self, after: datetime) -> Iterator[datetime]:
        """Yield the deadlines after a moment, in UTC."""
        day = after.astimezone(self.zone).date() - timedelta(days=1)
        while True:
            if self._is_due_on(day) and (deadline := self._deadline_on(day)) > after:
                yield deadline
            day += timedelta(days=1)

    def state(self, versions: Iterable[datetime], since: datetime, now: datetime) -> FreshnessState:
        """Return whether a dataset keeps the promise.

        Each deadline needs a version of its own. A version fulfils the deadlines that have passed without one, or
        else the next deadline; a download of an unchanged source makes no version and fulfils none.

        Parameters
        ----------
        versions : iterable of datetime
            When the versions were made, in UTC.
        since : datetime
            When the promise was made; the version of the first deadline may be older.
        now : datetime
        """
        first = next(self.deadlines(since))
        beginning = self._deadline_before(first)
        times = sorted(made for made in versions if beginning < made <= now)
        upcoming = self.deadlines(since)
        deadline = next(upcoming)
        for made in times:
            if made > deadline:
                # A late version stands for every deadline that has passed.
                while deadline < made:
                    deadline = next(upcoming)
            elif made > self._deadline_before(deadline):
                deadline = next(upcoming)
        is_late = deadline < now
        return FreshnessState(self.text, is_late, deadline if is_late else None, next(self.deadlines(now)))

    def missed(self, late_since: datetime, now: datetime) -> int:
        """Return how many deadlines have passed from the first missed one on, at most 1,000."""
        later = islice(self.deadlines(late_since), 999)
        return 1 + sum(1 for _ in takewhile(lambda deadline: deadline < now, later))

    def _deadline_before(self, deadline: datetime) -> datetime:
        """Return the deadline before a deadline."""
        found = deadline
        for each in self.deadlines(deadline - timedelta(days=33)):
            if each >= deadline:
                return found
            found = each
        raise AssertionError("deadlines do not end")

    def _is_due_on(self, day: date) -> bool:
        if self.weekday is not None:
            return day.weekday() == self.weekday
        return self.day is None or day.day == self.day

    def _deadline_on(self, day: date) -> datetime:
        # A clock time that exists twice, or not at all, when the clocks change means the later instant.
        local = datetime.combine(day, self.clock, self.zone)
        return max(local.replace(fold=fold).astimezone(timezone.utc) for fold in (0, 1))


def promise_beginning(since: datetime) -> datetime:
    """Return the beginning of a promise with a time zone, UTC by default.

    Raises
    ------
    InvalidArgument
        If it is outside the years in which deadlines are counted.
    """
    if since.year not in _YEARS:
        raise InvalidArgument(
            f"A promise cannot begin in {since.year}.", f"Choose a year from {_YEARS[0]} to {_YEARS[-1]}."
        )
    return since if since.tzinfo else since.replace(tzinfo=timezone.utc)


def _weekday(name: str | None, text: str) -> int | None:
    if name is None:
        return None
    found = next((at for at, day in enumerate(_DAYS) if name.lower() in (day, *_FULL_NAMES[at : at + 1])), None)
    if found is None:
        raise InvalidArgument(f"{text!r} names no day of the week.", "Write Mon, Tue, Wed, Thu, Fri, Sat or Sun.")
    return found


_FULL_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
