"""Checks of a registration: texts, YAML files, and pandera schemas."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any  # JSON values, and the schema of another package

import yaml

from aero_jupyter.core.check_grammar import SEVERITIES, parse_check
from aero_jupyter.core.errors import InvalidArgument, MissingExtra

_SUFFIXES = (".yaml", ".yml", ".json")
_FILE_CURE = "Write a list with a check on each line, such as: - rows > 0"
_KEYS = ("check", "severity", "output")


def read_checks(items: Iterable[object], outputs: Sequence[str]) -> tuple[dict[str, Any], ...]:
    """Parse the checks of a registration.

    Parameters
    ----------
    items : iterable
        Texts such as ``cases >= 0``, paths of YAML files, and pandera schemas or their YAML.
    outputs : sequence of str
        The outputs of the flow.

    Returns
    -------
    tuple of dict
        As `parse_check` returns them; a schema has ``rule`` "pandera".

    Raises
    ------
    InvalidArgument
        If a check does not follow the grammar, names no output of the flow, or stands twice; or if a file cannot be
        read, or a schema cannot be sent.
    MissingExtra
        If a schema is passed and pandera is not installed.

    Examples
    --------
    >>> [check["rule"] for check in read_checks(["rows > 0", "warning: unique geo,date"], ["sewage"])]
    ['rows', 'unique']
    """
    found = [check for item in items for check in _checks_of(item, outputs)]
    if found and not outputs:
        raise InvalidArgument("Checks are of outputs, and this flow has none.", "Add --output NAME.")
    for at, check in enumerate(found):
        if check in found[:at]:
            raise InvalidArgument(f"The check {check['text']!r} is given twice.", "Leave one out.")
    return tuple(found)


def schema_text(schema: object) -> str:
    """Return a pandera schema as YAML.

    Raises
    ------
    InvalidArgument
        If a part of the schema would be lost.
    MissingExtra
        If pandera is not installed.
    """
    _require_pandera()
    as_schema = getattr(schema, "to_schema", None)
    # An instance of DataFrameSchema, or a DataFrameModel.
    complete: Any = as_schema() if as_schema is not None else schema
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        try:
            text = str(complete.to_yaml())
            is_same = complete.from_yaml(text) == complete
        except Exception as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
            raise InvalidArgument(
                f"The pandera schema cannot be sent: {reason}",
                "Use the checks that pandera has, such as Check.ge, or register your own as a pandera extension.",
            ) from None
    if not is_same:
        raise InvalidArgument(
            "The pandera schema cannot be sent: its YAML text describes another schema.",
            "Use the checks that pandera has, such as Check.ge.",
        )
    return text


def is_schema(value: object) -> bool:
    """Return whether a value is a pandera schema or model, without importing pandera."""
    types = value.__mro__ if isinstance(value, type) else type(value).__mro__
    return any(each.__module__.startswith("pandera.") for each in types)


def _require_pandera() -> None:
    import importlib.util

    if importlib.util.find_spec("pandera") is None:
        raise MissingExtra("A check that is a pandera schema needs pandera.", "Run: pip install 'aero-jupyter[checks]'")


def _checks_of(item: object, outputs: Sequence[str]) -> list[dict[str, Any]]:
    if is_schema(item):
        return [_schema_check(schema_text(item))]
    if not isinstance(item, (str, Path)):
        raise InvalidArgument(
            f"A check is a text, the path of a YAML file or a pandera schema, not a {type(item).__name__}.",
            "Write a check such as rows > 0.",
        )
    if isinstance(item, Path) or item.lower().endswith(_SUFFIXES):
        return _checks_of_file(Path(item), outputs)
    if item.startswith("schema_type:"):
        return [_schema_check(item)]
    return [parse_check(item, outputs)]


def _schema_check(text: str) -> dict[str, Any]:
    return {"text": "pandera schema", "severity": "error", "output": None, "rule": "pandera", "schema": text}


def _checks_of_file(path: Path, outputs: Sequence[str]) -> list[dict[str, Any]]:
    try:
        text = path.expanduser().read_text("utf-8")
        content = yaml.safe_load(text)
    except OSError as error:
        raise InvalidArgument(f"{path} cannot be read: {error.strerror}.", "Name a YAML file with checks.") from None
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        line = str(error).strip().splitlines() or [type(error).__name__]
        raise InvalidArgument(f"{path} is not YAML: {line[0]}.", _FILE_CURE) from None
    if isinstance(content, Mapping) and "schema_type" in content:
        _require_pandera()
        return [_schema_check(text)]
    if isinstance(content, Mapping) and set(content) == {"checks"}:
        content = content["checks"]
    if not isinstance(content, list) or not content:
        raise InvalidArgument(f"{path} holds no list of checks.", _FILE_CURE)
    return [_check_of_entry(path, number, entry, outputs) for number, entry in enumerate(content, 1)]


def _check_of_entry(path: Path, number: int, entry: object, outputs: Sequence[str]) -> dict[str, Any]:
    place = f"{path.name}, check {number}"
    parts = {"check": entry} if isinstance(entry, str) else entry
    if not isinstance(parts, Mapping) or not isinstance(parts.get("check"), str) or set(parts) - set(_KEYS):
        raise InvalidArgument(f"{place}: {entry!r} is no check.", f"Write a text, or the keys {', '.join(_KEYS)}.")
    severity, output = parts.get("severity"), parts.get("output")
    if severity not in (None, *SEVERITIES):
        raise InvalidArgument(f"{place}: there is no severity {severity!r}.", "Write severity: error or warning.")
    if output is not None and output not in outputs:
        raise InvalidArgument(f"{place}: {output} is no output of this flow.", f"Its outputs: {', '.join(outputs)}")
    try:
        found = parse_check(parts["check"], outputs)
    except InvalidArgument as error:
        raise InvalidArgument(f"{place}: {error.message}", error.cure) from None
    return {**found, "severity": severity or found["severity"], "output": output or found["output"]}
