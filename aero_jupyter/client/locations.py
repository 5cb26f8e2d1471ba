"""The location of a version's content."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from aero_jupyter.core import errors
from aero_jupyter.core.models import Data, Version
from aero_jupyter.core.redaction import redact_url
from aero_jupyter.core.retention import removed_message
from aero_jupyter.jobs.collection_hosts import strict_origin


@dataclass(frozen=True)
class VersionLocation:
    """A version with its dataset and the URL of its content.

    Attributes
    ----------
    url : str
        The URL of the content.
    collection : str or None
        The Globus collection that holds the content; None if AERO keeps no copy, so that no token may be sent.
    """

    data: Data
    version: Version
    url: str
    collection: str | None

    @property
    def label(self) -> str:
        """The name of the version in a sentence."""
        return f"{self.data.name or self.data.id[:8]} version {self.version.version}"

    @property
    def file_name(self) -> str:
        """The name of the file, by its record or by the URL."""
        return self.version.file.file_name if self.version.file else urlsplit(self.url).path.rpartition("/")[2]


def locate(data: Data, version: Version, base_url: str, *, newest: bool) -> VersionLocation:
    """Locate the content of a version.

    Parameters
    ----------
    data, version : Data, Version
        What to read.
    base_url : str
        The server's URL, to resolve relative locations.
    newest : bool
        Whether this is the newest version: without a stored copy, only that one can be read.

    Raises
    ------
    Unreadable
        If the server does not list the location, or no copy of the version was kept.
    NotFound
        If retention has removed the content.
    """
    if version.removed_at is not None:
        raise errors.NotFound(404, *removed_message(data.name or data.id, version.version, version.removed_at))
    if version.no_copy or data.no_copy:
        return VersionLocation(data, version, _source_url(data, version, newest=newest), None)
    collection_url = _collection_url(data, version)
    if not collection_url or version.file is None:
        raise errors.Unreadable(
            f"This server does not list where the bytes of {data.name} version {version.version} are.",
            "Read the newest version; this server does not locate older ones.",
        )
    url = urljoin(base_url, collection_url.rstrip("/") + "/" + quote(version.file.file_name, safe=""))
    return VersionLocation(data, version, url, data.collection_uuid or "")


def _source_url(data: Data, version: Version, *, newest: bool) -> str:
    url = version.trigger_url or (data.url if newest else None)
    if not url or not url.startswith(("https://", "http://")):
        raise errors.Unreadable(
            f"AERO keeps no copy of {data.name}, so version {version.version} cannot be read.",
            f"Read it where it is: {redact_url(data.url or '')}." if newest else "Read the newest version.",
        )
    return url


def _collection_url(data: Data, version: Version) -> str | None:
    # The older server stores the collection with the file, the newest with the dataset.
    file_url = (version.raw.get("data_file") or {}).get("collection_url")
    return file_url or data.collection_url


def same_origin(one: str, other: str) -> bool:
    """Return whether two URLs share scheme, host and port."""
    origin = strict_origin(one)
    return origin is not None and origin == strict_origin(other)
