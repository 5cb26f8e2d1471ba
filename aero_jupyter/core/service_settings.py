"""The environment variables that the local AERO reads once, when it starts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.redaction import redact_url
from aero_jupyter.core.safe_parsing import parse_count
from aero_jupyter.core.setting_names import ENVIRONMENT_NAMES
from aero_jupyter.core.suggestions import suggest

_PREFIXES = ("AERO_LOCAL_", "AERO_READ_", "AERO_ANSWER_")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_NAMES = ("AERO_WORKER_ENV", "AERO_DIR", *_PROXIES, *(name.lower() for name in _PROXIES))
_ALLOW = "AERO_LOCAL_ALLOW"
_ALLOWED = ("files", "link-local", "private-redirects", "insecure-redirects")
#: The numeric settings, with an example of each.
_WHOLE = {
    "AERO_LOCAL_PULL_BYTES": 1 << 34,
    "AERO_LOCAL_PULL_RATIO": 200,
    "AERO_LOCAL_PULL_SECONDS": 120,
    "AERO_LOCAL_PULL_TOTAL": 21600,
    "AERO_LOCAL_PULL_LOOKUP": 2,
    "AERO_ANSWER_BYTES": 1 << 28,
    "AERO_ANSWER_SECONDS": 600,
}
_NUMBERS = {
    "AERO_LOCAL_TIMEOUT": 3600,
    "AERO_LOCAL_MEMORY": 1 << 33,
    "AERO_READ_BYTES": 1 << 33,
    "AERO_READ_RATIO": 200,
    "AERO_READ_SECONDS": 300,
}


def settings_of(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the settings among the environment variables; none of them holds a secret."""
    return {
        name: redact_url(value)
        for name, value in environ.items()
        if value and (name in _NAMES or (name.startswith(_PREFIXES) and name in ENVIRONMENT_NAMES))
    }


def require_valid_settings(environ: Mapping[str, str]) -> None:
    """Raise if a setting would be ignored, or would keep the local AERO from starting.

    Raises
    ------
    InvalidArgument
        If one is no number, or names what nothing allows.
    """
    for name, example in {**_WHOLE, **_NUMBERS}.items():
        text = environ.get(name)
        if text and not (_is_number(text) if name in _NUMBERS else parse_count(text)):
            kind = "not a whole number" if name in _WHOLE else "not a number"
            raise InvalidArgument(f"{name} is {text!r}, which is {kind} above 0.", f"Type %env {name}={example}")
    for word in filter(None, map(str.strip, environ.get(_ALLOW, "").split(","))):
        if word not in _ALLOWED:
            raise InvalidArgument(f"{_ALLOW} names {word!r}, which it does not know.", suggest(word, _ALLOWED))


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text)) and float(text) > 0
    except ValueError:
        return False


def changed_settings(started_with: Mapping[str, str], environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the name and a sentence of each setting that the running service does not know."""
    now = settings_of(environ)
    for name in sorted({*started_with, *now}):
        before, after = started_with.get(name), now.get(name)
        if before != after:
            yield (
                name,
                f"{name} is {_shown(after)} here, but the running local AERO was started with it {_shown(before)}. "
                "Stop it with: aero-jupyter local stop; the next start reads the new value.",
            )


def _shown(value: str | None) -> str:
    return "not set" if value is None else repr(value)
