"""The search grammar, translated to an expression for SQLite's full-text search.

::

    query   = any { "OR" any }
    any     = one { [ "AND" ] one }
    one     = { "NOT" | "-" | "+" } ( term | "phrase" | field ":" value | "(" query ")" )
    value   = term | "phrase" | "(" query ")"

A term may end in ``*``; a bare ``*`` or a blank query means everything. The table searched holds the columns
``name``, ``description``, ``url`` and ``tags``, and a column ``everything`` with `fts5.EVERYTHING_TOKEN` in every row.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.search_fts5 import ALL, EVERYTHING, NOTHING, Leaf, Node, join, render

FIELDS = ("name", "description", "url", "tags")
_ALIASES = {"source": "url"}
_ANYWHERE = "{" + " ".join(FIELDS) + "}"
_MAX_LENGTH = 2_000
_MAX_DEPTH = 50

# SQLite stops reading at a NUL and cannot store half a surrogate pair.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

_TOKEN = re.compile(
    rf"""
    (?P<space>\s+)
  | (?P<phrase>"(?:[^"\\]|\\.)*"\**)
  | (?P<quote>")
  | (?P<open>\()
  | (?P<close>\))
  | (?P<sign>[+-](?=[^\s+\-)]))
  | (?P<field>(?:(?i:{"|".join([*FIELDS, *_ALIASES])})|(?![^\s()"]*://)[A-Za-z_]\w*):(?!//))
  | (?P<operator>(?:AND|OR|NOT)(?![^\s()"]))
  | (?P<word>[^\s()"]+)
    """,
    re.VERBOSE | re.DOTALL,
)


class QueryProblem(InvalidArgument):
    """The query cannot be parsed.

    Attributes
    ----------
    position : int
        The column it concerns, counted from 1.
    """

    def __init__(self, message: str, cure: str = "", *, position: int = 1) -> None:
        super().__init__(message, cure)
        self.position = position


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    column: int


def to_fts5(query: str) -> str | None:
    """Turn a query into an SQLite FTS5 MATCH expression.

    Parameters
    ----------
    query : str
        What a person typed, at most 2,000 characters.

    Returns
    -------
    str or None
        The expression; None when everything matches. Terms without a letter or digit are passed over, and a query of
        nothing else matches nothing.

    Raises
    ------
    QueryProblem
        The query cannot be parsed; the message names the column.
    """
    tree = _Parser(query).parse() or NOTHING
    return None if tree == ALL else render(tree)


def terms(query: str) -> tuple[str, ...]:
    """List the words and phrases that results contain, each once and without a trailing ``*``.

    Raises
    ------
    QueryProblem
        The query cannot be parsed.
    """
    parser = _Parser(query)
    parser.parse()
    return tuple(dict.fromkeys(leaf.plain for leaf in parser.leaves if leaf.plain and not leaf.negated))


def with_prefixes(query: str) -> str:
    """Return a query that also matches words of which a term is the beginning; phrases in quotes stay exact.

    Examples
    --------
    >>> with_prefixes('waste AND name:"north"')
    'waste* AND name:"north"'
    """
    whole = _TOKEN.sub(lambda token: token[0] + "*" * (token.lastgroup == "word" and "*" not in token[0]), query)
    return whole if len(whole) <= _MAX_LENGTH else query


def _problem(column: int, what: str, cure: str) -> QueryProblem:
    return QueryProblem(f"The query stops making sense at column {column}: {what}.", cure, position=column)


def _tokens(query: str) -> list[_Token]:
    if len(query) > _MAX_LENGTH:
        what = f"it is longer than {_MAX_LENGTH:,} characters"
        raise _problem(_MAX_LENGTH + 1, what, "Search for fewer words.")
    matches = _TOKEN.finditer(_UNSTORABLE.sub(" ", query))
    found = [_Token(match.lastgroup or "", match.group(), match.start() + 1) for match in matches]
    return [*(token for token in found if token.kind != "space"), _Token("end", "", len(query) + 1)]


class _Parser:
    """A recursive descent parser. Negation is pushed down to the leaves: FTS5 has "a NOT b" but no "NOT b"."""

    def __init__(self, query: str) -> None:
        self.rest = iter(_tokens(query))
        self.token = next(self.rest)
        self.depth = 0
        self.leaves: list[Leaf] = []

    def take(self) -> _Token:
        taken, self.token = self.token, next(self.rest, self.token)
        return taken

    def accept(self, *texts: str) -> _Token | None:
        return self.take() if self.token.kind in ("operator", "sign") and self.token.text in texts else None

    def parse(self) -> Node | None:
        if self.token.kind == "end":
            return ALL
        tree = self.either(_ANYWHERE, False)
        if self.token.kind == "close":
            raise _problem(self.token.column, "a bracket is closed and never opened", "Take it out, or open it before.")
        return tree

    def either(self, columns: str, negate: bool) -> Node | None:
        parts = [self.all_of(columns, negate)]
        while self.accept("OR"):
            parts.append(self.all_of(columns, negate))
        return join("AND" if negate else "OR", parts)

    def all_of(self, columns: str, negate: bool) -> Node | None:
        parts = [self.one(columns, negate)]
        while self.accept("AND") or not (self.token.kind in ("end", "close") or self.token.text == "OR"):
            parts.append(self.one(columns, negate))
        return join("OR" if negate else "AND", parts)

    def one(self, columns: str, negate: bool) -> Node | None:
        while sign := self.accept("NOT", "-", "+"):
            negate ^= sign.text != "+"
        if self.token.kind == "field":
            columns = _column(self.take())
        return self.value(columns, negate)

    def value(self, columns: str, negate: bool) -> Node | None:
        token = self.take()
        if token.kind == "open":
            return self.group(token, columns, negate)
        if token.kind not in ("word", "phrase"):
            raise _problem(token.column, *_missing(token))
        leaf = _leaf(token, columns, negate)
        self.leaves += [leaf] if leaf else []
        return leaf

    def group(self, opened: _Token, columns: str, negate: bool) -> Node | None:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise _problem(opened.column, f"more than {_MAX_DEPTH} brackets are open", "Use fewer brackets.")
        inside = self.either(columns, negate)
        if self.take().kind != "close":
            raise _problem(opened.column, "a bracket is opened and never closed", "Close it, or take it out.")
        self.depth -= 1
        return inside


def _column(token: _Token) -> str:
    name = token.text[:-1].lower()
    if name not in FIELDS and name not in _ALIASES:
        fields = ", ".join([*FIELDS, *_ALIASES])
        cure = f"The fields are {fields}. To search for the text itself, put it in quotes."
        raise _problem(token.column, f"there is no field {name}", cure)
    return _ALIASES.get(name, name)


def _missing(token: _Token) -> tuple[str, str]:
    if token.kind == "quote":
        return "a quote is opened and never closed", "Close it, or take it out."
    found = "the query ends" if token.kind == "end" else f"{token.text} stands"
    return f"{found} where a term is expected", 'Put a term, a "quoted phrase" or (brackets) there.'


def _leaf(token: _Token, columns: str, negate: bool) -> Leaf | None:
    """Build a leaf from a word or a phrase; None if it holds no character that is indexed."""
    body = token.text.rstrip("*")
    prefix, phrase = body != token.text, token.kind == "phrase"
    text = re.sub(r"\\(.)", r"\1", body[1:-1], flags=re.DOTALL) if phrase else body
    if not body and columns == _ANYWHERE:
        return Leaf(EVERYTHING, negate)
    if not body or ("*" in body and not phrase):
        column = token.column + token.text.index("*")
        raise _problem(column, "a * can only end a term", "Move it, or put the term in quotes.")
    if not any(unicodedata.category(char)[0] in "LN" or unicodedata.category(char) == "Co" for char in text):
        return None
    literal = '"' + text.replace('"', '""') + '"' + (" *" if prefix else "")
    return Leaf(f"{columns} : {literal}", negate, text)
