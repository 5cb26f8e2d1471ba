"""Names of files that mark a version: one whose checks warned has its warnings in a file beside it."""

from __future__ import annotations

import re

#: Stands in the name of a file whose checks warned; every server stores the name of a version's file.
WARNED = ".warned"
#: Appended to the name of such a file: the file with its warnings.
WARNINGS_SUFFIX = ".warnings.json"
_WARNED_NAME = re.compile(r"[0-9a-f]{32}\.warned(?:\..*)?")


def is_warned(file_name: str | None) -> bool:
    """Return whether the name of a version's file says that checks warned."""
    return _WARNED_NAME.fullmatch(file_name or "") is not None
