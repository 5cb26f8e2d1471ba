"""Globs over object keys, matched in one pass: the cost is at most the pattern's length times the key's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_DEEP = "**/"
_WORDS = re.compile(r"(?P<deep>(?:\*\*/)+)|(?P<all>\*\*(?:\*\*/|\*)*)|\*|\?|\[[^\]]+\]|.", re.DOTALL)


class Glob:
    """A glob pattern: ``*`` in one segment, ``**`` across segments, ``?`` one character, ``[…]`` a class; anchored.

    Parameters
    ----------
    pattern : str

    Raises
    ------
    ValueError
        If the pattern contains an invalid class.
    """

    def __init__(self, pattern: str) -> None:
        # Repeated wildcards are equivalent to one.
        self._words = [
            {"deep": _DEEP, "all": "**"}.get(str(each.lastgroup), each[0]) for each in _WORDS.finditer(pattern)
        ]
        try:
            self._classes = {word: re.compile(word) for word in self._words if len(word) > 1 and word[0] == "["}
        except re.error as error:
            raise ValueError(f"{pattern} is not a valid pattern: {error.msg}") from None

    def matches(self, key: str) -> bool:
        """Return whether the pattern matches a whole key."""
        places = set(self._entered(0))
        for character in key:
            places = {then for at in places for then in self._after(at, character)}
        return len(self._words) in places

    def _entered(self, at: int) -> Iterator[int]:
        """Yield a position in the pattern, and the following positions that wildcards reach without a character."""
        yield at
        while at < len(self._words) and self._words[at] in ("*", "**", _DEEP):
            at += 1
            yield at

    def _after(self, at: int, character: str) -> Iterable[int]:
        word = self._words[at] if at < len(self._words) else None
        if word == _DEEP:
            return (at, *self._entered(at + 1)) if character == "/" else (at,)
        if word == "**" or (word == "*" and character != "/"):
            return self._entered(at)
        return self._entered(at + 1) if word is not None and self._takes(word, character) else ()

    def _takes(self, word: str, character: str) -> bool:
        if word in self._classes:
            return self._classes[word].fullmatch(character) is not None
        return character != "/" if word == "?" else character == word


def is_pattern(url: str) -> bool:
    """Return whether a registered URL matches several objects."""
    return any(mark in url for mark in "*?[")


def is_source_pattern(url: str) -> bool:
    """Return whether the URL of a source matches several objects: a query string is no pattern."""
    scheme, _, rest = url.rpartition("://")
    path, _, query = rest.partition("/")[2].partition("?") if scheme else (url, "", "")
    # A query names its values; a suffix, a folder or another ? belongs to a file name.
    return is_pattern(path) or ("=" not in query and re.search(r"[/?]|\.\w{1,8}$", query) is not None)


def matches_glob(pattern: str, key: str) -> bool:
    """Return whether a pattern matches a key; False if the pattern has no wildcards or is invalid."""
    begin = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
    try:
        return is_pattern(pattern) and key.startswith(begin) and Glob(pattern).matches(key)
    except ValueError:
        return False
