"""What was typed after a magic becomes arguments, or two lines that say why it cannot."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from IPython.core.error import UsageError

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.policy import seconds_from

_FIELD = re.compile(r"\{([A-Za-z_]\w*)((?:\.[A-Za-z_]\w*|\[[^\][{}]+\])*)\}")
_STEP = re.compile(r"\.(\w+)|\[([^\]]+)\]")
_CALL = re.compile(r"\{[A-Za-z_][\w.\[\]'\"-]*\([^{}]*\}")
_SEARCH_OPTION = re.compile(r"(?:^|\s)(?:--(scan)|--limit(?:[ =]+(\S*))?)\s*$")
# How argparse says it, and how we do.
_SAID = (
    (r"unrecognized arguments: (.*)", "{magic} does not know {0}."),
    (r"the following arguments are required: (.*)", "{magic} needs {0}."),
    (r"argument ([^:]+): expected (?:one|at least one) argument", "{0} needs a value."),
    (r"argument ([^:]+): invalid choice: (.*) \(choose from (.*)\)", "{1} is no {0}; there are {2}."),
    (r"argument ([^:]+): (.*)", "{0}: {1}."),
    (r"(.*)", "{magic}: {0}."),
)


def arguments(magic: Any, line: str, names: Mapping[str, Any]) -> argparse.Namespace:
    """Read the line of a magic; quotes group words, and ``{name}`` stands for the notebook's value.

    Raises
    ------
    InvalidArgument
        If the line is not what the magic takes.
    """
    called = _called(magic)
    try:
        words = shlex.split(line)
    except ValueError:
        raise InvalidArgument(f"A quotation or a backslash has no end in: {line}", "Close it.") from None
    words = _joined([expanded(word, names) for word in words])
    try:
        parsed: argparse.Namespace = magic.parser.parse_args(words)
    except UsageError as error:
        raise InvalidArgument(_sentence(str(error), called), f"{called}? shows what it takes.") from None
    return parsed


def expanded(text: str, names: Mapping[str, Any]) -> str:
    """Replace ``{name}``, ``{name.attribute}`` and ``{name[index]}`` by the notebook's values; all else stays.

    Raises
    ------
    InvalidArgument
        If there is no such value, or something would have to be called.
    """
    call = _CALL.search(text)
    if call:
        raise InvalidArgument(f"{call[0]} is not evaluated in a magic.", "Give it a name first, and write {name}.")
    return _FIELD.sub(lambda field: str(_value(field, names)), text)


def search_arguments(line: str, names: Mapping[str, Any]) -> tuple[str, int | None, bool]:
    """Read the line of a search: the query with its own quotes, then ``--limit`` and ``--scan`` at its end.

    Raises
    ------
    InvalidArgument
        If nothing is searched for, or the limit is no number.
    """
    limit, scan = None, False
    while found := _SEARCH_OPTION.search(line):
        line, scan = line[: found.start()], scan or bool(found[1])
        try:
            limit = limit if found[1] else whole(found[2] or "")
        except argparse.ArgumentTypeError as error:
            raise InvalidArgument(f"--limit: {error}.", "Write --limit N at the end.") from None
    query = expanded(line, names).strip()
    if not query:
        raise InvalidArgument("There is nothing to search for.", "Write %aero_search QUERY, or use %aero_list data.")
    return query, limit, scan


def whole(text: str) -> int:
    """Read a whole number that is not negative."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def age(text: str) -> int:
    """Read how long ago something may be, as seconds."""
    try:
        return seconds_from(text)
    except InvalidArgument as error:
        raise argparse.ArgumentTypeError(f"{error.message.rstrip('.')}; {error.cure}") from None


def pairs_from(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Read conditions, a column and a value each.

    Raises
    ------
    InvalidArgument
        If one does not say which is which.
    """
    pairs = [text.partition("=") for text in texts]
    wrong = next((text for text, (name, equals, _) in zip(texts, pairs, strict=True) if not (name and equals)), None)
    if wrong is not None:
        raise InvalidArgument(f"--where {wrong} does not say which is which.", "Write --where COLUMN=VALUE.")
    return [(name, value) for name, _, value in pairs]


def seconds(text: str) -> float:
    """Read a number of seconds that is not negative."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return value


def _joined(words: list[str]) -> list[str]:
    """Keep a column that is sorted downwards, as ``--sort -name``, from being taken for an option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] == "--sort":
            joined[-1] = f"--sort={word}"
        else:
            joined.append(word)
    return joined


def _called(magic: Any) -> str:
    name = magic.__name__
    return {"aero_register": "%%aero_register", "aero_run_cell": "%%aero_run"}.get(name, f"%{name}")


def _sentence(message: str, called: str) -> str:
    for pattern, form in _SAID:
        found = re.fullmatch(pattern, message, re.DOTALL)
        if found:
            return form.format(*(part.replace("'", "") for part in found.groups()), magic=called)
    return message


def _value(field: re.Match[str], names: Mapping[str, Any]) -> Any:
    if field[1] not in names:
        raise _nothing(field[0], f"The notebook knows no {field[1]}.")
    value = names[field[1]]
    for attribute, key in _STEP.findall(field[2]):
        try:
            value = getattr(value, attribute) if attribute else value[_key(key)]
        except Exception as error:
            raise _nothing(field[0], f"{type(error).__name__}: {error}") from error
    return value


def _key(text: str) -> int | str:
    return int(text) if re.fullmatch(r"-?\d+", text) else text.strip("'\"")


def _nothing(field: str, why: str) -> InvalidArgument:
    return InvalidArgument(
        f"{field} stands for nothing here. {why}", "Run the cell that makes it, or correct the name."
    )
