"""The names of all settings, so that a misspelt one is named instead of ignored."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping

#: The environment variables that this package and its tests read.
ENVIRONMENT_NAMES = (
    "AERO_ACCESS_TOKEN",
    "AERO_ANSWER_BYTES",
    "AERO_ANSWER_SECONDS",
    "AERO_BENCH_BYTES",
    "AERO_CHROMIUM",
    "AERO_CLIENT_ID",
    "AERO_CLIENT_SECRET",
    "AERO_COLLECTION_URL",
    "AERO_COLLECTION_UUID",
    "AERO_CONFIG_FILE",
    "AERO_DIR",
    "AERO_HOME",
    "AERO_INPUTS",
    "AERO_KILLS",
    "AERO_LOCAL_ALLOW",
    "AERO_LOCAL_MEMORY",
    "AERO_LOCAL_PULL_BYTES",
    "AERO_LOCAL_PULL_LOOKUP",
    "AERO_LOCAL_PULL_RATIO",
    "AERO_LOCAL_PULL_SECONDS",
    "AERO_LOCAL_PULL_TOTAL",
    "AERO_LOCAL_TIMEOUT",
    "AERO_PROFILE",
    "AERO_READ_BYTES",
    "AERO_READ_RATIO",
    "AERO_READ_SECONDS",
    "AERO_SCREENSHOTS",
    "AERO_SERVER",
    "AERO_SLOW_SECONDS",
    "AERO_VERSION_BYTES",
    "AERO_VERSION_RATIO",
    "AERO_WORKER_ENV",
)
_PREFIX = "AERO_"
#: Minimum similarity of a misspelt name, from 0 to 1, as `difflib` measures it.
_SIMILARITY = 0.75


def nearest_name(text: str, names: Iterable[str]) -> str | None:
    """Return the name that a text is most likely a misspelling of; None if it is like none of them.

    Examples
    --------
    >>> nearest_name("servr", ["server", "cache_dir"])
    'server'
    >>> nearest_name("editor", ["server", "cache_dir"]) is None
    True
    """
    folded = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(text.casefold(), folded, n=1, cutoff=_SIMILARITY)
    return folded[close[0]] if close else None


def unknown_settings(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a sentence on each environment variable that looks like a setting and is none; values are not shown."""
    for name in sorted(environ):
        if name.startswith(_PREFIX) and name not in ENVIRONMENT_NAMES:
            nearest = nearest_name(name, ENVIRONMENT_NAMES)
            meant = f" Did you mean {nearest}?" if nearest else ""
            yield f"{name} is set but is not a setting, so it is ignored.{meant}"
