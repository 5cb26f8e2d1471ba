"""Which AERO server a task belongs to, and which token may go where."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from aero_jupyter.jobs.tokens import globus_token
from aero_jupyter.jobs.web import AeroJobError, ask_json, is_loopback, origin

_DEFAULT_SERVER = "https://aero.emews.org:5001"
#: Below which the older server answers.
_OLDER = "/osprey/api/v1.0"
_PRIVATE = frozenset({"server", "token"})


def server_of(aero: Mapping[str, Any]) -> str:
    """Give the base url of the task's AERO server, without a slash at its end."""
    server = aero.get("server") or os.environ.get("AERO_SERVER") or _configured_server()
    if not server:
        raise AeroJobError(
            "This endpoint does not know its AERO server: neither AERO_SERVER nor ~/.aero/config.toml is there."
        )
    return str(server).rstrip("/")


def ask_aero(
    aero: Mapping[str, Any], method: str, path: str, *, older: Mapping[str, Any] | None = None, **options: Any
) -> Any:
    """Ask the task's AERO server, of either generation, and return its JSON.

    Parameters
    ----------
    older : mapping, optional
        Options in place of ``options`` where the server is of the older generation.
    """
    server = server_of(aero)
    # The older server answers below a prefix of its own, and elsewhere with a web page that explains nothing.
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
    return ask_json(method, url, "The AERO server", token=token_for(aero, url), **options)


def token_for(aero: Mapping[str, Any], url: str, collection: str | None = None) -> str | None:
    """Give the bearer token that may travel to ``url``, if any.

    Parameters
    ----------
    collection : str, optional
        The Globus collection that the url belongs to.
    """
    server = aero.get("server") or os.environ.get("AERO_SERVER") or _configured_server()
    if server and origin(url) == origin(str(server)):
        return aero.get("token") or _token_of_server(str(server))
    if collection and (url.startswith("https://") or is_loopback(url)):
        return globus_token(_config(), collection, "https")
    return None


def without_secrets(aero: Mapping[str, Any]) -> dict[str, Any]:
    """Copy the ``aero`` dict without its server and token, so that the copy's entries may be changed."""
    kept = {key: value for key, value in aero.items() if key not in _PRIVATE}
    for side in ("input_data", "output_data"):
        kept[side] = {name: dict(entry) for name, entry in (aero.get(side) or {}).items()}
    return kept


def _token_of_server(server: str) -> str | None:
    stated = os.environ.get("AERO_SERVER")
    if os.environ.get("AERO_ACCESS_TOKEN") and (not stated or origin(stated) == origin(server)):
        return os.environ["AERO_ACCESS_TOKEN"]
    config = _config()
    known = config.get("server", _DEFAULT_SERVER)
    portal = config.get("portal_client_id")
    if portal and origin(known) == origin(server):
        return globus_token(config, portal, "action_all")
    return None


def _configured_server() -> str | None:
    config = _config()
    return config.get("server", _DEFAULT_SERVER) if config else None


def _config() -> dict[str, str]:
    path = os.environ.get("AERO_CONFIG_FILE") or os.path.expanduser("~/.aero/config.toml")
    if not os.path.exists(path):
        return {}
    document = _read_toml(path)
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

    # By name: the one is missing before Python 3.11, and the other is not installed after it.
    toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        with open(path, "rb") as file:
            document: dict[str, Any] = toml.load(file)
    except (OSError, ValueError):
        raise AeroJobError("The configuration file of this endpoint cannot be read.") from None
    return document
