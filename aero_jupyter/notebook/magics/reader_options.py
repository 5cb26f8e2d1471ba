"""Reader options of ``--option``."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Sequence
from typing import Any  # JSON values

from aero_jupyter.core.errors import InvalidArgument

_TEXTS = frozenset({"sep", "delimiter", "decimal", "thousands", "encoding", "quotechar", "comment", "member", "orient"})


def read_options(typed: Sequence[str]) -> dict[str, Any]:
    """Parse ``NAME=VALUE`` pairs; a value is a Python literal or else text.

    Raises
    ------
    InvalidArgument
        If an option has no name or no value.
    """
    options: dict[str, Any] = {}
    for pair in typed:
        name, equals, value = _unquoted(pair).partition("=")
        if not equals or not name.isidentifier():
            raise InvalidArgument(f"--option {pair} is not NAME=VALUE.", "Write for example: --option sheet_name=Data")
        options[name] = value if name in _TEXTS and value != "None" else _parsed(value)
    return options


def _unquoted(pair: str) -> str:
    if pair[:1] in "\"'" and pair[-1:] == pair[:1]:
        return " ".join(shlex.split(pair))
    return pair


def _parsed(value: str) -> Any:
    try:
        return ast.literal_eval(value)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return value
