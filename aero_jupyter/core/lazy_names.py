"""Names of a room that are imported from its modules at their first use."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any  # the names of any room


def lazy_names(room: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return the ``__getattr__`` of a room, so that importing one of its modules does not import all others.

    Parameters
    ----------
    room : str
        The ``__name__`` of the room.
    homes : mapping of str to str
        The module of each name; no module has the name of something in another one.
    """

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{room}.{homes[name]}"), name)
        setattr(sys.modules[room], name, value)
        return value

    return find
