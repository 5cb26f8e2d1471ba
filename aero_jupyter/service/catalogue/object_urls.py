"""The URL of the object behind a version."""

from __future__ import annotations

from aero_jupyter.service.storage.connection import Row


def object_url(row: Row, owner: Row, source: str | None) -> str | None:
    """Return the URL of a version's object: that of its notification, or else its key at the source's host."""
    if row["object_url"]:
        return str(row["object_url"])
    concrete = row["source_key"] and _concrete(owner["url"], row["source_key"])
    return concrete or source


def _concrete(url: str | None, key: str) -> str | None:
    """Return the URL of the object behind a version: the pattern's scheme and host with the object's key."""
    if not url or "://" not in url:
        return url
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/{key}"
