"""Authorizers: each one fetches the token when a request needs it."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Protocol

from globus_sdk.authorizers import AccessTokenAuthorizer, GlobusAuthorizer

from aero_jupyter.auth.globus_errors import translate_globus_errors
from aero_jupyter.core.errors import LoginRequired, NotAuthorized

if TYPE_CHECKING:
    from globus_sdk.globus_app import ClientApp
    from globus_sdk.token_storage import TokenStorageData


class Login(Protocol):
    """The login whose tokens sign requests."""

    def token(self, server: str, rejected: str | None = None) -> TokenStorageData | None:
        """Return the token for a resource server; None while logged out."""
        ...

    def required(self, message: str = "") -> LoginRequired:
        """Return the error that asks for a login."""
        ...


class UserAuthorizer(GlobusAuthorizer):
    """The authorizer of a user: signs requests to one resource server with its currently stored token.

    Parameters
    ----------
    optional : bool
        Whether requests may be sent unsigned while the user is logged out.
    """

    def __init__(self, login: Login, server: str, *, optional: bool = False) -> None:
        self._login = login
        self._server = server
        self._optional = optional
        # Per thread: a request with an old token must not invalidate the new token of another thread.
        self._sent = threading.local()
        self._rejected: str | None = None

    def get_authorization_header(self) -> str | None:
        """Return the Authorization header.

        Raises
        ------
        LoginRequired
            If the user is logged out and a token is required.
        """
        token = self._login.token(self._server, self._rejected)
        self._sent.text = token.access_token if token else None
        if token is None and not self._optional:
            raise self._login.required()
        return f"Bearer {token.access_token}" if token else None

    def handle_missing_authorization(self) -> bool:
        """Mark the last token as rejected, so that the retry renews it.

        Raises
        ------
        LoginRequired
            If the request was sent without a token.
        """
        sent = getattr(self._sent, "text", None)
        if sent is None:
            raise self._login.required()
        self._rejected = sent
        return True


class StaticTokenAuthorizer(AccessTokenAuthorizer):
    """The authorizer of an access token that cannot be renewed."""

    def __init__(self, token: str, origin: str) -> None:
        super().__init__(token)
        self._origin = origin

    def handle_missing_authorization(self) -> bool:
        """Raise: the token was rejected and cannot be renewed."""
        raise NotAuthorized(
            401,
            f"The server rejected the access token {describe_origin(self._origin)}.",
            "It may have expired: pass a new token, or pass none and log in with %aero_login",
        )


class ServiceSignature(GlobusAuthorizer):
    """The authorizer of client credentials; the first request fetches the token, and later ones renew it."""

    _lock = threading.Lock()

    def __init__(self, app: ClientApp, server: str) -> None:
        self._app = app
        self._server = server

    def get_authorization_header(self) -> str | None:
        """Return the Authorization header."""
        with self._lock, _refusal():
            return self._app.get_authorizer(self._server).get_authorization_header()

    def handle_missing_authorization(self) -> bool:
        """Discard the rejected token, so that the retry fetches a new one."""
        with self._lock, _refusal():
            return self._app.get_authorizer(self._server).handle_missing_authorization()


def _refusal() -> contextlib.AbstractContextManager[None]:
    return translate_globus_errors(
        NotAuthorized(
            401,
            "Globus did not accept the client credentials.",
            "Check the secret and the scopes of this client.",
        )
    )


class AnonymousAuthorizer(GlobusAuthorizer):
    """The authorizer without a login: the profile does not name the Globus clients that a login needs."""

    def __init__(self, server_name: str, optional: bool) -> None:
        self._server_name = server_name
        self._optional = optional

    def get_authorization_header(self) -> str | None:
        """Return None if requests may be sent unsigned; raise otherwise."""
        if not self._optional:
            raise self._cannot()
        return None

    def handle_missing_authorization(self) -> bool:
        """Raise the error that lists the settings a login needs."""
        raise self._cannot()

    def _cannot(self) -> LoginRequired:
        return cannot_log_in(self._server_name)


def cannot_log_in(server_name: str) -> LoginRequired:
    """Return the error that lists the settings a login needs."""
    return LoginRequired(
        401,
        f"Logging in to {server_name} is not possible: no Globus client is configured for it.",
        "Write client_uuid, portal_client_id and cache_dir into ~/.aero/config.toml, or set AERO_ACCESS_TOKEN.",
    )


def describe_origin(origin: str) -> str:
    """Return the origin of a token as words in a sentence."""
    return origin if origin == "that was passed" else f"in {origin}"
