"""What stands in a registration form, and what it asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aero_jupyter.core import policy as policies
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Data
from aero_jupyter.core.policy import TIMED, PolicyEnum
from aero_jupyter.notebook.wishes import Wish, value_from

#: When a flow runs, in the words of the form.
WHEN = {
    "any": "any input changes",
    "all": "all inputs have changed",
    "timer": "the time comes: every …",
    "pull": "the time comes to pull its address: every …",
    "event": "its source notifies",
    "none": "I say so, and only then",
}
_POLICIES = {
    "any": PolicyEnum.ANY,
    "all": PolicyEnum.ALL,
    "timer": PolicyEnum.TIMER,
    "pull": PolicyEnum.INGESTION,
    "event": PolicyEnum.INGESTION_EVENT,
    "none": PolicyEnum.NONE,
}
#: Where a parameter's value comes from.
HOW = {
    "input": "an input",
    "constant": "a constant",
    "pulled": "the pulled source",
    "default": "its default",
}
_VERSION = re.compile(r"(.+)@(\d+)")
Given = tuple[str, str, str]


@dataclass(frozen=True)
class Draft:
    """What stands in the form.

    Attributes
    ----------
    function, text : str
        The function's name, and the text that travels.
    given : tuple of (parameter, how, what)
        For each parameter one of ``HOW``, and a data's name, a value as JSON or text, or an address.
    outputs : str
        Names, with commas between them.
    endpoint, description : str
    when : str
        One of ``WHEN``.
    every : str
        Such as "1d".
    replace : bool
        Whether it continues the data of the flow that stands there.
    required : tuple of str
        The parameters without a default.
    """

    function: str = ""
    text: str = ""
    given: tuple[Given, ...] = ()
    outputs: str = ""
    endpoint: str = "local"
    when: str = "any"
    every: str = ""
    description: str = ""
    replace: bool = False
    required: tuple[str, ...] = ()

    def with_field(self, name: str, value: str) -> Draft:
        """Write something else into a field of its own."""
        fields: dict[str, Any] = {name: value}
        return replace(self, **fields)

    def with_given(self, parameter: str, how: str | None = None, what: str | None = None) -> Draft:
        """Give a parameter its value from elsewhere."""
        changed = tuple(
            (name, old if how is None else how, value if what is None else what)
            if name == parameter
            else (name, old, value)
            for name, old, value in self.given
        )
        return replace(self, given=changed)

    def kept(self, parameters: Sequence[tuple[str, bool]]) -> Draft:
        """Take the parameters of another function; what was given to those of the same name stays."""
        before = {name: (how, what) for name, how, what in self.given}
        needed = tuple(name for name, required in parameters if required)
        given = []
        for name, required in parameters:
            how, what = before.get(name, ("input" if required else "default", ""))
            given.append((name, "input" if required and how == "default" else how, what))
        return replace(self, given=tuple(given), required=needed)

    def of(self, how: str) -> dict[str, str]:
        """Give the parameters whose value comes from there, where it is named."""
        return {name: what.strip() for name, kind, what in self.given if kind == how and what.strip()}

    @property
    def policy(self) -> PolicyEnum:
        """When it runs."""
        return _POLICIES[self.when]

    @property
    def made(self) -> tuple[str, ...]:
        """The names of its outputs."""
        return tuple(dict.fromkeys(name for each in self.outputs.split(",") if (name := each.strip())))

    @property
    def pulled(self) -> str:
        """The parameter that gets the pulled file."""
        return next((name for name, how, _ in self.given if how == "pulled"), "")

    def constants(self) -> dict[str, Any]:
        """Give the constants, as JSON where they are JSON; a blank one is none yet."""
        return {name: value_from(what) for name, how, what in self.given if how == "constant" and what.strip()}

    def inputs(self) -> tuple[dict[str, str], dict[str, int]]:
        """Give the names of the inputs, and the versions of those that name one as in ``sewage@3``."""
        read = {name: (_VERSION.fullmatch(what), what) for name, what in self.of("input").items()}
        names = {name: found[1] if found else what for name, (found, what) in read.items()}
        return names, {name: int(found[2]) for name, (found, _) in read.items() if found}

    def wish(self) -> Wish:
        """Give what is asked for.

        Raises
        ------
        InvalidArgument
            If the time cannot be read, or the policy has none and needs one.
        """
        url = self.of("pulled").get(self.pulled, "")
        if self.when == "timer" and not self.every.strip():
            raise InvalidArgument("It is not said how often.", "Write it into every, such as 1d.")
        timer = policies.seconds_from(self.every.strip()) if self.policy in TIMED and self.every.strip() else None
        inputs, versions = self.inputs()
        return Wish(
            inputs,
            self.made,
            (self.pulled, url) if url else None,
            self.policy,
            policies.timer_for(self.policy, timer),
            self.constants(),
            versions,
        )

    def missing(self) -> list[str]:
        """Name the parameters that nothing gives a value."""
        return [name for name, how, what in self.given if how != "default" and not what.strip()]

    def named(self) -> dict[str, object]:
        """Give the named arguments of ``register_form`` that make it again."""
        blank = [(name, how) for name, how, _ in self.given if name in self.missing()]
        waiting = {name: "" for name, how in blank if how == "input" and name not in self.required}
        sources = [(name, what.strip()) for name, how, what in self.given if how == "pulled"]
        written = {
            "inputs": self.of("input") | waiting,
            "kwargs": self.constants() | {name: ... for name, how in blank if how == "constant"},
            "source": dict(sources) if len(sources) > 1 else next(iter(sources), ()),
            "outputs": self.made,
            "when": self.when,
            "every": self.every.strip(),
            "endpoint": self.endpoint if self.endpoint != "local" else "",
            "description": self.description,
            "replace": self.replace,
        }
        return {name: value for name, value in written.items() if value or name == "outputs"}


def sentence(draft: Draft, wish: Wish, inputs: Mapping[str, Data]) -> str:
    """Say what will happen, and when first."""
    names = {parameter: data.name for parameter, data in inputs.items()}
    newest = {
        name: wish.versions.get(parameter) or inputs[parameter].raw.get("newest_version")
        for parameter, name in names.items()
    }
    listed = " and ".join(dict.fromkeys(names.values()))
    waiting = " and ".join(name for name, number in newest.items() if not number)
    has = " and ".join(f"{name} v{number}" for name, number in newest.items() if number)
    if wish.policy in (PolicyEnum.ANY, PolicyEnum.ALL) and names:
        word = " or " if wish.policy is PolicyEnum.ANY else " and "
        then = f"each time {word.join(dict.fromkeys(names.values()))} gets a new version"
        return (
            f"Runs first when {waiting} has a version, then {then}."
            if waiting
            else f"Runs once now on {has}, then {then}."
        )
    interval = policies.every(wish.timer or policies.DEFAULT_TIMER)
    if wish.policy is PolicyEnum.TIMER:
        first = f"Runs first when {waiting} has a version" if waiting else "Runs once now"
        return f"{first}, then {interval}{f', on what is newest of {listed}' if listed else ''}."
    if wish.policy is PolicyEnum.INGESTION:
        return f"Pulls the address once now, then {interval}; a version comes when what is pulled has changed."
    if wish.policy is PolicyEnum.INGESTION_EVENT:
        return "Pulls the address each time its source notifies."
    return "Runs only when somebody says so."


def text_of_value(value: object) -> str:
    """Write a constant as the form shows it; ``...`` is one that is still to be given."""
    if value is ...:
        return ""
    return value if isinstance(value, str) and value.strip() and value_from(value) == value else json.dumps(value)


def when_from(when: str | None, *, pulls: bool, has_inputs: bool, every: str) -> str:
    """Choose when, where it was not said.

    Raises
    ------
    InvalidArgument
        If there is no such word.
    """
    if when is None:
        return "pull" if pulls else "timer" if every else "any" if has_inputs else "none"
    if when not in WHEN:
        raise InvalidArgument(f"There is no when={when!r}.", f"Choose one of {', '.join(WHEN)}.")
    return when
