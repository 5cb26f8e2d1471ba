"""The hosts of collections, from the configuration or Globus Transfer; records are not trusted."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any  # JSON values
from urllib.parse import quote, urlsplit

from aero_jupyter.jobs.globus_tokens import globus_token, holds_https_scope, read_private_json, write_private_json
from aero_jupyter.jobs.http_client import request_json
from aero_jupyter.jobs.loopback import is_loopback
from aero_jupyter.jobs.request_errors import AeroJobError

#: The Globus service that stores the host of each collection.
TRANSFER = "transfer.api.globus.org"
_TRANSFER_SCOPE = f"urn:globus:auth:scope:{TRANSFER}:all"
#: A URL that all parsers read alike: no user, no backslash, no space, an ASCII host.
_UNAMBIGUOUS = re.compile(
    r"(https?)://([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?(?:[/?][^\s\\\x00-\x20\x7f]*)?",
    re.IGNORECASE | re.ASCII,
)
HttpOrigin = tuple[str, str, int]


def strict_origin(url: str) -> HttpOrigin | None:
    """Return scheme, host and port of a URL; None if parsers might read different hosts."""
    found = _UNAMBIGUOUS.fullmatch(url)
    if found is None:
        return None
    scheme = found[1].lower()
    return scheme, found[2].lower(), int(found[3] or {"http": 80, "https": 443}[scheme])


def is_host_of(config: Mapping[str, Any], collection: str, url: str, ask_transfer: Callable[[], Any]) -> bool | None:
    """Return whether a URL is on the host of a collection, so that the collection's token may be sent there.

    Parameters
    ----------
    config : mapping
        The profile: ``name``, ``cache_dir``, ``collection_hosts``.
    ask_transfer : callable
        Returns Transfer's record of the collection, or None.

    Returns
    -------
    bool or None
        None if no host of the collection is known.
    """
    origin = strict_origin(url)
    if origin is not None and origin[0] != "https" and not is_loopback(url):
        origin = None
    configured = _configured_host(config, collection)
    if configured:
        return origin in [
            _named_origin(str(each)) for each in (configured if isinstance(configured, list) else [configured])
        ]
    path = _hosts_file(config)
    resolved = read_private_json(path)
    known_origin = strict_origin(str(resolved.get(collection)))
    if known_origin is not None and known_origin == origin:
        return True
    record = ask_transfer()
    server = record.get("https_server") if isinstance(record, Mapping) else None
    found = strict_origin(server) if isinstance(server, str) else None
    if found is None or found[0] != "https":
        return None if known_origin is None else False
    _store_hosts(path, {**resolved, collection: server})
    return found == origin


def collection_token(config: Mapping[str, Any], collection: str, url: str) -> str | None:
    """Return the token of a collection if the URL is on its host; None if no host is known.

    Raises
    ------
    AeroJobError
        If the collection is known to be on another host.
    """
    services = (config.get("portal_client_id"), config.get("client_uuid"), TRANSFER)
    if collection in services or not _is_collection(config, collection):
        return None
    is_own = is_host_of(config, collection, url, lambda: _transfer_record(config, collection))
    if is_own is False:
        raise AeroJobError(f"{other_host(collection, url)} {other_host_cure(collection, url)}")
    return globus_token(config, collection, "https") if is_own else None


def other_host(collection: str, url: str) -> str:
    """Return the message for a record with a host that is not its collection's."""
    return f"A record places collection {collection} on {_base_of(url)}, which is not its host."


def other_host_cure(collection: str, url: str) -> str:
    """Return the setting that adds a host to a collection, if possible."""
    origin = strict_origin(url)
    if origin is None or (origin[0] != "https" and not is_loopback(url)):
        return "Report it to the administrator of the AERO server: a token is sent only over https."
    hosts = f'{{ "{collection}" = "{_base_of(url)}" }}'
    return f"If that is right, add collection_hosts = {hosts} to the profile in the configuration file."


@contextlib.contextmanager
def explain_unsigned(token: str | None, collection: str | None, url: str) -> Iterator[None]:
    """Add the missing setting to the error of a request to a collection that was refused because it had no token."""
    try:
        yield
    except AeroJobError as error:
        if token is not None or not collection or error.status not in (401, 403):
            raise
        message = (
            f"{error} No token was sent, because {_base_of(url)} is not known as the host of collection {collection}. "
            f"Log in there with aero-jupyter login. {other_host_cure(collection, url)}"
        )
        raise AeroJobError(message, error.status, error.detail) from None


def _base_of(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an invalid address"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _is_collection(config: Mapping[str, Any], collection: str) -> bool:
    configured = (*(config.get("collections") or ()), *(config.get("collection_hosts") or {}))
    environment_id = os.environ.get("AERO_COLLECTION_UUID")
    return collection in configured or collection == environment_id or holds_https_scope(config, collection)


def _transfer_record(config: Mapping[str, Any], collection: str) -> Any:
    transfer_url = (os.environ.get("GLOBUS_SDK_SERVICE_URL_TRANSFER") or f"https://{TRANSFER}").rstrip("/")
    try:
        token = globus_token(config, TRANSFER, _TRANSFER_SCOPE)
        if token is None:
            return None
        url = f"{transfer_url}/v0.10/endpoint/{quote(collection, safe='')}"
        return request_json("GET", url, "Globus Transfer", token=token, allow_redirects=False)
    except AeroJobError:
        return None


def _configured_host(config: Mapping[str, Any], collection: str) -> Any:
    found = (config.get("collection_hosts") or {}).get(collection)
    is_of_environment = collection == os.environ.get("AERO_COLLECTION_UUID")
    return found or (os.environ.get("AERO_COLLECTION_URL") if is_of_environment else None)


def _named_origin(host: str) -> HttpOrigin | None:
    return strict_origin(host if "://" in host else f"https://{host}")


def _hosts_file(config: Mapping[str, Any]) -> str:
    if not config.get("cache_dir"):
        return ""
    name = quote(str(config.get("name") or "default"), safe="")
    return os.path.join(os.path.expanduser(config["cache_dir"]), "aero_jupyter", f"{name}.hosts.json")


def _store_hosts(path: str, hosts: Mapping[str, Any]) -> None:
    # Without a cache, Transfer is queried each time.
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        write_private_json(path, hosts)
