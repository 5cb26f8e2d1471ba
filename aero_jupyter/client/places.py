"""Where the bytes of a version are."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

from aero_jupyter.core import errors
from aero_jupyter.core.models import Data, Version


@dataclass(frozen=True)
class Content:
    """A version together with the Data it belongs to, and the place of its bytes.

    Attributes
    ----------
    url : str
        Where the bytes are.
    collection : str or None
        The Globus collection that holds them; None where AERO keeps no copy, and so no token may be sent.
    """

    data: Data
    version: Version
    url: str
    collection: str | None

    @property
    def label(self) -> str:
        """Its name in a sentence."""
        return f"{self.data.name or self.data.id[:8]} version {self.version.version}"

    @property
    def file_name(self) -> str:
        """The name of the file, as far as it is known."""
        return self.version.file.file_name if self.version.file else urlsplit(self.url).path.rpartition("/")[2]


def locate(data: Data, version: Version, base_url: str, *, newest: bool) -> Content:
    """Find where the bytes of a version are.

    Parameters
    ----------
    data, version : Data, Version
        What to read.
    base_url : str
        The server's address, for places it gives relative to itself.
    newest : bool
        Whether this is the newest version: of a Data without a copy, only that can be read.

    Raises
    ------
    Unreadable
        If nobody tells where they are, or nobody keeps them.
    """
    if version.no_copy or data.no_copy:
        return Content(data, version, _own_url(data, version, newest=newest), None)
    place = _collection_url(data, version)
    if not place or version.file is None:
        raise errors.Unreadable(
            f"This server does not tell where the bytes of {data.name} version {version.version} are.",
            "Read the newest version; older ones cannot be found on this server.",
        )
    url = urljoin(base_url, place.rstrip("/") + "/" + quote(version.file.file_name, safe=""))
    return Content(data, version, url, data.collection_uuid or "")


def _own_url(data: Data, version: Version, *, newest: bool) -> str:
    url = version.trigger_url or (data.url if newest else None)
    if not url or not url.startswith(("https://", "http://")):
        raise errors.Unreadable(
            f"AERO keeps no copy of {data.name}, so version {version.version} cannot be read.",
            f"Read it where it is: {data.url}." if newest else "Read the newest version.",
        )
    return url


def _collection_url(data: Data, version: Version) -> str | None:
    # The older server tells it with the file, the newest with the data.
    of_file = (version.raw.get("data_file") or {}).get("collection_url")
    return of_file or data.collection_url


def same_origin(one: str, other: str) -> bool:
    """Tell whether two urls share scheme, host and port."""
    return _origin(one) == _origin(other)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
