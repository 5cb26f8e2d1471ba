"""The names that scripts for ``aero_client.utils`` import."""

from __future__ import annotations

from aero_jupyter.api import AeroOutput, PolicyEnum, register_function
from aero_jupyter.api.client_configuration import ClientConf, build_url, conf_in_use, load_conf
from aero_jupyter.api.flow_functions import aero_format, download, gcs_save, serialize
from aero_jupyter.api.tokens import authenticate, get_collection_metadata, get_transfer_token, load_tokens
from aero_jupyter.api.tokens import bearer_token as _client_auth
from aero_jupyter.core.errors import ClientError

__all__ = [
    "AeroOutput",
    "ClientError",
    "PolicyEnum",
    "_client_auth",
    "aero_format",
    "authenticate",
    "build_url",
    "download",
    "gcs_save",
    "get_collection_metadata",
    "get_transfer_token",
    "load_conf",
    "load_tokens",
    "register_function",
    "serialize",
]

#: The configuration of the session in use; read at each access, and not at the import of this module.
CONF: ClientConf


def __getattr__(name: str) -> ClientConf:
    if name != "CONF":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return conf_in_use()
