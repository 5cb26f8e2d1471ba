"""Differences of plain data, as JSON Patch (RFC 6902) with the operations replace, add and remove."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import Any  # JSON

Change = dict[str, Any]
#: Fields of an object that tell it from the other objects of its list.
_IDENTITY = ("is", "id", "name", "do", "start", "end")


def diff(old: Any, new: Any, path: str = "") -> list[Change]:
    """Return the changes that turn one value into another, in the order in which they are applied.

    Parameters
    ----------
    old, new : JSON value
    path : str
        JSON pointer of the value.

    Returns
    -------
    list of dict

    Examples
    --------
    >>> diff({"rows": [1, 2]}, {"rows": [1, 2, 3]})
    [{'op': 'add', 'path': '/rows/2', 'value': 3}]
    """
    # True == 1 in Python, but not in JSON: their texts differ.
    if old == new and repr(old) == repr(new):
        return []
    if isinstance(old, dict) and isinstance(new, dict) and _identity(old) == _identity(new):
        return _diff_objects(old, new, path)
    if isinstance(old, list) and isinstance(new, list):
        return _diff_lists(old, new, path)
    return [{"op": "replace", "path": path, "value": new}]


def _diff_objects(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> list[Change]:
    changes: list[Change] = []
    for key in [*old, *(key for key in new if key not in old)]:
        below = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
        if key not in new:
            changes.append({"op": "remove", "path": below})
        elif key not in old:
            changes.append({"op": "add", "path": below, "value": new[key]})
        else:
            changes += diff(old[key], new[key], below)
    return changes


def _diff_lists(old: list[Any], new: list[Any], path: str) -> list[Change]:
    names, new_names = list(map(_identity, old)), list(map(_identity, new))
    if names == new_names:
        pairs = enumerate(zip(old, new, strict=True))
        return [change for at, pair in pairs for change in diff(*pair, f"{path}/{at}")]
    blocks = SequenceMatcher(None, names, new_names, autojunk=False).get_opcodes()
    if all(tag != "equal" for tag, *_ in blocks):
        return [{"op": "replace", "path": path, "value": new}]
    changes: list[Change] = []
    at = 0
    for _, start, stop, new_start, new_stop in blocks:
        paired = min(stop - start, new_stop - new_start)
        for offset in range(paired):
            changes += diff(old[start + offset], new[new_start + offset], f"{path}/{at + offset}")
        at += paired
        changes += [{"op": "remove", "path": f"{path}/{at}"}] * (stop - start - paired)
        for value in new[new_start + paired : new_stop]:
            changes.append({"op": "add", "path": f"{path}/{at}", "value": value})
            at += 1
    return changes


def _identity(item: Any) -> str:
    return repr([item.get(name) for name in _IDENTITY] if isinstance(item, dict) else item)
