"""Which functions a server has already: remembered for all kernels of this user on this machine."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

Owner = Callable[[], str | None]

#: Functions that are remembered; the oldest are forgotten first.
_MOST = 1000


class KnownFunctions:
    """Ids of registered functions by their text.

    Parameters
    ----------
    path : Path
        The file that keeps them.
    owner : callable
        Tells the server, and as whom: the ids of one are nothing to another. While it tells None, they are kept in
        this process only.
    """

    def __init__(self, path: Path, owner: Owner) -> None:
        self._path = path
        self._owner = owner
        self._ids: dict[str, str] = {}

    def find(self, source: str, entry: str) -> str | None:
        """Give the id of a text under the name to call in it."""
        key = self._key(source, entry)
        return self._ids.get(key) or self._kept().get(key)

    def keep(self, source: str, entry: str, id: str) -> None:
        """Remember an id."""
        key = self._key(source, entry)
        self._ids[key] = id
        self._write({**self._kept(), key: id})

    def forget(self, id: str) -> None:
        """Forget an id that the server does not know."""
        self._ids = {key: known for key, known in self._ids.items() if known != id}
        self._write({key: known for key, known in self._kept().items() if known != id})

    def _key(self, source: str, entry: str) -> str:
        # One text holds several functions: the name belongs to what is remembered.
        return hashlib.sha256("\n".join((self._owner() or "", entry, source)).encode()).hexdigest()

    def _kept(self) -> dict[str, str]:
        if self._owner() is None:
            return {}
        try:
            kept = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(key): str(id) for key, id in kept.items()} if isinstance(kept, dict) else {}

    def _write(self, ids: dict[str, str]) -> None:
        if self._owner() is None:
            return
        # What cannot be kept costs another registration, and nothing else.
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Made with 0600, and whole under its name at once: kernels write side by side.
            handle, part = tempfile.mkstemp(dir=self._path.parent)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(dict(list(ids.items())[-_MOST:]), file)
            os.replace(part, self._path)
