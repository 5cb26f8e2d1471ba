"""Nodes of a YAML file, with the line that a problem names, and the values that are read from them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any  # JSON values
from uuid import UUID

import yaml

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.policy import PolicyEnum, policy_from
from aero_jupyter.core.retention import RetentionPolicy
from aero_jupyter.jobs.json_values import find_unfit_value

#: The tag of the key ``<<``, which adds the keys of another mapping.
_MERGE = "tag:yaml.org,2002:merge"


class YamlNode:
    """A YAML node with its line, or the value of an option, so that a problem names the place.

    Parameters
    ----------
    node : yaml.Node
    file : str
        The name of the file; empty for options.
    option : str
        The option of the command line that has this value; empty for a value of a file.
    """

    def __init__(self, node: yaml.Node, file: str, option: str = "") -> None:
        self.node, self.file, self.option = node, file, option
        self.line = node.start_mark.line + 1

    def problem(self, text: str, cure: str = "") -> InvalidArgument:
        """Return an error that names the option, or the file and the line."""
        place = f"{self.option}: " if self.option else f"{self.file}, line {self.line}: " if self.file else ""
        return InvalidArgument(place + text, cure)

    def missing(self, kind: str, key: str) -> InvalidArgument:
        """Return the error for a key that a source or a flow lacks."""
        written = f"{key}:" if self.file else _option(key)
        return self.problem(f"the {kind} has no {key}.", f"Write {written} VALUE")

    def value(self) -> Any:
        """Return the value of the node."""
        loader = yaml.SafeLoader("")
        try:
            return loader.construct_object(self.node, deep=True)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise self.problem(f"this value cannot be read: {str(error).partition(chr(10))[0]}.") from None

    def items(self) -> Iterator[tuple[str, YamlNode]]:
        """Yield the keys and values of a mapping; raise if a key stands twice."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.problem("a mapping of keys to values was expected.", "Write KEY: VALUE on each line.")
        seen: dict[str, int] = {}
        for key_node, _ in self.node.value:
            key = YamlNode(key_node, self.file)
            name = key_node.value if key_node.tag == _MERGE else str(key.value())
            if name in seen:
                raise key.problem(f"{name} appears twice; it is in line {seen[name]} already.", "Remove one.")
            seen[name] = key.line
        for name, (line, node) in self._merged(self.node).items():
            value = YamlNode(node, self.file)
            value.line = line
            yield name, value

    def _merged(self, node: yaml.MappingNode) -> dict[str, tuple[int, yaml.Node]]:
        """Return the line and the value of each key; the keys of a mapping replace those that ``<<`` adds."""
        try:
            yaml.SafeLoader("").flatten_mapping(node)
        except (yaml.YAMLError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            self.line = mark.line + 1 if mark else self.line
            raise self.problem(f"<< cannot be read: {getattr(error, 'problem', None) or error}.") from None
        keys = [(YamlNode(key, self.file), value) for key, value in node.value]
        return {str(key.value()): (key.line, value) for key, value in keys}

    def elements(self) -> list[YamlNode]:
        """Return the elements of a list."""
        return [YamlNode(each, self.file) for each in self.node.value]


def option_node(key: str, value: object) -> YamlNode:
    """Return the value of an option as the node of a file's key."""
    node = yaml.compose(yaml.safe_dump(value), yaml.SafeLoader)
    assert node is not None
    return YamlNode(node, "", _option(key))


def _option(key: str) -> str:
    return "--" + key.replace("_", "-")


def read_documents(path: str | Path) -> list[YamlNode]:
    """Read the documents of a YAML file.

    Raises
    ------
    InvalidArgument
        If the file cannot be read or is not YAML; with the line.
    """
    file = Path(path).name
    try:
        text = Path(path).expanduser().read_text("utf-8")
        return [YamlNode(node, file) for node in yaml.compose_all(text, yaml.SafeLoader) if node is not None]
    except OSError as error:
        raise InvalidArgument(f"{path} cannot be read: {error.strerror}.", "Name a YAML file.") from None
    except UnicodeDecodeError:
        raise InvalidArgument(f"{path} is not UTF-8 text.", "Name a YAML file.") from None
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{file}, line {mark.line + 1}" if mark else file
        reason = getattr(error, "problem", None) or "it is nested too deeply"
        raise InvalidArgument(f"{place}: this is not YAML: {reason}.", "Correct the line.") from None


def read_text(node: YamlNode) -> str:
    """Return a text; raise if the value is another one or empty."""
    value = node.value()
    if not isinstance(value, str) or not value.strip():
        raise node.problem(f"text was expected, not {value!r}.", "Write the text in quotes.")
    return value


def read_retention(node: YamlNode) -> str:
    """Return a retention policy as text; raise if it is none."""
    try:
        return RetentionPolicy.parse(read_text(node)).text
    except InvalidArgument as error:
        raise node.problem(error.message, error.cure) from None


def read_id(node: YamlNode) -> str:
    """Return a UUID as text."""
    text = read_text(node)
    try:
        return str(UUID(text))
    except ValueError:
        raise node.problem(
            f"{text!r} is not a UUID.", "Write an id such as 6f76e7b5-0f1d-4b4d-9769-e8b85dca5266."
        ) from None


def read_flag(node: YamlNode) -> bool:
    """Return true or false."""
    value = node.value()
    if not isinstance(value, bool):
        raise node.problem(f"true or false was expected, not {value!r}.", "Write true or false.")
    return value


def read_whole(node: YamlNode) -> int:
    """Return a whole number."""
    value = node.value()
    if isinstance(value, bool) or not isinstance(value, int):
        raise node.problem(f"a whole number was expected, not {value!r}.", "Write digits.")
    return value


def read_policy(node: YamlNode) -> PolicyEnum:
    """Return a policy, written by name or number."""
    value = node.value()
    try:
        return policy_from(value if isinstance(value, (str, int)) and not isinstance(value, bool) else str(value))
    except InvalidArgument as error:
        raise node.problem(error.message, error.cure) from None


def read_kwargs(node: YamlNode) -> dict[str, Any]:
    """Return the keyword arguments of a function."""
    value = node.value()
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise node.problem("kwargs must be a mapping of names to values.", "Write kwargs: {NAME: VALUE}")
    if (unfit := find_unfit_value(value)) is not None:
        raise node.problem(f"a value is not JSON: {unfit}.", "Write it in quotes.")
    return value


def read_several_kwargs(node: YamlNode) -> dict[str, Any] | list[dict[str, Any]]:
    """Return keyword arguments, or a list of them."""
    if isinstance(node.node, yaml.SequenceNode):
        return [read_kwargs(each) for each in node.elements()]
    return read_kwargs(node)
