"""What signs single requests: each asks for a token at the moment it is needed."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from globus_sdk.authorizers import AccessTokenAuthorizer, GlobusAuthorizer

from aero_jupyter.auth.words import in_our_words
from aero_jupyter.core.errors import LoginRequired, NotAuthorized

if TYPE_CHECKING:
    from globus_sdk.globus_app import ClientApp

    from aero_jupyter.auth.person import Person


class Signature(GlobusAuthorizer):
    """Signs requests to one resource server with whatever token is kept for it at that moment.

    Parameters
    ----------
    optional : bool
        Whether requests may go out unsigned while nobody is logged in.
    """

    def __init__(self, person: Person, server: str, *, optional: bool = False) -> None:
        self._person = person
        self._server = server
        self._optional = optional
        # Per thread: who asked with an old token must not spoil the new one of the others.
        self._sent = threading.local()
        self._rejected: str | None = None

    def get_authorization_header(self) -> str | None:
        """Give the header.

        Raises
        ------
        LoginRequired
            If nobody is logged in and somebody must be.
        """
        token = self._person.token(self._server, self._rejected)
        self._sent.text = token.access_token if token else None
        if token is None and not self._optional:
            raise self._person.required()
        return f"Bearer {token.access_token}" if token else None

    def handle_missing_authorization(self) -> bool:
        """Have the token renewed that was not accepted.

        Raises
        ------
        LoginRequired
            If there was none.
        """
        sent = getattr(self._sent, "text", None)
        if sent is None:
            raise self._person.required()
        self._rejected = sent
        return True


class HandedOver(AccessTokenAuthorizer):
    """Signs with an access token that cannot be renewed."""

    def __init__(self, token: str, origin: str) -> None:
        super().__init__(token)
        self._origin = origin

    def handle_missing_authorization(self) -> bool:
        """Say that the token is not accepted."""
        raise NotAuthorized(
            401,
            f"The access token {how(self._origin)} is not accepted.",
            "It may have ended: hand over a new one, or none and log in with %aero_login.",
        )


class ServiceSignature(GlobusAuthorizer):
    """Signs for client credentials; the token is fetched by the first request, and again when it ends."""

    _lock = threading.Lock()

    def __init__(self, app: ClientApp, server: str) -> None:
        self._app = app
        self._server = server

    def get_authorization_header(self) -> str | None:
        """Give the header."""
        with self._lock, _refusal():
            return self._app.get_authorizer(self._server).get_authorization_header()

    def handle_missing_authorization(self) -> bool:
        """Have the token fetched anew that was not accepted."""
        with self._lock, _refusal():
            return self._app.get_authorizer(self._server).handle_missing_authorization()


def _refusal() -> contextlib.AbstractContextManager[None]:
    return in_our_words(
        NotAuthorized(401, "Globus did not accept the client credentials.", "Check what this client may ask for.")
    )


class Nobody(GlobusAuthorizer):
    """Stands where a login is not possible: the profile does not name the Globus clients it takes."""

    def __init__(self, where: str, optional: bool) -> None:
        self._where = where
        self._optional = optional

    def get_authorization_header(self) -> str | None:
        """Sign nothing, where that may do."""
        if not self._optional:
            raise self._cannot()
        return None

    def handle_missing_authorization(self) -> bool:
        """Say what a login takes."""
        raise self._cannot()

    def _cannot(self) -> LoginRequired:
        return cannot_log_in(self._where)


def cannot_log_in(where: str) -> LoginRequired:
    """Say what a login takes that is not there."""
    return LoginRequired(
        401,
        f"Nobody can log in to {where}: no Globus client is configured for it.",
        "Write client_uuid, portal_client_id and cache_dir into ~/.aero/config.toml, or set AERO_ACCESS_TOKEN.",
    )


def how(origin: str) -> str:
    """Say how a token came here."""
    return origin if origin == "handed over" else f"in {origin}"
