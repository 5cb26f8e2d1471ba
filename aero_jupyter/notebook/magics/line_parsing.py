"""Parser of magic lines: returns arguments, or raises an error with a message and a cure."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any  # values of the notebook's namespace

from IPython.core.error import UsageError

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.notebook.magics.parsers import parser_of

_BRACED_VALUE = re.compile(r"(?<!\$)\{([A-Za-z_]\w*)((?:\.[A-Za-z_]\w*|\[[^\][{}]+\])*)\}")
_STEP = re.compile(r"\.(\w+)|\[([^\]]+)\]")
_CALL = re.compile(r"\{[A-Za-z_][\w.\[\]'\"-]*\([^{}]*\}")
_SEARCH_OPTION = re.compile(
    r"^\s*(?:--(?P<scan>scan)|--limit(?:[ =]+(?P<limit>\S*))?)(?=\s|$)"
    r"|(?:^|\s)(?:--(?P<scan_after>scan)|--limit(?:[ =]+(?P<limit_after>\S*))?)\s*$"
)
#: Messages of argparse, and our wording.
_ARGPARSE_MESSAGES = (
    (r"unrecognized arguments: (.*)", "{magic} does not know {0}."),
    (r"the following arguments are required: (.*)", "{magic} needs {0}."),
    (r"argument ([^:]+): expected (?:one|at least one) argument", "{0} needs a value."),
    (r"argument ([^:]+): invalid choice: (.*) \(choose from (.*)\)", "{1} is no {0}; there are {2}."),
    (r"argument ([^:]+): (.*)", "{0}: {1}."),
    (r"(.*)", "{magic}: {0}."),
)


def arguments(magic: Any, line: str, names: Mapping[str, Any]) -> argparse.Namespace:
    """Parse the line of a magic; quotes group words, and ``{name}`` is replaced by the notebook's value.

    Raises
    ------
    InvalidArgument
        If the line does not match the arguments of the magic.
    """
    magic_name, parser = _magic_name(magic), parser_of(magic)
    try:
        words = shlex.split(line)
    except ValueError:
        raise InvalidArgument(f"A quotation mark or a backslash is not closed in: {line}", "Close it.") from None
    words = _join_sort_values(list(_fill_in_values(words, names)))
    try:
        parsed: argparse.Namespace = parser.parse_args(words)
    except UsageError as error:
        cure = f"{_suggestion(str(error), parser)}{magic_name}? lists its arguments."
        raise InvalidArgument(_sentence(str(error), magic_name), cure) from None
    return parsed


def _fill_in_values(words: Iterable[str], names: Mapping[str, Any]) -> Iterator[str]:
    """Replace braced names in each word; a value that is a whole kwarg keeps its type."""
    option = ""
    for word in words:
        kwarg = word.removeprefix("--kwarg=") if word.startswith("--kwarg=") else word if option == "--kwarg" else ""
        parameter, _, value = kwarg.partition("=")
        field = _BRACED_VALUE.fullmatch(value)
        if parameter and field:
            yield f"{'--kwarg=' if word.startswith('--kwarg=') else ''}{parameter}={_field_as_json(field, names)}"
        else:
            yield expanded(word, names)
        option = word


def _field_as_json(field: re.Match[str], names: Mapping[str, Any]) -> str:
    from aero_jupyter.jobs.json_values import find_unfit_value

    value = _value(field, names)
    unfit = find_unfit_value(value) or _find_tuple(value)
    if unfit is not None:
        module = "" if type(value).__module__ == "builtins" else f"{type(value).__module__}."
        raise InvalidArgument(
            f"{field[0]} cannot be an argument: it is of type {module}{type(value).__qualname__}, and {unfit}.",
            "Convert it to text, a number, a list or a dict first.",
        )
    return json.dumps(value)


def _find_tuple(value: object, path: str = "") -> str | None:
    """Return where a value of JSON types holds a tuple, which would become a list; None where it holds none."""
    if isinstance(value, tuple):
        return f"the tuple{f' at {path}' if path else ''} would become a list"
    pairs: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, (dict, list)):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
    return next((found for key, held in pairs if (found := _find_tuple(held, f"{path}[{key!r}]"))), None)


def expanded(text: str, names: Mapping[str, Any]) -> str:
    """Replace ``{name}``, ``{name.attribute}`` and ``{name[index]}`` by the notebook's values.

    Raises
    ------
    InvalidArgument
        If there is no such value, or it contains a call.
    """
    call = _CALL.search(text)
    if call:
        raise InvalidArgument(f"{call[0]} is not evaluated in a magic.", "Assign it to a name first, and write {name}.")
    return _BRACED_VALUE.sub(lambda field: _as_word(_value(field, names)), text)


def _as_word(value: object) -> str:
    from aero_jupyter.session.check_files import is_schema, schema_text

    # A schema stands for a check, which travels as text.
    return schema_text(value) if is_schema(value) else str(value)


def search_arguments(line: str, names: Mapping[str, Any]) -> tuple[str, int | None, bool]:
    """Parse the line of a search: the query with its quotes, and ``--limit`` and ``--scan`` before or after it.

    Raises
    ------
    InvalidArgument
        If the query is empty, or the limit is not a number.
    """
    limit, scan = None, False
    while found := _SEARCH_OPTION.search(line):
        line = f"{line[: found.start()]} {line[found.end() :]}"
        if found["scan"] or found["scan_after"]:
            scan = True
            continue
        try:
            limit = whole(found["limit"] or found["limit_after"] or "")
        except argparse.ArgumentTypeError as error:
            raise InvalidArgument(f"--limit: {error}.", "Write --limit N before or after the query.") from None
    query = expanded(line, names).strip()
    if not query:
        raise InvalidArgument("The search has no query.", "Write %aero_search QUERY, or use %aero_list data")
    return query, limit, scan


def whole(text: str) -> int:
    """Parse a whole number that is not negative."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def age(text: str) -> int:
    """Parse a maximum age, as seconds."""
    from aero_jupyter.core.policy import seconds_from

    try:
        return seconds_from(text)
    except InvalidArgument as error:
        raise argparse.ArgumentTypeError(f"{error.message.rstrip('.')}; {error.cure}") from None


