"""The names that scripts for ``aero_client.config`` import."""

from __future__ import annotations

from aero_jupyter.api.client_configuration import ClientConf, conf_in_use, load_conf

__all__ = ["ClientConf", "load_conf"]

#: The configuration of the session in use; read at each access, and not at the import of this module.
CONF: ClientConf


def __getattr__(name: str) -> ClientConf:
    if name != "CONF":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return conf_in_use()
