"""The profile: the server and the identities to use, from the argument, the environment, the file or the default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any
from urllib.parse import urlsplit

from aero_jupyter.core.errors import InvalidArgument, UnknownProfile
from aero_jupyter.core.redaction import redact_url
from aero_jupyter.core.setting_names import nearest_name
from aero_jupyter.core.suggestions import suggest

DEFAULT_SERVER = "https://aero.emews.org:5001"
#: Relative to the home folder; ``AERO_CONFIG_FILE`` overrides it.
CONFIG_FILE = PurePath(".aero", "config.toml")
#: The name of the local AERO wherever a server is named.
LOCAL = "local"
#: The list of tables in the configuration file that is no profile: the targets of notices.
NOTICES = "notices"


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
        The folder in which upstream's client stores its tokens.
    collections : tuple of str
        Ids of the Globus collections that the login is to open.
    collection_hosts : mapping
        The host of a collection, by its id, where Globus Transfer is not to be asked for it.
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
    collection_hosts: Mapping[str, Any] = field(default_factory=dict)


#: The keys of a profile in the configuration file; keys of other programs are ignored.
_KEYS = (
    "ca_bundle",
    "cache_dir",
    "client_uuid",
    "collection_hosts",
    "collections",
    "portal_client_id",
    "server",
)
_FORM = "Write it as https://host/prefix."


def with_slash(url: str) -> str:
    """Return the URL with one slash at its end.

    Raises
    ------
    InvalidArgument
        If it is not an http or https URL, or has a user, a password, a query or a fragment.
    """
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_address = False
    if not is_address:
        raise InvalidArgument(f"{redact_url(url)!r} is not the address of a server.", _FORM)
    if "@" in parts.netloc:
        raise InvalidArgument(
            "The address of the server holds a user or a password.", f"{_FORM} Then log in with %aero_login"
        )
    if parts.query or parts.fragment:
        raise InvalidArgument("The address of the server has a query or a fragment.", _FORM)
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
        The parsed configuration file; empty if there is none.
    environ : mapping
        The environment variables; ``AERO_PROFILE`` and ``AERO_SERVER`` are read.
    server, name : str, optional
        What the caller asked for.

    Raises
    ------
    UnknownProfile
        If the profile is not in the file.
    InvalidArgument
        If it lacks what it must have.
    """
    server = server or environ.get("AERO_SERVER") or None
    profile_name = name or environ.get("AERO_PROFILE") or None
    if server == LOCAL or profile_name == LOCAL:
        return None
    if not set(document) - {NOTICES}:
        return _without_file(server, profile_name)
    if _is_legacy(document) and profile_name not in (None, "default"):
        raise UnknownProfile(
            f"There is no profile {profile_name!r}: the configuration file has one profile, in its legacy format.",
            f"Write a table [{profile_name}] with client_uuid, portal_client_id, cache_dir and server into the file.",
        )
    profile = _legacy(document) if _is_legacy(document) else _table(document, profile_name or "default")
    return profile if server is None else Profile(**{**vars(profile), "server": with_slash(server)})


def _without_file(server: str | None, profile_name: str | None) -> Profile | None:
    if profile_name:
        raise UnknownProfile(
            f"There is no profile {profile_name!r}, because there is no configuration file.",
            "Write ~/.aero/config.toml, or name the file in AERO_CONFIG_FILE.",
        )
    return Profile("default", with_slash(server)) if server else None


def _is_legacy(document: Mapping[str, Any]) -> bool:
    return isinstance(document.get("client_uuid"), str)


def _legacy(document: Mapping[str, Any]) -> Profile:
    aero = document.get("aero", {})
    return _parse_profile("default", {**document, **(aero if isinstance(aero, Mapping) else {})})


def _table(document: Mapping[str, Any], name: str) -> Profile:
    table = document.get(name)
    if not isinstance(table, Mapping):
        known = [key for key, value in document.items() if isinstance(value, Mapping)]
        raise UnknownProfile(f"There is no profile {name!r} in the configuration file.", suggest(name, known))
    return _parse_profile(name, table)


def _require_known_keys(name: str, table: Mapping[str, Any]) -> None:
    """Raise if a key is a misspelling of a setting that is not there."""
    absent = [key for key in _KEYS if key not in table]
    for key in table:
        if key not in _KEYS and (nearest := nearest_name(key, absent)):
            raise InvalidArgument(
                f"Profile {name!r} of the configuration file has no setting {key!r}.",
                f"Did you mean {nearest}?",
            )


def _parse_profile(name: str, table: Mapping[str, Any]) -> Profile:
    _require_known_keys(name, table)
    missing = [key for key in ("client_uuid", "portal_client_id", "cache_dir") if not isinstance(table.get(key), str)]
    if missing:
        raise InvalidArgument(
            f"Profile {name!r} of the configuration file lacks {', '.join(missing)}.", "Add what is missing."
        )
    collections = table.get("collections", [])
    if not isinstance(collections, list) or not all(isinstance(each, str) for each in collections):
        raise InvalidArgument(f"The collections of profile {name!r} are no list of ids.", 'Write ["id", …].')
    hosts = table.get("collection_hosts", {})
    if not isinstance(hosts, Mapping) or not all(isinstance(each, (str, list)) for each in hosts.values()):
        raise InvalidArgument(
            f"The collection_hosts of profile {name!r} are no table.", 'Write { "<collection id>" = "<host>" }.'
        )
    return Profile(
        name,
        with_slash(str(table.get("server", DEFAULT_SERVER))),
        table["client_uuid"],
        table["portal_client_id"],
        table["cache_dir"],
        tuple(collections),
        str(table["ca_bundle"]) if table.get("ca_bundle") else None,
        dict(hosts),
    )
