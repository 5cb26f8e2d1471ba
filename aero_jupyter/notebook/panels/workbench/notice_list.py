"""The notices of the local AERO in the workbench: folded, newest first, and dismissed for good."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from aero_jupyter.core.decode_values import time_from
from aero_jupyter.core.errors import AeroError
from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.notebook.settings import moment
from aero_jupyter.notebook.widgets import tree as trees
from aero_jupyter.notebook.widgets.tree import Node
from aero_jupyter.session.cache_files import cache_file, replace_private

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session

#: Notices that are fetched and that are shown, at most. New versions are left out: the catalogue marks them.
_MAX_FETCHED, _MAX_SHOWN = 200, 20
#: Older notices are not shown.
_LONGEST = timedelta(days=7)
_MARKS = {"failed": "✕", "late": "▲", "drifted": "▲", "recovered": "✓"}


class NoticeList:
    """The notices that were not dismissed. Dismissed ones are remembered in the user's cache, for each server."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._notices: Sequence[Mapping[str, str]] = []
        self._dismissed: list[str] | None = None

    def fetch(self) -> None:
        """Fetch the newest notices; a server that records none, or does not answer, leaves the list as it is."""
        if not self._session.client.dialect.runs:
            return
        with contextlib.suppress(AeroError):
            self._notices = self._session.client.notices(_MAX_FETCHED)

    def dismiss(self, key: str | None = None) -> None:
        """Dismiss the notice with a key, or all notices."""
        dropped = [each["key"] for each in self._open() if key is None or each["key"] == key]
        self._dismissed = [*self._dismissed_keys(), *dropped][-_MAX_FETCHED:]
        # In a cache that cannot be written, the notices come back in another kernel.
        with contextlib.suppress(OSError):
            replace_private(self._file(), json.dumps(self._dismissed).encode())

    def nodes(self) -> list[Node]:
        """Build the folded list; nothing without a notice."""
        found = self._open()
        if not found:
            return []
        count = f"{len(found)} notice{'' if len(found) == 1 else 's'}"
        rows = [
            trees.row(trees.text(_line(each)), trees.button("Dismiss", "dismiss", key=each["key"]))
            for each in found[:_MAX_SHOWN]
        ]
        everything = trees.button("Dismiss all", "dismiss all") if len(found) > 1 else None
        return [trees.fold(count, *rows, everything)]

    def _open(self) -> Sequence[Mapping[str, str]]:
        oldest = datetime.now(timezone.utc) - _LONGEST
        dismissed = set(self._dismissed_keys())
        found = [each for each in self._notices if each["event"] in _MARKS and each["key"] not in dismissed]
        return [each for each in found if (at := time_from(each["created_at"])) is None or at > oldest]

    def _dismissed_keys(self) -> list[str]:
        if self._dismissed is None:
            self._dismissed = []
            # A file that cannot be read dismisses nothing.
            with contextlib.suppress(OSError, ValueError):
                stored = parse_json(self._file().read_bytes())
                self._dismissed = [str(key) for key in stored] if isinstance(stored, list) else []
        return self._dismissed

    def _file(self) -> Path:
        return cache_file("notices", [self._session.client.base_url], ".json")


def _line(notice: Mapping[str, str]) -> str:
    at = time_from(notice["created_at"])
    return f"{_MARKS[notice['event']]} {notice['text']}{f' {moment(at)}' if at else ''}"
