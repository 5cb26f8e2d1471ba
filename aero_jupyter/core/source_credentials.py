"""The headers and the sign-in of a source: they reference secrets and never hold them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.secret_references import SECRET_NAME, split_auth

#: Headers that hold no secret, so that their values may be stored.
_WRITTEN_OUT = frozenset({"accept", "accept-language", "origin", "referer", "user-agent"})
#: Headers that the download sets itself.
_OWN = frozenset(
    [
        "accept-encoding",
        "connection",
        "content-length",
        "host",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "range",
        "transfer-encoding",
    ]
)
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
#: Texts that may surround the reference to a secret: "Bearer ", 'Token token="'.
_AROUND = re.compile(r"[A-Za-z =\":;,-]{0,24}")
_CONTROL = re.compile("[\x00-\x1f\x7f]")


def headers_from(texts: list[str]) -> dict[str, str]:
    """Parse headers written as ``NAME=VALUE`` or ``NAME: VALUE``.

    Raises
    ------
    InvalidArgument
        If one has no name or no value, is given twice, or holds a secret.
    """
    headers: dict[str, str] = {}
    for text in texts:
        found = re.match(r"\s*([^\s=:]+)\s*[=:]\s*(.*\S)", text, re.DOTALL)
        if found is None:
            raise InvalidArgument(
                "A --header does not name a header and its value.", "Write --header 'X-App-Token=$APP_TOKEN'."
            )
        if found[1].lower() in (name.lower() for name in headers):
            raise InvalidArgument(f"The header {found[1]} is given twice.", "Leave one out.")
        headers[found[1]] = found[2]
    require_names(headers, None)
    return headers


def require_names(headers: Mapping[str, Any] | None, auth: object) -> None:
    """Raise if headers or a sign-in hold a secret instead of its name, or cannot be sent.

    Raises
    ------
    InvalidArgument
    """
    if headers is not None and not isinstance(headers, Mapping):
        raise InvalidArgument("The headers of a source are no mapping.", "Write headers={'X-App-Token': '$APP_TOKEN'}.")
    for name, value in (headers or {}).items():
        _require_header(str(name), value)
    if auth is not None:
        _require_auth(auth)
    if auth is not None and any(str(name).lower() == "authorization" for name in headers or {}):
        raise InvalidArgument("A source has two logins: the header Authorization and auth.", "Leave one out.")


def _require_header(name: str, value: object) -> None:
    if not _HEADER_NAME.fullmatch(name):
        raise InvalidArgument("The name of a header is not valid.", "Use letters, digits and hyphens.")
    if name.lower() in _OWN:
        raise InvalidArgument(f"The download sets the header {name} itself.", "Leave it out.")
    if not isinstance(value, str) or _CONTROL.search(value):
        raise InvalidArgument(f"The value of the header {name} is not one line of text.", "Write it as one line.")
    if may_be_stored(name, value):
        return
    variable = re.sub(r"\W", "_", name).upper()
    raise InvalidArgument(
        f"The header {name} holds its value itself; only the name of a secret may be stored.",
        f"Write '{name}=${variable}' and set {variable} where the download runs, or name keyring:SERVICE/USER.",
    )


def may_be_stored(name: str, value: str) -> bool:
    """Return whether the value of a header names its secret, or holds none by its header's meaning."""
    around = SECRET_NAME.sub("", value)
    return name.lower() in _WRITTEN_OUT or (around != value and bool(_AROUND.fullmatch(around)))


def _require_auth(auth: object) -> None:
    cure = "Write user:$PASSWORD and set PASSWORD where the download runs, or name keyring:SERVICE/USER."
    if not isinstance(auth, str) or not auth or _CONTROL.search(auth):
        raise InvalidArgument("The login of a source is not text.", cure)
    user, password = split_auth(auth)
    if not SECRET_NAME.fullmatch(password):
        raise InvalidArgument("The login of a source contains its password itself, or has none.", cure)
    if not user:
        raise InvalidArgument("The sign-in of a source has no user.", cure)


def require_names_of(outputs: Mapping[str, Any]) -> None:
    """Refuse outputs of a registration whose source's headers or sign-in hold a secret, or that have no source.

    Raises
    ------
    InvalidArgument
    """
    for name, entry in outputs.items():
        if not isinstance(entry, Mapping) or not (entry.get("headers") or entry.get("auth")):
            continue
        require_names(entry.get("headers"), entry.get("auth"))
        if not entry.get("url"):
            raise InvalidArgument(f"Output {name} has headers or a sign-in and no source.", "Add --source NAME=URL.")
