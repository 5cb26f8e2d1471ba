"""Retention policies: which versions of a dataset keep their content."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from aero_jupyter.core.errors import InvalidArgument

_CURE = 'Write "all 30d, weekly 1y, monthly": each part names all, daily, weekly, monthly or yearly, and for how long.'
_PERIODS = ("all", "daily", "weekly", "monthly", "yearly")
_UNIT_DAYS = {"d": 1, "day": 1, "days": 1, "w": 7, "week": 7, "weeks": 7, "y": 365, "year": 365, "years": 365}
_PART = re.compile(rf"({'|'.join(_PERIODS)})(?:\s+(\d{{1,5}})\s*({'|'.join(_UNIT_DAYS)}))?")
_MOST_DAYS = 36_500


def removed_message(name: str, version: int, removed_at: datetime) -> tuple[str, str]:
    """Return what happened to a version whose content was removed, and what to do."""
    message = f"Retention removed the content of {name}@{version} on {removed_at:%Y-%m-%d}."
    return message, f"Read the newest version: %aero_get {name}"


@dataclass(frozen=True)
class RetentionPart:
    """One part of a policy: the last version of each period, up to an age.

    Attributes
    ----------
    period : str
        ``all``, ``daily``, ``weekly``, ``monthly`` or ``yearly``.
    age : timedelta or None
        None without an end.
    """

    period: str
    age: timedelta | None


@dataclass(frozen=True)
class RetentionPolicy:
    """A policy that keeps the versions of any of its parts.

    Attributes
    ----------
    text : str
        As it was written.
    parts : tuple of RetentionPart
    """

    text: str
    parts: tuple[RetentionPart, ...]

    @classmethod
    def parse(cls, text: str) -> RetentionPolicy:
        """Parse a policy.

        Raises
        ------
        InvalidArgument
            If the text is no policy.

        Examples
        --------
        >>> RetentionPolicy.parse("all 30d, weekly 1y, monthly").text
        'all 30d, weekly 1y, monthly'
        """
        parts = []
        for words in text.split(","):
            found = _PART.fullmatch(" ".join(words.lower().split()))
            if found is None:
                raise InvalidArgument(f"{text!r} is no retention policy.", _CURE)
            days = int(found[2]) * _UNIT_DAYS[found[3]] if found[2] else None
            if days is not None and not 0 < days <= _MOST_DAYS:
                raise InvalidArgument(f"{words.strip()!r} is out of range.", "Choose between one day and 100 years.")
            parts.append(RetentionPart(found[1], None if days is None else timedelta(days=days)))
        return cls(", ".join(" ".join(words.split()) for words in text.split(",")), tuple(parts))

    def kept(self, versions: Iterable[tuple[int, datetime]], now: datetime) -> set[int]:
        """Return the numbers of the versions that are kept: the newest, and the last of each period that counts.

        Parameters
        ----------
        versions : iterable of (int, datetime)
            The number of each version, and the time for which it stands, in UTC.
        now : datetime
        """
        newest_first = sorted(versions, key=lambda version: version[::-1], reverse=True)
        kept = {number for number, _ in newest_first[:1]}
        for part in self.parts:
            seen = set()
            for number, made in newest_first:
                period = _period_of(part.period, number, made)
                if period not in seen and (part.age is None or now - made <= part.age):
                    kept.add(number)
                seen.add(period)
        return kept


def _period_of(period: str, number: int, made: datetime) -> tuple[int, ...]:
    """Return what the versions of one period, in UTC, have in common."""
    if period == "all":
        return (number,)
    if period == "weekly":
        return tuple(made.isocalendar()[:2])
    return {"daily": (made.year, made.month, made.day), "monthly": (made.year, made.month)}.get(period, (made.year,))
