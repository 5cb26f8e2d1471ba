"""Which server, as whom: read from values that somebody else fetched (argument, environment, file, default)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from aero_jupyter.core.errors import InvalidArgument

DEFAULT_SERVER = "https://aero.emews.org:5001"
#: Relative to the home folder; ``AERO_CONFIG_FILE`` overrides it.
CONFIG_FILE = PurePath(".aero", "config.toml")
#: The word that means "the local AERO" wherever a server is named.
LOCAL = "local"


@dataclass(frozen=True)
class Profile:
    """A server and the Globus identities that go with it.

    Attributes
    ----------
    name : str
        The table of the configuration file it came from.
    server : str
        Base url of the AERO server, with any path prefix, ending with a slash.
    client_uuid, portal_client_id : str or None
        The Globus client that logs in, and the server's own Globus client (its scope is ``action_all``).
    cache_dir : str or None
        Where upstream's client keeps its tokens.
    collections : tuple of str
        Ids of the Globus collections that the login is to open.
    ca_bundle : str or None
        File of the certificate authorities that the server's certificate is checked against.
    """

    name: str
    server: str
    client_uuid: str | None = None
    portal_client_id: str | None = None
    cache_dir: str | None = None
    collections: tuple[str, ...] = ()
    ca_bundle: str | None = None


def with_slash(url: str) -> str:
    """Give the url with one slash at its end.

    Raises
    ------
    InvalidArgument
        If it is not an http or https address.
    """
    if not url.startswith(("https://", "http://")):
        raise InvalidArgument(f"{url!r} is not the address of a server.", "Write it as https://host/prefix.")
    return url.rstrip("/") + "/"


def profile_from(
    document: Mapping[str, Any],
    environ: Mapping[str, str],
    *,
    server: str | None = None,
    name: str | None = None,
) -> Profile | None:
    """Choose a profile: argument over environment over file. None means the local AERO.

    Parameters
    ----------
    document : mapping
        The parsed configuration file; empty where there is none.
    environ : mapping
        The environment variables; ``AERO_PROFILE`` and ``AERO_SERVER`` are read.
    server, name : str, optional
        What the caller asked for.

    Raises
    ------
    InvalidArgument
        If the profile is not in the file, or lacks what it must have.
    """
    server = server or environ.get("AERO_SERVER") or None
    wanted = name or environ.get("AERO_PROFILE") or None
    if server == LOCAL or wanted == LOCAL:
        return None
    if not document:
        return _without_file(server, wanted)
    profile = _legacy(document) if _is_legacy(document) else _table(document, wanted or "default")
    return profile if server is None else Profile(**{**vars(profile), "server": with_slash(server)})


def _without_file(server: str | None, wanted: str | None) -> Profile | None:
    if wanted:
        raise InvalidArgument(
            f"There is no profile {wanted!r}, because there is no configuration file.",
            "Write ~/.aero/config.toml, or name the file in AERO_CONFIG_FILE.",
        )
    return Profile("default", with_slash(server)) if server else None


def _is_legacy(document: Mapping[str, Any]) -> bool:
    return isinstance(document.get("client_uuid"), str)


def _legacy(document: Mapping[str, Any]) -> Profile:
    aero = document.get("aero", {})
    return _profile("default", {**document, **(aero if isinstance(aero, Mapping) else {})})


def _table(document: Mapping[str, Any], name: str) -> Profile:
    table = document.get(name)
    if not isinstance(table, Mapping):
        known = ", ".join(key for key, value in document.items() if isinstance(value, Mapping))
        raise InvalidArgument(
            f"There is no profile {name!r} in the configuration file.", f"It has {known or 'no profile'}."
        )
    return _profile(name, table)


def _profile(name: str, table: Mapping[str, Any]) -> Profile:
    missing = [key for key in ("client_uuid", "portal_client_id", "cache_dir") if not isinstance(table.get(key), str)]
    if missing:
        raise InvalidArgument(
            f"Profile {name!r} of the configuration file lacks {', '.join(missing)}.", "Add what is missing."
        )
    collections = table.get("collections", [])
    if not isinstance(collections, list) or not all(isinstance(each, str) for each in collections):
        raise InvalidArgument(f"The collections of profile {name!r} are no list of ids.", 'Write ["id", …].')
    return Profile(
        name,
        with_slash(str(table.get("server", DEFAULT_SERVER))),
        table["client_uuid"],
        table["portal_client_id"],
        table["cache_dir"],
        tuple(collections),
        str(table["ca_bundle"]) if table.get("ca_bundle") else None,
    )
