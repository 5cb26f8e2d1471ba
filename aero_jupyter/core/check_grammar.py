"""The grammar of checks: what an output must satisfy before it becomes a version."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple  # a parsed check is JSON, because it travels with its function

from aero_jupyter.core.errors import InvalidArgument

#: The forms of a check, for messages.
CHECK_FORMS = (
    "rows > 0; unique geo,date; not null geo; cases >= 0; deaths <= cases; date >= 2020-01-01; "
    "status in final,draft; columns; columns geo,date"
)
SEVERITIES = ("error", "warning")
_TOKEN = re.compile(
    r"""\s*(?:(?P<op>>=|<=|==|!=|=|>|<)|(?P<comma>,)|"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<word>[^\s,<>=!"']+))"""
)
_OPERATORS = frozenset({">", ">=", "<", "<=", "==", "!="})
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?(?:[T ].*)?")
_FORM_CURE = f"Write a check as one of: {CHECK_FORMS}."


class _CheckPart(NamedTuple):
    """A part of a check; ``kind`` is "op", "comma", "quoted" or "word"."""

    kind: str
    text: str


def parse_check(text: str, outputs: Sequence[str] = ()) -> dict[str, Any]:
    """Parse one check.

    Parameters
    ----------
    text : str
        ``[warning:] [OUTPUT:] RULE``, such as ``cases >= 0``.
    outputs : sequence of str
        The outputs of the flow, which a check may name.

    Returns
    -------
    dict
        ``text``, ``severity``, ``output`` (None for every output), ``rule``, and the parts of the rule.

    Raises
    ------
    InvalidArgument
        If the check does not follow the grammar.

    Examples
    --------
    >>> parse_check("warning: unique geo,date")["columns"]
    ['geo', 'date']
    """
    severity, rest = _severity_of(text)
    output, rest = _output_of(rest, outputs)
    tokens = _tokens_of(rest, text)
    return {"text": rest, "severity": severity, "output": output, **_rule_of(tokens, text)}


def _severity_of(text: str) -> tuple[str, str]:
    word, colon, rest = text.partition(":")
    return (word.strip(), rest.strip()) if colon and word.strip() in SEVERITIES else ("error", text.strip())


def _output_of(text: str, outputs: Sequence[str]) -> tuple[str | None, str]:
    for output in sorted(outputs, key=len, reverse=True):
        if text.startswith(f"{output}:"):
            return output, text[len(output) + 1 :].strip()
    return None, text


def _tokens_of(rule: str, text: str) -> list[_CheckPart]:
    tokens, at = [], 0
    while rule[at:].strip():
        found = _TOKEN.match(rule, at)
        if found is None:
            raise _refusal(text, f"{rule[at:].strip()!r} cannot be read.")
        kind = str(found.lastgroup)
        tokens.append(_CheckPart("quoted" if kind in ("double", "single") else kind, found[kind]))
        at = found.end()
    return tokens


def _rule_of(tokens: list[_CheckPart], text: str) -> dict[str, Any]:
    words = [token.text for token in tokens if token.kind == "word"]
    if not tokens:
        raise _refusal(text, "it is empty.")
    if tokens[0] == ("word", "unique"):
        return {"rule": "unique", "columns": _names(tokens[1:], text)}
    if words[:2] == ["not", "null"] and tokens[1] == ("word", "null"):
        return {"rule": "not_null", "columns": _names(tokens[2:], text)}
    if tokens[0] == ("word", "columns") and (len(tokens) == 1 or tokens[1].kind != "op"):
        return {"rule": "columns", "columns": _names(tokens[1:], text) if len(tokens) > 1 else None}
    if len(tokens) > 2 and tokens[1] == ("word", "in") and _is_name(tokens[0]):
        return {"rule": "in", "column": tokens[0].text, "values": _names(tokens[2:], text)}
    if len(tokens) == 3 and tokens[1].kind == "op" and _is_name(tokens[0]) and _is_name(tokens[2]):
        return _comparison(tokens, text)
    raise _refusal(text, "it has none of the known forms.")


def _is_name(token: _CheckPart) -> bool:
    return token.kind in ("word", "quoted")


def _names(tokens: list[_CheckPart], text: str) -> list[str]:
    """Return the names between commas; a name with spaces stands in quotes."""
    names = [token.text for token in tokens[::2]]
    is_list = len(tokens) % 2 == 1 and all(map(_is_name, tokens[::2]))
    if not is_list or any(token.kind != "comma" for token in tokens[1::2]):
        raise _refusal(text, "names must stand between commas, and in quotes if they have spaces.")
    if len(set(names)) < len(names):
        raise _refusal(text, "a name stands twice.")
    return names


def _comparison(tokens: list[_CheckPart], text: str) -> dict[str, Any]:
    left, op, right = tokens
    if op.text not in _OPERATORS:
        raise _refusal(text, f"{op.text!r} compares nothing; write ==.")
    number = _number(right)
    if left == ("word", "rows"):
        if number is None:
            raise _refusal(text, "the number of rows is compared with a number.")
        return {"rule": "rows", "op": op.text, "number": number}
    rule = {"rule": "compare", "column": left.text, "op": op.text}
    if number is not None:
        return {**rule, "number": number}
    if _DATE.fullmatch(right.text):
        if not _is_time(right.text):
            raise _refusal(text, f"{right.text} is no date and no time.")
        return {**rule, "time": right.text}
    if right.kind == "word":
        return {**rule, "other": right.text}
    if op.text not in ("==", "!="):
        raise _refusal(text, "a text has no order; compare it with == or !=.")
    return {**rule, "value": right.text}


def _is_time(text: str) -> bool:
    # Cells are compared with a time that `fromisoformat` reads: one that it does not read would meet every comparison.
    try:
        datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return False
    return True


def _number(token: _CheckPart) -> float | None:
    if token.kind != "word" or not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", token.text):
        return None
    return float(token.text)


def _refusal(text: str, reason: str) -> InvalidArgument:
    return InvalidArgument(f"The check {text!r} is not understood: {reason}", _FORM_CURE)
