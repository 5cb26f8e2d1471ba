"""Options of magics of the form NAME=VALUE."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any, NoReturn  # JSON values

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.name_rules import parameter_name
from aero_jupyter.core.safe_parsing import parse_json

#: A comma before the next NAME=; other commas belong to a value.
_SEPARATOR = re.compile(r",(?=[A-Za-z_]\w*=)")


def kwargs_from(texts: Iterable[str]) -> dict[str, Any]:
    """Parse ``--kwarg`` options: a value is JSON, or else text."""
    return {name: value_from(text) for name, text in pairs_of(texts, "--kwarg", "NAME=VALUE").items()}


def endpoint_config_from(texts: Iterable[str]) -> dict[str, Any]:
    """Parse ``--endpoint-config`` options, such as ``account=phy123,queue=debug``; a value is JSON, or else text.

    Raises
    ------
    InvalidArgument
        If an option has no name or no value, or is given twice.
    """
    single = [part for text in texts for part in _SEPARATOR.split(text)]
    return {name: value_from(text) for name, text in pairs_of(single, "--endpoint-config", "NAME=VALUE").items()}


def pairs_of(texts: Iterable[str], option: str, form: str) -> dict[str, str]:
    """Parse repeated options of the form NAME=VALUE.

    Raises
    ------
    InvalidArgument
        If one of them has another form, or a name stands twice.
    """
    pairs = [(parameter_name(name), value) for name, value in (pair_of(text, option, form) for text in texts)]
    check_once([name for name, _ in pairs], option)
    return dict(pairs)


def pair_of(text: str, option: str, form: str) -> tuple[str, str]:
    """Parse an option of the form NAME=VALUE.

    Raises
    ------
    InvalidArgument
        If the option has another form.
    """
    name, equals, value = text.partition("=")
    # An empty text is a value; an empty dataset name or URL is not.
    if not (name and equals and (value or option == "--kwarg")):
        raise InvalidArgument(f"{option} {text} is not {form}.", f"Write {option} {form}.")
    return name, value


def check_once(names: Iterable[str], option: str) -> None:
    """Raise if a name stands twice.

    Raises
    ------
    InvalidArgument
    """
    seen = set[str]()
    for name in names:
        if name in seen:
            raise InvalidArgument(f"{option} {name} is given twice.", "Leave one out.")
        seen.add(name)


def value_from(text: str) -> Any:
    """Parse a value as JSON; return the text itself if it is not JSON."""
    try:
        return parse_json(text, parse_constant=_reject_constant, parse_float=_parse_finite)
    except ValueError:
        return text


def _parse_finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _reject_constant(text)


def _reject_constant(constant: str) -> NoReturn:
    # NaN and Infinity stay text: Python reads them as JSON, but servers do not.
    raise ValueError(constant)
