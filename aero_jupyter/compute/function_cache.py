"""A cache of registered functions, shared by all kernels of this user on this machine."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from aero_jupyter.core.safe_parsing import parse_json

Owner = Callable[[], str | None]

#: Maximum number of cached functions; the oldest are dropped first.
_MOST_FUNCTIONS = 1000


class FunctionCache:
    """The ids of registered functions by their source code.

    Parameters
    ----------
    path : Path
        The file of the cache.
    owner : callable
        Returns the server and the user, since ids hold for one user of one server. While it returns None, ids are
        cached in this process only.
    """

    def __init__(self, path: Path, owner: Owner) -> None:
        self._path = path
        self._owner = owner
        self._ids: dict[str, str] = {}

    def find(self, source: str, entry: str) -> str | None:
        """Return the id registered for a source text and the name of its function; None if there is none."""
        key = self._key(source, entry)
        return self._ids.get(key) or self._read().get(key)

    def store(self, source: str, entry: str, id: str) -> None:
        """Store an id."""
        key = self._key(source, entry)
        self._ids[key] = id
        self._write({**self._read(), key: id})

    def remove(self, id: str) -> None:
        """Remove an id that the server does not know."""
        self._ids = {key: known for key, known in self._ids.items() if known != id}
        self._write({key: known for key, known in self._read().items() if known != id})

    def _key(self, source: str, entry: str) -> str:
        # One text holds several functions, so the key includes the name.
        return hashlib.sha256("\n".join((self._owner() or "", entry, source)).encode()).hexdigest()

    def _read(self) -> dict[str, str]:
        if self._owner() is None:
            return {}
        try:
            stored = parse_json(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return {str(key): str(id) for key, id in stored.items()} if isinstance(stored, dict) else {}

    def _write(self, ids: dict[str, str]) -> None:
        if self._owner() is None:
            return
        # A failed write costs only another registration.
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Created with mode 0600 and replaced atomically: kernels write concurrently.
            handle, part = tempfile.mkstemp(dir=self._path.parent)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(dict(list(ids.items())[-_MOST_FUNCTIONS:]), file)
            os.replace(part, self._path)
