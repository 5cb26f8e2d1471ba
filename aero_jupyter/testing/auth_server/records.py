"""The records of the stand-in for Globus Auth: identities, scopes, login links, codes and grants."""

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
    """A user who can log in."""

    username: str
    name: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


class OAuthError(Exception):
    """A request that Globus Auth refuses; `error` is its error code."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status, self.error = status, error


@dataclass(frozen=True)
class AuthorizationRequest:
    """The parameters of a login link."""

    client: str
    scopes: tuple[str, ...]
    redirect: str
    state: str
    challenge: str
    offline: bool


@dataclass
class Code:
    """An authorization code that the login page showed to a user."""

    asked: AuthorizationRequest
    identity: Identity
    expires: float


@dataclass
class Grant:
    """The grant behind a token."""

    client: str
    identity: Identity
    server: str
    scope: str
    expires: float
    refresh: bool = False


def service_scopes() -> dict[str, str]:
    """Return the scopes of Globus's own services: scope to resource server."""
    known = dict.fromkeys(("openid", "profile", "email"), AUTH)
    for service in _SERVICES:
        values = {str(value) for name in dir(service) if not name.startswith("_") for value in [getattr(service, name)]}
        known |= {value: service.resource_server for value in values if value.startswith(("urn:", "https:"))}
    return known


@functools.cache
def key() -> RSAPrivateKey:
    """Return the private key that signs id tokens."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def challenge(verifier: str) -> str:
    """Return the PKCE challenge of a verifier, hashed with S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
