"""YAML files that describe sources and flows: parsed and validated whole before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # JSON values

import yaml

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.policy import DOWNLOADING, FOLLOWING, TIMED, PolicyEnum, timer_for
from aero_jupyter.core.suggestions import suggest
from aero_jupyter.session.yaml_nodes import (
    YamlNode,
    option_node,
    read_documents,
    read_flag,
    read_id,
    read_kwargs,
    read_policy,
    read_retention,
    read_several_kwargs,
    read_text,
    read_whole,
)

#: Documents of a file, and entries of a list, that are read.
_MOST_DEFINITIONS = 1_000


@dataclass(frozen=True)
class Definition:
    """A source or a flow of a file.

    Attributes
    ----------
    kind : {"source", "flow"}
    values : mapping
        The keys as written.
    policy : PolicyEnum
        For a source INGESTION_EVENT by default, for a flow ANY.
    file : str
    line : int
        The line in which the definition begins, from 1.
    """

    kind: str
    values: Mapping[str, Any]
    policy: PolicyEnum
    file: str
    line: int

    @property
    def label(self) -> str:
        """The dataset or the type of a source; the outputs, the description or the function of a flow."""
        values = self.values
        if self.kind == "source":
            return str(values.get("name") or values.get("type"))
        return ", ".join(values.get("output_data") or ()) or str(values.get("description") or values["function_uuid"])


def read_definitions(path: str | Path, **overrides: Any) -> list[Definition]:
    """Read the sources and flows of a YAML file.

    Parameters
    ----------
    path : str or Path
        A file with one definition, a list of definitions, or several documents.
    **overrides
        Values of the command line, validated as those of the file are; those that are not None replace them.
        ``kwargs`` are merged.

    Returns
    -------
    list of Definition
        In the order of the file.

    Raises
    ------
    InvalidArgument
        If the file cannot be read or describes something that cannot be registered; with the line.
    """
    file, documents = Path(path).name, read_documents(path)
    entries = [
        entry
        for document in documents
        for entry in (document.elements() if isinstance(document.node, yaml.SequenceNode) else [document])
    ]
    if not entries:
        raise InvalidArgument(
            f"{file} describes no source and no flow.", "Write url: for a source, input_data: for a flow."
        )
    if len(entries) > _MOST_DEFINITIONS:
        raise InvalidArgument(
            f"{file} describes {len(entries):,} flows; at most {_MOST_DEFINITIONS:,} are read.", "Split the file."
        )
    return [_definition(entry, overrides) for entry in entries]


def definition_of(values: Mapping[str, Any]) -> Definition:
    """Validate the definition of a source that stands in options alone, as one of a file is.

    Raises
    ------
    InvalidArgument
        If a value is missing or contradicts another one.
    """
    if not values.get("url"):
        raise InvalidArgument("The source has no URL.", "Write --url URL, or --file FILE")
    nothing = yaml.compose("{}", yaml.SafeLoader)
    assert nothing is not None
    return _definition(YamlNode(nothing, ""), values)


def _definition(entry: YamlNode, overrides: Mapping[str, Any]) -> Definition:
    given = {name: value for name, value in overrides.items() if value is not None and name != "kwargs"}
    items = dict(entry.items()) | {name: option_node(name, value) for name, value in given.items()}
    kind = "source" if "url" in items else "flow"
    fields = _SOURCE if kind == "source" else _FLOW
    values = {name: _checked(name, node, fields) for name, node in items.items()}
    kwargs, base = overrides.get("kwargs"), values.get("kwargs") or {}
    if kwargs:
        values["kwargs"] = [{**each, **kwargs} for each in base] if isinstance(base, list) else {**base, **kwargs}
    policy = PolicyEnum.INGESTION_EVENT if kind == "source" else PolicyEnum.ANY
    if values.get("policy") is not None:
        policy = values["policy"]
    definition = Definition(kind, values, policy, entry.file, entry.line)
    _require_consistent(definition, items, entry)
    return definition


def _checked(name: str, node: YamlNode, fields: Mapping[str, Callable[[YamlNode], Any]]) -> Any:
    if name in ("check", "checks"):
        raise node.problem(
            "checks are registered with a function, and a file names a function that is registered already.",
            'Register the function with its checks: %%aero_register --check "rows > 0"',
        )
    if name not in fields:
        raise node.problem(f"there is no key {name}.", suggest(name, fields))
    return None if node.value() is None else fields[name](node)


def _require_consistent(definition: Definition, items: Mapping[str, YamlNode], entry: YamlNode) -> None:
    """Raise if the keys of a definition contradict each other, or if one is missing."""
    values, policy = definition.values, definition.policy
    if definition.kind == "source":
        if policy not in DOWNLOADING:
            raise items.get("policy", entry).problem(
                f"the policy {policy.name} does not download a source.", "Write INGESTION_EVENT or INGESTION."
            )
        _require_timer(definition, items, entry)
        if not values.get("name") and not values.get("type"):
            raise entry.missing("source", "name")
        if values.get("no_copy") and (values.get("kwargs") or policy is PolicyEnum.INGESTION):
            key = "kwargs" if values.get("kwargs") else "policy"
            raise items.get(key, entry).problem(
                "a source without copies runs no function.", f"Remove {key}, or no_copy."
            )
        return
    _require_timer(definition, items, entry)
    if not values.get("function_uuid"):
        raise entry.missing("flow", "function_uuid")
    if not values.get("input_data") and policy in FOLLOWING:
        raise entry.problem("the flow has no input_data.", "Write input_data: with an id for each parameter.")


def _require_timer(definition: Definition, items: Mapping[str, YamlNode], entry: YamlNode) -> None:
    """Raise if a policy with a schedule lacks a timer that can be kept, or if another policy has one."""
    timer, policy, node = definition.values.get("timer"), definition.policy, items.get("timer", entry)
    if timer is None:
        if policy is PolicyEnum.TIMER:
            raise entry.missing(definition.kind, "timer")
        return
    if policy not in TIMED:
        raise node.problem(f"Policy {policy.name} has no timer.", "Remove the timer, or choose INGESTION or TIMER.")
    try:
        timer_for(policy, timer)
    except InvalidArgument as error:
        raise node.problem(error.message, error.cure) from None


def _entries(fields: Mapping[str, Callable[[YamlNode], Any]], required: tuple[str, ...]) -> Callable[[YamlNode], Any]:
    def read(node: YamlNode) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for name, entry in node.items():
            pairs = entry.items() if entry.value() is not None else ()
            found[name] = {key: _checked(key, value, fields) for key, value in pairs}
            missing = [key for key in required if found[name].get(key) is None]
            if missing:
                raise entry.problem(f"{name} has no {missing[0]}.", f"Write {missing[0]}: VALUE")
        return found

    return read


_OUTPUT = {
    "collection_uuid": read_id,
    "collection_url": read_text,
    "url": read_text,
    "type": read_text,
    "description": read_text,
    "id": read_text,
    "temp_dir": read_text,
}
_INPUT = {"id": read_text, "version": read_whole, "fetch": read_flag, "tmp_dir": read_text}
_COMMON = {
    "description": read_text,
    "endpoint_uuid": read_id,
    "function_uuid": read_id,
    "policy": read_policy,
    "timer": read_whole,
    "keep": read_retention,
}
_SOURCE: dict[str, Callable[[YamlNode], Any]] = {
    **_COMMON,
    "name": read_text,
    "url": read_text,
    "collection_uuid": read_id,
    "collection_url": read_text,
    "verifier": read_id,
    "type": read_text,
    "no_copy": read_flag,
    "kwargs": read_kwargs,
}
_FLOW: dict[str, Callable[[YamlNode], Any]] = {
    **_COMMON,
    "input_data": _entries(_INPUT, ("id",)),
    "output_data": _entries(_OUTPUT, ()),
    "kwargs": read_several_kwargs,
}
