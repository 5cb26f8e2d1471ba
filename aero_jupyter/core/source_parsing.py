"""Parsing of Python source on any thread."""

from __future__ import annotations

import ast

_ATTEMPTS = 20


def parse_source(text: str, filename: str = "<unknown>") -> ast.Module:
    """Parse Python source; unlike `ast.parse`, it may run while other threads parse.

    CPython before 3.13 counts the depth of the tree in a variable that all threads share, and raises SystemError if
    another thread changed it meanwhile (https://github.com/python/cpython/issues/106905).

    Raises
    ------
    SyntaxError, ValueError
        As `ast.parse` does.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return ast.parse(text, filename)
        except SystemError:
            continue
    return ast.parse(text, filename)
