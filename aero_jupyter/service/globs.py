"""Globs over object keys, matched in one pass: none, however it is made, costs more than its length times the key's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_DEEP = "**/"
_WORDS = re.compile(r"(?P<deep>(?:\*\*/)+)|(?P<all>\*\*(?:\*\*/|\*)*)|\*|\?|\[[^\]]+\]|.", re.DOTALL)


class Glob:
    """A pattern: ``*`` in one segment, ``**`` across them, ``?`` one character, ``[…]`` a class; anchored.

    Parameters
    ----------
    pattern : str

    Raises
    ------
    ValueError
        If a class in it is none.
    """

    def __init__(self, pattern: str) -> None:
        # A repetition says no more than one does.
        self._words = [
            {"deep": _DEEP, "all": "**"}.get(str(each.lastgroup), each[0]) for each in _WORDS.finditer(pattern)
        ]
        try:
            self._classes = {word: re.compile(word) for word in self._words if len(word) > 1 and word[0] == "["}
        except re.error as error:
            raise ValueError(f"{pattern} is no pattern: {error.msg}") from None

    def matches(self, key: str) -> bool:
        """Say whether a whole key is as the pattern says."""
        places = set(self._entered(0))
        for character in key:
            places = {then for at in places for then in self._after(at, character)}
        return len(self._words) in places

    def _entered(self, at: int) -> Iterator[int]:
        """Give a place in the pattern, and those behind it that are reached for nothing."""
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
    """Whether a registered url stands for several objects."""
    return any(mark in url for mark in "*?[")


def fits(pattern: str, key: str) -> bool:
    """Whether a key is as a pattern says; one that is no pattern fits nothing."""
    begin = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
    try:
        return is_pattern(pattern) and key.startswith(begin) and Glob(pattern).matches(key)
    except ValueError:
        return False
