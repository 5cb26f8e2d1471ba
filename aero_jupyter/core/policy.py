"""The policies of flows: pure functions that decide when a flow runs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.suggestions import suggest

#: Seconds between two downloads if an ingestion names no timer; the server's own default.
DEFAULT_TIMER = 86_400

#: Earlier versions that a dataset has before a version is noted as drifted.
DRIFT_LEAST_VERSIONS = 8


class PolicyEnum(IntEnum):
    """When a flow runs.

    Attributes
    ----------
    NONE : int
        Only when it is asked to.
    INGESTION : int
        On a schedule; each run downloads its source.
    TIMER : int
        On a schedule.
    ANY : int
        When any input has a new version.
    ALL : int
        When all inputs have new versions.
    INGESTION_EVENT : int
        When its source notifies; each run downloads the source.

    Examples
    --------
    >>> PolicyEnum.ANY, int(PolicyEnum.ANY)
    (<PolicyEnum.ANY: 2>, 2)
    """

    NONE = -1
    INGESTION = 0
    TIMER = 1
    ANY = 2
    ALL = 3
    INGESTION_EVENT = 4


#: The longest time between two runs, in seconds: ten years.
LONGEST_TIMER = 10 * 365 * 86_400

#: Policies with a schedule.
TIMED = frozenset({PolicyEnum.INGESTION, PolicyEnum.TIMER})
#: Policies whose runs download a source.
DOWNLOADING = frozenset({PolicyEnum.INGESTION, PolicyEnum.INGESTION_EVENT})
#: Policies whose runs follow new versions of inputs.
FOLLOWING = frozenset({PolicyEnum.ANY, PolicyEnum.ALL})

_WORDS = {
    PolicyEnum.NONE: "only when you run it",
    PolicyEnum.INGESTION: "downloaded {every}",
    PolicyEnum.TIMER: "{every}",
    PolicyEnum.ANY: "when any input changes",
    PolicyEnum.ALL: "when all inputs have changed",
    PolicyEnum.INGESTION_EVENT: "downloaded when notified",
}

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_UNIT_WORDS = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}
#: Seconds in each spelling of a unit.
_UNIT_NAMES = {
    name: _UNITS[unit]
    for unit, names in {
        "s": ("s", "sec", "secs", "second", "seconds"),
        "m": ("m", "min", "mins", "minute", "minutes"),
        "h": ("h", "hr", "hrs", "hour", "hours", "hourly"),
        "d": ("d", "day", "days", "daily"),
        "w": ("w", "wk", "wks", "week", "weeks", "weekly"),
    }.items()
    for name in names
}


#: Five or six fields, or a nickname.
_CRON = re.compile(r"@[a-z]+|[\d*/,-]+(\s+[\w*/,?#-]+){4,5}")


@dataclass(frozen=True)
class InputState:
    """An input of a flow: its newest version, and the version the flow used when it was last submitted.

    Both are 0 without a version. A pinned input stays at one version.
    """

    newest: int
    used: int = 0
    is_pinned: bool = False


def policy_from(value: str | int | PolicyEnum | None) -> PolicyEnum:
    """Read a policy by name or number.

    Raises
    ------
    InvalidArgument
        If there is no such policy.
    """
    if value is None:
        return PolicyEnum.NONE
    try:
        if isinstance(value, str) and not value.lstrip("-").isdecimal():
            return PolicyEnum[value.strip().upper().replace("-", "_")]
        return PolicyEnum(int(value))
    except (KeyError, TypeError, ValueError):
        known = [policy.name.lower() for policy in PolicyEnum]
        raise InvalidArgument(f"There is no policy {value!r}.", suggest(str(value), known)) from None


def timer_for(policy: PolicyEnum, timer: int | None) -> int | None:
    """Return the seconds between two runs of a flow, or None if its policy has no schedule.

    Raises
    ------
    InvalidArgument
        If the policy has no timer but one was given, or has one and none between 1 s and ten years was given.
    """
    if policy not in TIMED:
        if timer is not None:
            raise InvalidArgument(
                f"Policy {policy.name} has no timer, but timer_delay={timer} was given.",
                "Leave timer_delay out, or choose PolicyEnum.TIMER or PolicyEnum.INGESTION.",
            )
        return None
    if timer is None:
        if policy is PolicyEnum.TIMER:
            raise InvalidArgument("Policy TIMER needs a timer.", "Set timer_delay in seconds.")
        return DEFAULT_TIMER
    if not 0 < timer <= LONGEST_TIMER:
        raise InvalidArgument(
            f"A timer of {timer} s is out of range.", f"Choose between 1 s and {LONGEST_TIMER} s (ten years)."
        )
    return timer


def is_due(policy: PolicyEnum, inputs: Sequence[InputState]) -> bool:
    """Return whether a flow that follows its inputs should run now.

    Every input must have a version. ANY then needs one input that is newer than the used version, ALL needs every one.
    An input that stays at one version is new before the first run only.
    """
    if policy not in FOLLOWING or not can_run(inputs) or not inputs:
        return False
    following = [state for state in inputs if not (state.is_pinned and state.used)]
    news = [state.newest > state.used for state in following]
    return any(news) if policy is PolicyEnum.ANY else bool(news) and all(news)


def can_run(inputs: Sequence[InputState]) -> bool:
    """Return whether every input has a version."""
    return all(state.newest > 0 for state in inputs)


def next_due(due: datetime, interval: int, now: datetime) -> datetime:
    """When a timer that was due at `due` fires next, seen from `now`: on its own grid, all missed ones as one.

    `interval` is in seconds.
    """
    missed = max(0, int((now - due).total_seconds() // interval))
    return due + timedelta(seconds=interval * (missed + 1))


def is_overdue(checked: datetime, interval: int, now: datetime) -> bool:
    """Return whether a check that repeats each `interval` seconds, the last one at `checked`, is overdue at `now`.

    Half an interval is allowed for the run itself and for clock skew.
    """
    return (now - checked).total_seconds() > 1.5 * interval


def seconds_from(text: str) -> int:
    """Parse a time with its unit as seconds: "30s", "5m", "6h", "1 day", "2 weeks", "daily", "hourly", "weekly".

    Raises
    ------
    InvalidArgument
        If it is none of these, is not positive, or is a number without a unit.

    Examples
    --------
    >>> seconds_from("6h"), seconds_from("1 day"), seconds_from("weekly")
    (21600, 86400, 604800)
    """
    words = text.strip().lower().removeprefix("every ")
    if re.fullmatch(r"\s*(every\s+)?[0-9]+\s*M\s*", text):
        raise InvalidArgument(
            f"{text.strip()!r} may mean minutes or months.", "Write 5min for minutes, 30d for a month."
        )
    if len(words) > 2 and words in _UNIT_NAMES:
        return _UNIT_NAMES[words]
    if _CRON.fullmatch(text.strip()):
        raise InvalidArgument(
            f"{text.strip()!r} is a cron expression, and AERO runs a flow at intervals.",
            "Write the interval: 1h, 1d or 1w.",
        )
    found = re.fullmatch(r"([0-9]{1,18})\s*([a-z]*)", words)
    if found and found[1] and not found[2] and int(found[1]):
        units = f"{found[1]}h, {found[1]}d …"
        raise InvalidArgument(f"{found[1]} what? The time has no unit.", f"Write the unit: {units}")
    if found is None or found[2] not in _UNIT_NAMES or int(found[1]) == 0:
        raise InvalidArgument(f"{text!r} is not a time.", "Write a number and a unit: 30s, 5m, 6h, 1d or 2w.")
    return int(found[1]) * _UNIT_NAMES[found[2]]


def every(seconds: int) -> str:
    """Return an interval in words: "every day", "every 5 minutes"."""
    for unit in ("w", "d", "h", "m", "s"):
        count, rest = divmod(seconds, _UNITS[unit])
        if count and not rest:
            return f"every {_UNIT_WORDS[unit]}" if count == 1 else f"every {count} {_UNIT_WORDS[unit]}s"
    return f"every {seconds} seconds"


def in_words(policy: PolicyEnum, timer: int | None = None) -> str:
    """Return a policy in words, with its interval if it has one."""
    return _WORDS[policy].format(every=every(timer or DEFAULT_TIMER))