def pairs_from(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Parse conditions of the form ``COLUMN=VALUE``.

    Raises
    ------
    InvalidArgument
        If a condition has another form.
    """
    pairs = [text.partition("=") for text in texts]
    wrong = next((text for text, (name, equals, _) in zip(texts, pairs, strict=True) if not (name and equals)), None)
    if wrong is not None:
        raise InvalidArgument(f"--where {wrong} is not COLUMN=VALUE.", "Write --where COLUMN=VALUE.")
    return [(name, value) for name, _, value in pairs]


def seconds(text: str) -> float:
    """Parse a number of seconds that is not negative."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return value


def _join_sort_values(words: list[str]) -> list[str]:
    """Join ``--sort -name`` into one word, so that argparse does not take the column for an option."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] == "--sort":
            joined[-1] = f"--sort={word}"
        else:
            joined.append(word)
    return joined


def _magic_name(magic: Any) -> str:
    name = magic.__name__
    own_names = {
        "aero_register": "%%aero_register",
        "aero_register_line": "%aero_register",
        "aero_run_cell": "%%aero_run",
    }
    return own_names.get(name, f"%{name}")


def _sentence(message: str, magic_name: str) -> str:
    for pattern, form in _ARGPARSE_MESSAGES:
        found = re.fullmatch(pattern, message, re.DOTALL)
        if found:
            return form.format(*(part.replace("'", "") for part in found.groups()), magic=magic_name)
    return message


def _suggestion(message: str, parser: argparse.ArgumentParser) -> str:
    """Return a suggestion for the unknown option or choice in a message of argparse; empty if none is similar."""
    from aero_jupyter.core.suggestions import close_names

    unknown = re.search(r"unrecognized arguments: (\S+)|invalid choice: '([^']*)'", message)
    if unknown is None:
        return ""
    if unknown[1] == "--file":
        return "A file is registered without a cell: %aero_register --file FILE. "
    known = [option for action in parser._actions for option in action.option_strings]
    if unknown[2] is not None:
        known = [str(choice) for action in parser._actions for choice in action.choices or ()]
    close = close_names((unknown[1] or unknown[2]).partition("=")[0], known)
    return f"Did you mean {' or '.join(close)}? " if close else ""


def _value(field: re.Match[str], names: Mapping[str, Any]) -> Any:
    if field[1] not in names:
        raise _undefined(field[0])
    value = names[field[1]]
    for attribute, key in _STEP.findall(field[2]):
        try:
            value = getattr(value, attribute) if attribute else value[_key(key)]
        except Exception as error:
            raise _undefined(field[0], f"{type(error).__name__}: {error}") from error
    return value


def _key(text: str) -> int | str:
    return int(text) if re.fullmatch(r"-?\d+", text) else text.strip("'\"")


def _undefined(field: str, reason: str = "") -> InvalidArgument:
    message = f"{field} is not defined in this notebook. {reason}".rstrip()
    return InvalidArgument(message, "Run the cell that defines it, or correct the name.")
