"""What the stand-in for Globus Auth keeps: people, scopes, links, codes and grants."""

from __future__ import annotations

import base64
import functools
import hashlib
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from globus_sdk.scopes import ComputeScopes, FlowsScopes, SearchScopes, TimersScopes, TransferScopes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

AUTH = "auth.globus.org"
_SERVICES = (ComputeScopes, FlowsScopes, SearchScopes, TimersScopes, TransferScopes)


@dataclass(frozen=True)
class Identity:
    """Somebody who may log in."""

    username: str
    name: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


class Refused(Exception):
    """What Globus Auth says no to; `error` is its word for why."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status, self.error = status, error


@dataclass(frozen=True)
class Asked:
    """What a link to the login page asks for."""

    client: str
    scopes: tuple[str, ...]
    redirect: str
    state: str
    challenge: str
    offline: bool


@dataclass
class Code:
    """A code that was shown to somebody."""

    asked: Asked
    identity: Identity
    expires: float


@dataclass
class Grant:
    """What a token stands for."""

    client: str
    identity: Identity
    server: str
    scope: str
    expires: float
    refresh: bool = False


def service_scopes() -> dict[str, str]:
    """Give the scopes of Globus's own services: scope to resource server."""
    known = dict.fromkeys(("openid", "profile", "email"), AUTH)
    for service in _SERVICES:
        values = {str(value) for name in dir(service) if not name.startswith("_") for value in [getattr(service, name)]}
        known |= {value: service.resource_server for value in values if value.startswith(("urn:", "https:"))}
    return known


@functools.cache
def key() -> RSAPrivateKey:
    """Give the key that id tokens are signed with."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def challenge(verifier: str) -> str:
    """Hash a verifier as PKCE's S256 does."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
