"""Globus tokens on an endpoint: of its own client, of our token file, or of that of AERO's client."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from aero_jupyter.jobs.web import AeroJobError, ask_json

#: Seconds before its end at which a token is not used any more.
_MARGIN = 60
_PAIRS = (("AERO_CLIENT_ID", "AERO_CLIENT_SECRET"), ("GLOBUS_COMPUTE_CLIENT_ID", "GLOBUS_COMPUTE_CLIENT_SECRET"))
_FETCHED: dict[tuple[str, str], tuple[float, str]] = {}


def globus_token(config: Mapping[str, str], server: str, scope: str) -> str | None:
    """Give an access token for a resource server, if this endpoint can have one.

    Parameters
    ----------
    config : mapping
        The profile: ``name``, ``client_uuid``, ``cache_dir``.
    server : str
        The id of an AERO server or of a collection.
    scope : str
        The name of its scope.
    """
    for names in _PAIRS:
        if all(os.environ.get(name) for name in names):
            whole = f"https://auth.globus.org/scopes/{server}/{scope}"
            return _of_client(os.environ[names[0]], os.environ[names[1]], whole)
    if not config.get("cache_dir"):
        return None
    folder = os.path.expanduser(config["cache_dir"])
    ours = os.path.join(folder, "aero_jupyter", quote(config.get("name", "default"), safe="") + ".json")
    kept = _kept(_document(ours).get("tokens"), server)
    if kept:
        return _access(kept) if _holds(kept) else _of_file(ours, server, config)
    theirs = _kept(_document(os.path.join(folder, "client_tokens.json")), server)
    return _access(theirs if not theirs or _holds(theirs) else _renewed(theirs, config))


def _of_client(client: str, secret: str, scope: str) -> str | None:
    until, token = _FETCHED.get((client, scope), (0.0, ""))
    if until <= time.time():
        basic = base64.b64encode(f"{client}:{secret}".encode()).decode()
        form = {"grant_type": "client_credentials", "scope": scope}
        answer = _asked(form, "Globus does not accept this endpoint's client.", {"Authorization": f"Basic {basic}"})
        token = str(answer["access_token"])
        _FETCHED[client, scope] = (time.time() + float(answer["expires_in"]) - _MARGIN, token)
    return token


def _of_file(path: str, server: str, config: Mapping[str, str]) -> str | None:
    with _locked(path):
        # A kernel or another task may have renewed it, or logged out, in the meantime.
        document = _document(path)
        kept = _kept(document.get("tokens"), server)
        if kept and not _holds(kept):
            kept = document["tokens"][server] = _renewed(kept, config)
            _write(path, document)
    return _access(kept)


def _renewed(kept: Mapping[str, Any], config: Mapping[str, str]) -> dict[str, Any]:
    ended = "The login on this endpoint has ended: log in there with aero-jupyter login."
    token, client = kept.get("refresh_token"), config.get("client_uuid")
    if not token or not client:
        raise AeroJobError(ended)
    answer = _asked({"grant_type": "refresh_token", "refresh_token": token, "client_id": client}, ended, {})
    new = {key: answer[key] for key in ("access_token", "refresh_token") if answer.get(key)}
    return {**kept, **new, "expires_at_seconds": int(time.time() + float(answer["expires_in"]))}


def _asked(form: Mapping[str, str], refusal: str, headers: Mapping[str, str]) -> dict[str, Any]:
    where = os.environ.get("GLOBUS_SDK_SERVICE_URL_AUTH") or "https://auth.globus.org"
    url = f"{where.rstrip('/')}/v2/oauth2/token"
    try:
        answer: dict[str, Any] = ask_json("POST", url, "Globus", data=form, headers=headers)
    except AeroJobError as error:
        if error.status in (400, 401, 403):
            raise AeroJobError(refusal, error.status) from None
        raise
    return answer


def _holds(kept: Mapping[str, Any]) -> bool:
    return float(kept.get("expires_at_seconds") or "inf") > time.time() + _MARGIN


def _kept(tokens: Any, server: str) -> dict[str, Any]:
    found = tokens.get(server) if isinstance(tokens, dict) else None
    return found if isinstance(found, dict) else {}


def _access(kept: Mapping[str, Any]) -> str | None:
    token = kept.get("access_token")
    return token if isinstance(token, str) else None


def _document(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


@contextlib.contextmanager
def _locked(path: str) -> Iterator[None]:
    import fcntl

    with open(os.path.splitext(path)[0] + ".lock", "w") as lock:
        # Some file systems of clusters have no locks; files written whole must do there.
        with contextlib.suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(path: str, document: Mapping[str, Any]) -> None:
    part = f"{os.path.splitext(path)[0]}.{os.getpid()}"
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(document, file)
    os.replace(part, path)
