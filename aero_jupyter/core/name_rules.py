"""Validation of names: the one spelling of a dataset's or parameter's name, or the reason for its refusal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.terminal_text import escape_controls

#: Maximum number of characters in a name.
NAME_LENGTH = 200
_SHOWN = 60
_SOURCE_TYPE = "a source type"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_JOINERS = "\u200c\u200d"
# Blank characters that are no spaces, and the replacement character of wrongly decoded text.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0\ufffd")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
#: The meaning of each reserved character where names are typed.
_MEANINGS = {
    "@": "@ begins the number of a version",
    "=": "= stands between a parameter and a name",
    ",": "a comma stands between two names",
    "*": "* stands for anything",
    "{": "braces stand for a value of the notebook",
    "}": "braces stand for a value of the notebook",
    '"': "a double quote ends a phrase",
    "\\": "a backslash changes the meaning of what follows",
    "`": "a backquote starts a command in a terminal",
}

#: Reserved characters that an underscore can replace.
_JOINING = "@=,*\\"


def normal_name(text: str) -> str:
    """Return a name in Unicode's form NFC, in which "café" has one spelling."""
    return unicodedata.normalize("NFC", text)


def folded(text: str) -> str:
    """Return a text without case and diacritics, as searches compare it: "Zürich" is "zurich"."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(char for char in decomposed if unicodedata.category(char) != "Mn")


def is_same_name(one: str | None, other: str | None) -> bool:
    """Return whether two names are the same, whichever form of Unicode each is in."""
    return one == other or (one is not None and other is not None and normal_name(one) == normal_name(other))


def parameter_name(text: str) -> str:
    """Return the name of a parameter as Python itself reads it, in Unicode's form NFKC."""
    return unicodedata.normalize("NFKC", text)


def normalize_parameters(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping of parameters with each name as Python reads it.

    Raises
    ------
    InvalidArgument
        If two names are one parameter.
    """
    return _renamed(values, {name: parameter_name(name) for name in values})


def normalize_arguments(
    kwargs: Mapping[str, Any] | Sequence[Mapping[str, Any]],
) -> dict[str, Any] | list[dict[str, Any]]:
    """Return the fixed arguments of a flow, of one task or of several, with each name as Python reads it.

    Raises
    ------
    InvalidArgument
        If two names are one parameter.
    """
    return (
        normalize_parameters(kwargs) if isinstance(kwargs, Mapping) else [normalize_parameters(each) for each in kwargs]
    )


def dataset_name(text: str) -> str:
    r"""Return a name for a new dataset in form NFC.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Raises
    ------
    InvalidArgument
        If the name cannot be typed, or means something else, in one of the places where names are used.

    Examples
    --------
    >>> dataset_name("cafe\u0301") == "caf\u00e9"
    True
    """
    return _usable(text, "a dataset")


def source_type_name(text: str) -> str:
    """Return a name for a new source type in form NFC.

    Raises
    ------
    InvalidArgument
        If it cannot be typed everywhere, or cannot stand in the path of a URL.
    """
    return _usable(text, _SOURCE_TYPE)


def _usable(text: str, what: str) -> str:
    name = normal_name(text)
    reason = _obstacle(name)
    if not reason and what == _SOURCE_TYPE and "/" in name:
        reason = "/ separates the parts of its URL"
    if not reason:
        return name
    shown = escape_controls(name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…")
    better = _nearest(name.replace("/", "_") if what == _SOURCE_TYPE else name)
    cure = f"Write it as {better!r}." if better else "Choose another name."
    raise InvalidArgument(f"{shown!r} cannot be the name of {what}: {reason}.", cure)


def dataset_names(texts: Iterable[str]) -> tuple[str, ...]:
    """Return several names for new datasets in form NFC.

    Raises
    ------
    InvalidArgument
        If one cannot be used.
    """
    return tuple(dataset_name(text) for text in texts)


def normalize_output_names(entries: Mapping[str, Any]) -> dict[str, Any]:
    """Return the outputs of a registration by their names in form NFC; one that continues a dataset keeps any name.

    Raises
    ------
    InvalidArgument
        If the name of a new dataset cannot be used, or two names are the same.
    """
    names = {
        name: normal_name(name) if isinstance(entry, Mapping) and entry.get("id") else dataset_name(name)
        for name, entry in entries.items()
    }
    return _renamed(entries, names)


def _renamed(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    renamed: dict[str, Any] = {}
    for name, value in values.items():
        if names[name] in renamed:
            raise InvalidArgument(f"{names[name]} is given twice, in two forms of Unicode.", "Leave one out.")
        renamed[names[name]] = value
    return renamed


def _obstacle(name: str) -> str:
    """Return why a name cannot be used everywhere; empty where it can."""
    if not name.strip():
        return "it is empty"
    if name != name.strip():
        return "it begins or ends with a space"
    if name.startswith("-"):
        return "a leading - begins an option"
    if len(name) > NAME_LENGTH:
        return f"it has {len(name):,} characters, and at most {NAME_LENGTH} are allowed"
    if _ID.fullmatch(name):
        return "it has the form of an id"
    return next((why for place in range(len(name)) if (why := _unfit(name, place))), "")


def _unfit(name: str, place: int) -> str:
    """Return why one character of a name cannot be used; empty where it can."""
    character = name[place]
    if character in _MEANINGS:
        return _MEANINGS[character]
    around = name[place - 1 : place] + name[place + 1 : place + 2]
    if character in _JOINERS and len(around) == 2 and not (around[0].isascii() or around[1].isascii()):
        return ""
    kind = unicodedata.category(character)
    if kind in _HIDDEN or character in _BLANK:
        return f"it contains a character that is not shown (U+{ord(character):04X})"
    if kind == "Zs" and character != " ":
        return f"it contains a space that is not the usual one (U+{ord(character):04X})"
    return ""


def _nearest(name: str) -> str:
    """Return the most similar name that can be used; empty where none is similar."""
    kept = []
    for place, character in enumerate(name):
        why = _unfit(name, place)
        is_space = character.isspace() or unicodedata.category(character) == "Zs"
        kept.append(character if not why else " " if is_space else "_" if character in _JOINING else "")
    better = normal_name(" ".join("".join(kept).split())).lstrip("-_ ").rstrip("_ ")[:NAME_LENGTH].strip()
    return "" if len(name) > NAME_LENGTH or _obstacle(better) else better
