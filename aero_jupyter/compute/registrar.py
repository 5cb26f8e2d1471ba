"""Functions and endpoints of Globus Compute, local or real, through the SDK's own client."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import globus_sdk
from globus_sdk.authorizers import GlobusAuthorizer

from aero_jupyter.compute import endpoints
from aero_jupyter.core import wire
from aero_jupyter.core.errors import Unreachable


class Registrar:
    """Registers functions by their source, each text once.

    Parameters
    ----------
    url : str or None
        The web service's address; None means Globus's own.
    authorizer : GlobusAuthorizer or None
        What signs requests; None where nothing does.
    """

    def __init__(self, url: str | None, authorizer: GlobusAuthorizer | None) -> None:
        self._url = url
        self._authorizer = authorizer
        self._lock = threading.Lock()
        self._client: Any = None
        self._known: dict[tuple[str, str], str] = {}

    def register(self, source: str, entry: str, description: str | None = None) -> str:
        """Register source text under the name to call in it; give the function's id. The same is sent once.

        Raises
        ------
        ClientError
            If the web service refuses or does not answer.
        """
        # One text holds several functions: the name belongs to what is remembered.
        key = (entry, hashlib.sha256(source.encode()).hexdigest())
        with self._lock:
            if key not in self._known:
                with self._asked() as client:
                    made = client.register_source_code(source, entry, description=description)
                self._known[key] = str(made)
            return self._known[key]

    def endpoints(self, with_status: bool = False) -> list[dict[str, Any]]:
        """List the endpoints this user may run on: id, name and owner; on request their status.

        Raises
        ------
        ClientError
            If the web service refuses or does not answer.
        """
        with self._lock, self._asked() as client:
            return endpoints.listed(client, with_status)

    @contextlib.contextmanager
    def _asked(self) -> Iterator[Any]:
        try:
            if self._client is None:
                self._client = _client(self._url, self._authorizer)
            yield self._client
        except globus_sdk.GlobusAPIError as error:
            raise wire.error_from(error.http_status, error.text) from None
        except globus_sdk.NetworkError as error:
            where = self._url or "Globus Compute"
            raise Unreachable(
                0, f"No answer from {where}.", "Check the network.", details=repr(error.underlying_exception)
            ) from None


def _client(url: str | None, authorizer: GlobusAuthorizer | None) -> Any:
    with warnings.catch_warnings():
        # The SDK warns and changes warning filters on import; a notebook's own stay as they are.
        warnings.simplefilter("ignore")
        import globus_compute_sdk

        if url is None:
            return globus_compute_sdk.Client(authorizer=authorizer, do_version_check=False)

        class Client(globus_compute_sdk.Client):
            """The SDK's client at an address of our choosing."""

            web_service_address = property(lambda _: url, lambda _, value: None)

        return Client(authorizer=authorizer, do_version_check=False)
