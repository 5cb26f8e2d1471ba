"""Find the access token for a server: handed over, in the environment, or in upstream's token file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from globus_sdk import AccessTokenAuthorizer

from aero_jupyter.core.config import Profile
from aero_jupyter.core.errors import InvalidArgument

_FILE = "client_tokens.json"


def authorizer(
    profile: Profile | None, environ: Mapping[str, str], token: str | None = None
) -> AccessTokenAuthorizer | None:
    """Give what signs requests, or None where no token is to be found.

    Only ever an access token: a refresh token never leaves the file it is in.
    """
    found = token or environ.get("AERO_ACCESS_TOKEN") or (_stored(profile) if profile else None)
    return AccessTokenAuthorizer(found) if found else None


def _path(profile: Profile) -> Path | None:
    return Path(profile.cache_dir).expanduser() / _FILE if profile.cache_dir else None


def _stored(profile: Profile) -> str | None:
    path = _path(profile)
    if path is None or not path.exists():
        return None
    try:
        token = json.loads(path.read_text("utf-8")).get(profile.portal_client_id, {}).get("access_token")
    except (AttributeError, OSError, ValueError):
        # What the file holds stays out of the message: it may be half a token.
        raise InvalidArgument(f"The token file {path} cannot be read.", "Remove it with %aero_logout.") from None
    return str(token) if token else None


def forget(profile: Profile) -> bool:
    """Remove the token file of a profile; False when there was none."""
    path = _path(profile)
    if path is None or not path.exists():
        return False
    path.unlink()
    return True
