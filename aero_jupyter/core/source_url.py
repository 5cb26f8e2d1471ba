"""Validation of a source URL before registration."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.redaction import redact_url

ALLOW = "AERO_LOCAL_ALLOW"
#: The placeholder of a secret in a displayed URL.
_HIDDEN = "…"


def require_source_url(url: str, environ: Mapping[str, str], *, is_local: bool = True) -> None:
    """Raise if no run would download the URL.

    Parameters
    ----------
    environ : mapping
        The environment variables, of which AERO_LOCAL_ALLOW may allow files.
    is_local : bool
        Whether the local AERO downloads the source.

    Raises
    ------
    InvalidArgument
    """
    if _lacks_secret(url):
        raise InvalidArgument(
            "The URL of the source has … in place of a secret.",
            "Write the secret there, or better name it: --header 'X-App-Token=$APP_TOKEN' or --auth 'user:$PASSWORD'.",
        )
    if url.startswith(("http://", "https://")):
        return
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme != "file" or not is_local:
        raise InvalidArgument(
            f"{redact_url(url)!r} is not the address of a source.", "Write it as https://host/file.csv."
        )
    if parts.netloc not in ("", "localhost") or not parts.path.startswith("/") or parts.path.endswith("/"):
        raise InvalidArgument(f"{url!r} names no file of this machine.", "Write it as file:///folder/file.csv.")
    allowed = [word.strip() for word in environ.get(ALLOW, "").split(",") if word.strip()]
    if "files" not in allowed:
        raise InvalidArgument(
            "The source is a file of this machine, which is not downloaded unless AERO_LOCAL_ALLOW allows files.",
            f"Type %env {ALLOW}={','.join([*allowed, 'files'])}, then in a terminal: aero-jupyter local stop",
        )


def _lacks_secret(url: str) -> bool:
    """Return whether a URL was copied from a display that redacted its secrets."""
    complete = redact_url(url).count(_HIDDEN) - url.count(_HIDDEN)
    return redact_url(url.replace(_HIDDEN, "x")).count(_HIDDEN) > complete
