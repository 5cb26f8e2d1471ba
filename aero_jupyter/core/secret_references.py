"""References to secrets in a source's headers and sign-in: $NAME, ${NAME} or keyring:SERVICE/USER."""

from __future__ import annotations

import re

#: An environment variable, or an entry of the keyring.
SECRET_NAME = re.compile(
    r"\$(?:\{(?P<braced>[A-Za-z_]\w*)\}|(?P<plain>[A-Za-z_]\w*))|keyring:(?P<service>\S+)/(?P<user>[^\s/]+)"
)


def split_auth(auth: str) -> tuple[str, str]:
    """Return the user and the password that ``user:$PASSWORD`` or ``keyring:SERVICE/USER`` names."""
    entry = SECRET_NAME.fullmatch(auth)
    if entry is not None and entry["service"]:
        return entry["user"], auth
    user, _, password = auth.partition(":")
    return user, password


def secret_names(headers: object, auth: object) -> list[str]:
    """Return the names of secrets in headers and a sign-in, each once."""
    texts = [str(value) for value in headers.values()] if isinstance(headers, dict) else []
    if auth:
        texts += split_auth(str(auth))
    return list(dict.fromkeys(found[0] for text in texts for found in SECRET_NAME.finditer(text)))
