"""When a flow runs: pure decisions over plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from aero_jupyter.core.errors import InvalidArgument

#: Seconds between two pulls when an ingestion names no timer; the server's own default.
DEFAULT_TIMER = 86_400


class PolicyEnum(IntEnum):
    """When a flow runs."""

    NONE = -1
    INGESTION = 0
    TIMER = 1
    ANY = 2
    ALL = 3
    INGESTION_EVENT = 4


#: The longest time between two runs, in seconds: ten years.
LONGEST_TIMER = 10 * 365 * 86_400

#: Policies that a clock drives.
TIMED = frozenset({PolicyEnum.INGESTION, PolicyEnum.TIMER})

_WORDS = {
    PolicyEnum.NONE: "only when you say so",
    PolicyEnum.INGESTION: "pulled {every}",
    PolicyEnum.TIMER: "{every}",
    PolicyEnum.ANY: "when any input changes",
    PolicyEnum.ALL: "when all inputs have changed",
    PolicyEnum.INGESTION_EVENT: "pulled when notified",
}

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_UNIT_WORDS = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}


@dataclass(frozen=True)
class InputState:
    """An input of a flow: its newest version, and the version the flow used when it was last submitted.

    Both are 0 where there is none.
    """

    newest: int
    used: int = 0


def policy_from(value: str | int | PolicyEnum) -> PolicyEnum:
    """Read a policy by name or number.

    Raises
    ------
    InvalidArgument
        If there is no such policy.
    """
    try:
        if isinstance(value, str) and not value.lstrip("-").isdigit():
            return PolicyEnum[value.strip().upper().replace("-", "_")]
        return PolicyEnum(int(value))
    except (KeyError, ValueError):
        known = ", ".join(policy.name.lower() for policy in PolicyEnum)
        raise InvalidArgument(f"There is no policy {value!r}.", f"Choose one of {known}.") from None


def timer_for(policy: PolicyEnum, timer: int | None) -> int | None:
    """Give the seconds between two runs of a flow, or None where no clock drives it.

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
            raise InvalidArgument("Policy TIMER needs a timer.", "Give timer_delay in seconds.")
        return DEFAULT_TIMER
    if not 0 < timer <= LONGEST_TIMER:
        raise InvalidArgument(
            f"A timer of {timer} s cannot be kept.", f"Give between 1 s and {LONGEST_TIMER} s (ten years)."
        )
    return timer


def is_due(policy: PolicyEnum, inputs: Sequence[InputState]) -> bool:
    """Tell whether a flow that follows its inputs should run now.

    Every input must have a version; then ANY asks for one input that is newer than what was used, ALL for every one.
    """
    if policy not in (PolicyEnum.ANY, PolicyEnum.ALL) or not can_run(inputs) or not inputs:
        return False
    news = [state.newest > state.used for state in inputs]
    return any(news) if policy is PolicyEnum.ANY else all(news)


def can_run(inputs: Sequence[InputState]) -> bool:
    """Whether every input has a version."""
    return all(state.newest > 0 for state in inputs)


def next_due(due: datetime, interval: int, now: datetime) -> datetime:
    """When a timer that was due at `due` fires next, seen from `now`: on its own grid, all missed ones as one.

    `interval` is in seconds.
    """
    missed = max(0, int((now - due).total_seconds() // interval))
    return due + timedelta(seconds=interval * (missed + 1))


def is_overdue(checked: datetime, interval: int, now: datetime) -> bool:
    """Whether something that is done each `interval` seconds, the last time at `checked`, should have come by `now`.

    Half an interval is left for the run itself and for clocks that differ.
    """
    return (now - checked).total_seconds() > 1.5 * interval


def seconds_from(text: str) -> int:
    """Read "90", "30s", "5m", "6h", "1d" or "2w" as seconds.

    Raises
    ------
    InvalidArgument
        If it is none of these, or not positive.
    """
    number, unit = (text[:-1], text[-1:]) if text[-1:].lower() in _UNITS else (text, "s")
    if not number.strip().isdigit() or int(number) == 0:
        raise InvalidArgument(f"{text!r} is not a time.", "Write a number and a unit: 30s, 5m, 6h, 1d or 2w.")
    return int(number) * _UNITS[unit.lower()]


def every(seconds: int) -> str:
    """Say an interval in words: "every day", "every 5 minutes"."""
    for unit in ("w", "d", "h", "m", "s"):
        count, rest = divmod(seconds, _UNITS[unit])
        if count and not rest:
            return f"every {_UNIT_WORDS[unit]}" if count == 1 else f"every {count} {_UNIT_WORDS[unit]}s"
    return f"every {seconds} seconds"


def in_words(policy: PolicyEnum, timer: int | None = None) -> str:
    """Say a policy in words, with its interval where it has one."""
    return _WORDS[policy].format(every=every(timer or DEFAULT_TIMER))
