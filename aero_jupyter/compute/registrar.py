"""Functions and endpoints of Globus Compute, local or real, through the SDK's own client."""

from __future__ import annotations

import hashlib
import threading
import warnings
from typing import Any

from globus_sdk import AccessTokenAuthorizer


class Registrar:
    """Registers functions by their source, each text once.

    Parameters
    ----------
    url : str or None
        The web service's address; None means Globus's own.
    authorizer : AccessTokenAuthorizer or None
        What signs requests; None leaves login to the SDK.
    """

    def __init__(self, url: str | None, authorizer: AccessTokenAuthorizer | None) -> None:
        self._url = url
        self._authorizer = authorizer
        self._lock = threading.Lock()
        self._client: Any = None
        self._known: dict[str, str] = {}

    def register(self, source: str, entry: str, description: str | None = None) -> str:
        """Register source text; give the function's id. The same text is sent once."""
        digest = hashlib.sha256(source.encode()).hexdigest()
        with self._lock:
            if digest not in self._known:
                made = self._connected().register_source_code(source, entry, description=description)
                self._known[digest] = str(made)
            return self._known[digest]

    def endpoints(self) -> list[dict[str, Any]]:
        """List the endpoints this user may run on: id, name and owner."""
        with self._lock:
            found = self._connected().get_endpoints()
        return [
            {"id": row["uuid"], "name": row.get("name") or row.get("display_name"), "owner": row.get("owner")}
            for row in found
        ]

    def _connected(self) -> Any:
        if self._client is None:
            self._client = _client(self._url, self._authorizer)
        return self._client


def _client(url: str | None, authorizer: AccessTokenAuthorizer | None) -> Any:
    with warnings.catch_warnings():
        # The SDK changes warning filters on import; a notebook's own stay as they are.
        import globus_compute_sdk

    class Client(globus_compute_sdk.Client):
        """The SDK's client at an address of our choosing."""

        web_service_address = property(lambda _: url, lambda _, value: None)

    kind = Client if url else globus_compute_sdk.Client
    return kind(authorizer=authorizer, do_version_check=False)
