"""Globus tokens on an endpoint: from its client credentials, from this package's token file, or from AERO's."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.jobs.http_client import request_json
from aero_jupyter.jobs.request_errors import AeroJobError

#: Seconds before its expiry at which a token is not used.
_MARGIN = 60
_PAIRS = (("AERO_CLIENT_ID", "AERO_CLIENT_SECRET"), ("GLOBUS_COMPUTE_CLIENT_ID", "GLOBUS_COMPUTE_CLIENT_SECRET"))
_FETCHED: dict[tuple[str, str], tuple[float, str]] = {}


def globus_token(config: Mapping[str, str], server: str, scope: str) -> str | None:
    """Return an access token for a resource server; None if there is none.

    Parameters
    ----------
    config : mapping
        The profile: ``name``, ``client_uuid``, ``cache_dir``.
    server : str
        The id of an AERO server or of a collection.
    scope : str
        The name of the scope, or its URL.
    """
    for names in _PAIRS:
        if all(os.environ.get(name) for name in names):
            scope_url = scope if ":" in scope else _scope_url(server, scope)
            return _client_token(os.environ[names[0]], os.environ[names[1]], scope_url)
    if not config.get("cache_dir"):
        return None
    own_file, upstream_file = _token_files(config)
    entry = _stored_entry(read_private_json(own_file).get("tokens"), server)
    if entry:
        return _access_token(entry) if _is_valid(entry) else _stored_token(own_file, server, config)
    upstream_entry = _stored_entry(read_private_json(upstream_file), server)
    return _access_token(
        upstream_entry if not upstream_entry or _is_valid(upstream_entry) else _renewed_entry(upstream_entry, config)
    )


def holds_https_scope(config: Mapping[str, Any], collection: str) -> bool:
    """Return whether a stored token has the scope for the files of this collection."""
    if not config.get("cache_dir"):
        return False
    own_file, upstream_file = _token_files(config)
    entry = _stored_entry(read_private_json(own_file).get("tokens"), collection) or _stored_entry(
        read_private_json(upstream_file), collection
    )
    return _scope_url(collection, "https") in str(entry.get("scope") or "").split()


def _scope_url(server: str, scope: str) -> str:
    return f"https://auth.globus.org/scopes/{server}/{scope}"


def _token_files(config: Mapping[str, Any]) -> tuple[str, str]:
    folder = os.path.expanduser(config["cache_dir"])
    own_file = os.path.join(folder, "aero_jupyter", quote(str(config.get("name") or "default"), safe="") + ".json")
    return own_file, os.path.join(folder, "client_tokens.json")


def _client_token(client: str, secret: str, scope: str) -> str | None:
    until, token = _FETCHED.get((client, scope), (0.0, ""))
    if until <= time.time():
        basic = base64.b64encode(f"{client}:{secret}".encode()).decode()
        form = {"grant_type": "client_credentials", "scope": scope}
        answer = _request_tokens(
            form, "Globus does not accept this endpoint's client.", {"Authorization": f"Basic {basic}"}
        )
        token = str(answer["access_token"])
        _FETCHED[client, scope] = (time.time() + float(answer["expires_in"]) - _MARGIN, token)
    return token


def _stored_token(path: str, server: str, config: Mapping[str, str]) -> str | None:
    with _locked(path):
        # A kernel or another task may have renewed it or logged out meanwhile.
        document = read_private_json(path)
        entry = _stored_entry(document.get("tokens"), server)
        if entry and not _is_valid(entry):
            entry = document["tokens"][server] = _renewed_entry(entry, config)
            write_private_json(path, document)
    return _access_token(entry)


def _renewed_entry(entry: Mapping[str, Any], config: Mapping[str, str]) -> dict[str, Any]:
    ended = "The login on this endpoint has ended: log in there with aero-jupyter login"
    token, client = entry.get("refresh_token"), config.get("client_uuid")
    if not token or not client:
        raise AeroJobError(ended)
    answer = _request_tokens({"grant_type": "refresh_token", "refresh_token": token, "client_id": client}, ended, {})
    new = {key: answer[key] for key in ("access_token", "refresh_token") if answer.get(key)}
    return {**entry, **new, "expires_at_seconds": int(time.time() + float(answer["expires_in"]))}


def _request_tokens(form: Mapping[str, str], refusal: str, headers: Mapping[str, str]) -> dict[str, Any]:
    auth_url = os.environ.get("GLOBUS_SDK_SERVICE_URL_AUTH") or "https://auth.globus.org"
    url = f"{auth_url.rstrip('/')}/v2/oauth2/token"
    try:
        answer: dict[str, Any] = request_json("POST", url, "Globus", data=form, headers=headers)
    except AeroJobError as error:
        if error.status in (400, 401, 403):
            raise AeroJobError(refusal, error.status) from None
        raise
    return answer


def _is_valid(entry: Mapping[str, Any]) -> bool:
    return float(entry.get("expires_at_seconds") or "inf") > time.time() + _MARGIN


def _stored_entry(tokens: object, server: str) -> dict[str, Any]:
    found = tokens.get(server) if isinstance(tokens, dict) else None
    return found if isinstance(found, dict) else {}


def _access_token(entry: Mapping[str, Any]) -> str | None:
    token = entry.get("access_token")
    return token if isinstance(token, str) else None


def read_private_json(path: str) -> dict[str, Any]:
    """Return the JSON object in a file; empty if the file is missing or damaged."""
    try:
        with open(path, encoding="utf-8") as file:
            document = parse_json(file.read())
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


@contextlib.contextmanager
def _locked(path: str) -> Iterator[None]:
    import fcntl

    with open(os.path.splitext(path)[0] + ".lock", "w") as lock:
        # Some cluster file systems have no locks; the atomic write has to suffice.
        with contextlib.suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_private_json(path: str, document: Mapping[str, Any]) -> None:
    """Replace a file that only this user can read by a JSON object, in one step."""
    part = f"{os.path.splitext(path)[0]}.{os.getpid()}"
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(document, file)
    os.replace(part, path)
