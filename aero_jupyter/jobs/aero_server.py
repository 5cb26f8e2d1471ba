"""The AERO server of a task, and the tokens that may be sent to each host."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any  # JSON values

from aero_jupyter.jobs.collection_hosts import collection_token, strict_origin
from aero_jupyter.jobs.globus_tokens import globus_token
from aero_jupyter.jobs.http_client import request_json
from aero_jupyter.jobs.request_errors import AeroJobError, origin

_DEFAULT_SERVER = "https://aero.emews.org:5001"
#: The older server's path prefix.
_OLDER = "/osprey/api/v1.0"
_PRIVATE = frozenset({"server", "token", "secrets", "stored_files", "takes_over_files", "shared_folder"})


def server_of(aero: Mapping[str, Any]) -> str:
    """Return the base URL of the task's AERO server, without a final slash."""
    server = aero.get("server") or os.environ.get("AERO_SERVER") or _configured_server()
    if not server:
        raise AeroJobError(
            "No AERO server is configured on this endpoint: neither AERO_SERVER nor ~/.aero/config.toml exists."
        )
    return str(server).rstrip("/")


def ask_aero(
    aero: Mapping[str, Any], method: str, path: str, *, older: Mapping[str, Any] | None = None, **options: Any
) -> Any:
    """Ask the task's AERO server, of either generation, and return its JSON.

    Parameters
    ----------
    older : mapping, optional
        Options in place of ``options`` for a server of the older generation.
    """
    server = server_of(aero)
    # The older server answers below its own prefix; other paths return an unrelated web page.
    if not server.endswith(_OLDER):
        try:
            return _answered(aero, method, server + path, options)
        except AeroJobError as error:
            if error.status != 404 or error.detail:
                raise
            unknown = error
        server += _OLDER
    else:
        unknown = None
    try:
        return _answered(aero, method, server + path, older or options)
    except AeroJobError as error:
        raise (unknown if unknown and error.status == 404 and not error.detail else error) from None


def _answered(aero: Mapping[str, Any], method: str, url: str, options: Mapping[str, Any]) -> Any:
    return request_json(method, url, "The AERO server", token=token_for(aero, url), **options)


def token_for(aero: Mapping[str, Any], url: str, collection: str | None = None) -> str | None:
    """Return the bearer token that may be sent to ``url``.

    Parameters
    ----------
    collection : str, optional
        The Globus collection that the URL belongs to.

    Raises
    ------
    AeroJobError
        If the collection is known to be on another host.
    """
    server = aero.get("server") or os.environ.get("AERO_SERVER") or _configured_server()
    reached = strict_origin(url)
    if server and reached is not None and reached == origin(str(server)):
        return aero.get("token") or _token_of_server(str(server))
    return collection_token(_config(), collection, url) if collection else None


def without_secrets(aero: Mapping[str, Any]) -> dict[str, Any]:
    """Copy the ``aero`` dict without its server, token and secrets, so that the copy's entries may be changed."""
    public = {key: value for key, value in aero.items() if key not in _PRIVATE}
    for side in ("input_data", "output_data"):
        public[side] = {name: dict(entry) for name, entry in (aero.get(side) or {}).items()}
    return public


def _token_of_server(server: str) -> str | None:
    # A task may name another server: the environment's token is only for the endpoint's own server.
    own_server = os.environ.get("AERO_SERVER") or _configured_server() or _DEFAULT_SERVER
    if os.environ.get("AERO_ACCESS_TOKEN") and origin(own_server) == origin(server):
        return os.environ["AERO_ACCESS_TOKEN"]
    config = _config()
    configured = config.get("server", _DEFAULT_SERVER)
    portal = config.get("portal_client_id")
    if portal and origin(configured) == origin(server):
        return globus_token(config, portal, "action_all")
    return None


def _configured_server() -> str | None:
    config = _config()
    return config.get("server", _DEFAULT_SERVER) if config else None


def _config() -> dict[str, Any]:
    path = os.environ.get("AERO_CONFIG_FILE") or os.path.expanduser("~/.aero/config.toml")
    if not os.path.exists(path):
        return {}
    document = _read_toml(path)
    # A file that names only the targets of notices has no profile.
    if not set(document) - {"notices"}:
        return {}
    profile = os.environ.get("AERO_PROFILE")
    table = document.get(profile or "default")
    if isinstance(table, dict):
        return {**table, "name": profile or "default"}
    if profile or "aero" not in document:
        raise AeroJobError(f"The configuration of this endpoint has no profile {profile or 'default'}.")
    ids = {key: document[key] for key in ("client_uuid", "portal_client_id") if key in document}
    return {**document["aero"], **ids, "name": "default"}


def _read_toml(path: str) -> dict[str, Any]:
    import importlib
    import sys

    # By name: tomllib is missing before Python 3.11, and tomli is not installed after it.
    toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        with open(path, "rb") as file:
            document: dict[str, Any] = toml.load(file)
    except (OSError, ValueError, RecursionError):
        raise AeroJobError("The configuration file of this endpoint cannot be read.") from None
    return document
