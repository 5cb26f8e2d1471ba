"""What the options of ``%%aero_register`` ask for, and whether they go together."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.policy import TIMED, PolicyEnum, policy_from, seconds_from, timer_for

_PULLED = (PolicyEnum.INGESTION, PolicyEnum.INGESTION_EVENT)
_FOLLOWING = (PolicyEnum.ANY, PolicyEnum.ALL)


@dataclass(frozen=True)
class Wish:
    """What somebody wants registered.

    Attributes
    ----------
    inputs : mapping
        Parameter to the name or id of a Data.
    source : tuple of str, or None
        Name and url of what is pulled.
    timer : int or None
        Seconds between two runs.
    versions : mapping of str to int
        Parameter to the version it always reads.
    """

    inputs: Mapping[str, str]
    outputs: tuple[str, ...]
    source: tuple[str, str] | None
    policy: PolicyEnum
    timer: int | None
    kwargs: Mapping[str, Any]
    versions: Mapping[str, int] = field(default_factory=dict)

    def arguments(self) -> dict[str, Any]:
        """Give it as ``Session.register`` takes it."""
        source = self.source[1] if self.source else None
        return {**vars(self), "source": source}


def wish_from(args: argparse.Namespace) -> Wish:
    """Read the options, with what follows from them.

    Raises
    ------
    InvalidArgument
        If they do not go together.
    """
    inputs = inputs_from(args.input)
    source = _pair(args.source, "--source", "NAME=URL") if args.source is not None else None
    outputs = tuple(args.output) or ((source[0],) if source else ())
    policy = _policy(args.policy, source, inputs, args.every)
    _check_ends(inputs, source, outputs)
    _check_policy(policy, inputs, source)
    timer = _timer(policy, args.every)
    return Wish(inputs, outputs, source, policy, timer, kwargs_from(args.kwarg))


def inputs_from(texts: Iterable[str]) -> dict[str, str]:
    """Read what ``--input`` gives: parameter to the name or id of a Data."""
    return _pairs(texts, "--input", "PARAMETER=NAME")


def kwargs_from(texts: Iterable[str]) -> dict[str, Any]:
    """Read what ``--kwarg`` gives: each value as JSON where it is JSON, else as text."""
    return {name: value_from(text) for name, text in _pairs(texts, "--kwarg", "NAME=VALUE").items()}


def _policy(named: str | None, source: object, inputs: object, every: str | None) -> PolicyEnum:
    if named is not None:
        return policy_from("ingestion_event" if named == "event" else named)
    if source:
        return PolicyEnum.INGESTION
    if every:
        return PolicyEnum.TIMER
    return PolicyEnum.ANY if inputs else PolicyEnum.NONE


def _timer(policy: PolicyEnum, every: str | None) -> int | None:
    if every is not None and policy not in TIMED:
        raise InvalidArgument(
            f"Policy {policy.name.lower()} has no timer, but --every {every} was given.",
            "Leave --every out, or give --policy timer.",
        )
    if policy is PolicyEnum.TIMER and every is None:
        raise InvalidArgument("Policy timer needs a time.", "Say how often it runs, such as --every 1d.")
    return timer_for(policy, seconds_from(every)) if every is not None else None


def _check_ends(inputs: Mapping[str, str], source: object, outputs: tuple[str, ...]) -> None:
    if source and inputs:
        raise InvalidArgument(
            "A flow has either a source or inputs, and --source and --input were given.",
            "Register the source first, then another function with --input.",
        )
    _check_once(outputs, "--output")
    both = next((name for name in outputs if name in inputs.values()), None)
    if both is not None:
        raise InvalidArgument(
            f"{both} is an input and an output, and would set off its own flow.", "Name the output otherwise."
        )


def _check_policy(policy: PolicyEnum, inputs: Mapping[str, str], source: object) -> None:
    name = policy.name.lower()
    if source and policy not in _PULLED:
        raise InvalidArgument(
            f"A source is pulled, and policy {name} pulls nothing.", "Leave --policy out, or give --policy event."
        )
    if policy in _PULLED and not source:
        raise InvalidArgument(f"Policy {name} pulls a source, and none is named.", "Add --source NAME=URL.")
    if policy in _FOLLOWING and not inputs:
        raise InvalidArgument(f"Policy {name} waits for inputs, and none is named.", "Add --input PARAMETER=NAME.")


def _pairs(texts: Iterable[str], option: str, form: str) -> dict[str, str]:
    pairs = [_pair(text, option, form) for text in texts]
    _check_once([name for name, _ in pairs], option)
    return dict(pairs)


def _pair(text: str, option: str, form: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    # An empty text is a value; an empty name of a data or address of a source is none.
    if not (name and equals and (value or option == "--kwarg")):
        raise InvalidArgument(f"{option} {text} does not say which is which.", f"Write {option} {form}.")
    return name, value


def _check_once(names: Iterable[str], option: str) -> None:
    seen = set[str]()
    for name in names:
        if name in seen:
            raise InvalidArgument(f"{option} {name} is given twice.", "Leave one out.")
        seen.add(name)


def value_from(text: str) -> Any:
    """Read a value as JSON where it is JSON, else as the text it is."""
    try:
        return json.loads(text, parse_constant=_no_json, parse_float=_finite)
    except (ValueError, RecursionError):
        return text


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_json(text)


def _no_json(constant: str) -> NoReturn:
    # NaN and Infinity, which Python reads and no server does: they stay text.
    raise ValueError(constant)
