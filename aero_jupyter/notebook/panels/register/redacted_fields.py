"""Secrets in the fields of a form: the kernel keeps those of a URL, and the front end never receives one."""

from __future__ import annotations

import re

from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.redaction import redact_url
from aero_jupyter.core.secret_references import SECRET_NAME, split_auth
from aero_jupyter.core.source_credentials import headers_from, may_be_stored, require_names

HIDDEN = "…"
#: Text before a hidden secret that identifies it: the name of a parameter, or the // before a user.
_SECRET_LABEL = re.compile(r"(?:[\w.-]{1,80}=|//|.)?$", re.DOTALL)
Headers = tuple[tuple[str, str], ...]


def restore_secrets(typed: str, before: str) -> str:
    """Return a typed URL with the secrets that the field hid; ``…`` stays where a secret is not found.

    Parameters
    ----------
    typed : str
        The text of the field.
    before : str
        The URL with the secrets that the field hid.
    """
    pieces = redact_url(before).split(HIDDEN)
    found = re.fullmatch("(.*?)".join(map(re.escape, pieces)), before, re.DOTALL)
    secrets: dict[str, list[str]] = {}
    for piece, secret in zip(pieces, found.groups() if found else (), strict=False):
        secrets.setdefault(_label_before(piece), []).append(secret)
    parts = typed.split(HIDDEN)
    for number, part in enumerate(parts[:-1]):
        known = secrets.get(_label_before(part))
        parts[number] = part + (known.pop(0) if known else HIDDEN)
    return "".join(parts)


def _label_before(text: str) -> str:
    found = _SECRET_LABEL.search(text[-100:])
    return found[0] if found else ""


def parse_headers(text: str) -> Headers:
    """Parse the lines ``Name=$VARIABLE`` of a field; a value that may be a secret becomes ``…``."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return tuple(_header(line) for line in lines)


def _header(line: str) -> tuple[str, str]:
    found = re.fullmatch(r"([^\s=:]+)\s*[=:]\s*(.*[^\s=].*)", line)
    # A line without a value may be a secret.
    if found is None:
        return HIDDEN, ""
    return found[1], found[2] if may_be_stored(found[1], found[2]) else HIDDEN


def format_headers(headers: Headers) -> str:
    """Return headers as the lines of a field."""
    return "\n".join(f"{name}={value}" if value else name for name, value in headers)


def parse_auth(text: str) -> str:
    """Parse the field of a login; a password becomes ``…`` unless it is the name of a secret."""
    text = text.strip()
    user, password = split_auth(text)
    if not text or SECRET_NAME.fullmatch(password):
        return text
    return f"{user}:{HIDDEN}" if ":" in text else HIDDEN


def require_credentials_of(headers: Headers, auth: str) -> None:
    """Raise an error if headers or a login contain a secret instead of its name.

    Raises
    ------
    InvalidArgument
    """
    if any(not value for _, value in headers):
        text = "A line of the headers has no name or no value, and was not stored."
        raise InvalidArgument(text, "Write it as X-App-Token=$APP_TOKEN.")
    headers_from([f"{name}={value}" for name, value in headers])
    require_names(dict(headers), auth or None)
