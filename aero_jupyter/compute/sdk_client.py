"""The clients of the Compute SDK, for any URL."""

from __future__ import annotations

import warnings
from typing import Any  # the Compute SDK, which has no types

import globus_sdk
from globus_sdk.authorizers import GlobusAuthorizer


def web_client(client: Any) -> globus_sdk.ComputeClientV2:
    """Build a client of the web API that the SDK's client uses."""
    return globus_sdk.ComputeClientV2(app=client.app, authorizer=client.authorizer, base_url=client.web_service_address)


def sdk_client(url: str | None, authorizer: GlobusAuthorizer | None) -> Any:
    """Build the SDK's client; without a URL it uses Globus's own service."""
    with warnings.catch_warnings():
        # The SDK warns and changes warning filters on import; the notebook's filters must not change.
        warnings.simplefilter("ignore")
        import globus_compute_sdk
        from globus_compute_sdk.serialize import JSONData

        class Client(globus_compute_sdk.Client):
            """The SDK's client with a configurable URL."""

            web_service_address = property(lambda _: url, lambda _, value: None)

        client_class = globus_compute_sdk.Client if url is None else Client
        json_strategy: Any = JSONData
        return client_class(authorizer=authorizer, do_version_check=False, data_serialization_strategy=json_strategy())
