"""The login of a user: status, tokens and logout."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import globus_sdk
from globus_sdk.token_storage import TokenStorageData

from aero_jupyter.auth.authorizers import UserAuthorizer
from aero_jupyter.auth.globus_errors import (
    ANSWER_SECONDS,
    CURE,
    run_with_timeout,
    translate_globus_errors,
    with_short_timeouts,
)
from aero_jupyter.auth.login_flow import LoginFlow, extract_code
from aero_jupyter.auth.scopes import AUTH, Permission
from aero_jupyter.auth.token_storage import TokenStore
from aero_jupyter.core.errors import AeroError, LoginRequired

#: Seconds before its expiry at which a token is renewed.
_RENEWAL_MARGIN_SECONDS = 60
_ENDED = "The login has expired or was revoked."


@dataclass(frozen=True)
class LoginStatus:
    """The status of a login.

    Attributes
    ----------
    name : str or None
        The user's name at Globus, if it is known.
    until : datetime
        The expiry of the token; it is renewed before.
    """

    name: str | None
    until: datetime

    def __str__(self) -> str:
        name = f" as {self.name}" if self.name else ""
        return f"Logged in{name} until {self.until:%d %b %H:%M} UTC (renewed automatically)."


class UserLogin:
    """The login of one user to one AERO server.

    Parameters
    ----------
    server_name : str
        The server's name in messages.
    client_id : str
        The id of the native app that requests the tokens.
    permissions : tuple of Permission
        The requested permissions; the first is the AERO server's.
    store : TokenStore
        The token storage.
    """

    def __init__(
        self, server_name: str, client_id: str, permissions: tuple[Permission, ...], store: TokenStore
    ) -> None:
        self.server_name = server_name
        self.permissions = permissions
        self.store = store
        self._client_id = client_id
        self._lock = threading.RLock()
        self._flow: LoginFlow | None = None
        self._demands: dict[str, Any] = {}
        self._link_is_stale = False

    def __repr__(self) -> str:
        return f"UserLogin({self.server_name})"

    def status(self) -> LoginStatus | None:
        """Return the login status from the stored tokens; None while logged out."""
        token = self.store.get_token_data(self.permissions[0].server)
        if token is None:
            return None
        return LoginStatus(self.store.name, datetime.fromtimestamp(token.expires_at_seconds, timezone.utc))

    def verified_status(self) -> LoginStatus | None:
        """Return the login status after verifying it at Globus; None while logged out.

        Raises
        ------
        ClientError
            If Globus does not answer.
        """
        if self.status() is None or self.store.get_token_data(AUTH) is None:
            return self.status()
        client = with_short_timeouts(globus_sdk.AuthClient(authorizer=UserAuthorizer(self, AUTH)))
        try:
            with translate_globus_errors(LoginRequired(401, _ENDED)):
                [about] = run_with_timeout(ANSWER_SECONDS, client.userinfo)
        except LoginRequired:
            return None
        if about["preferred_username"] != self.store.name:
            self.store.name = str(about["preferred_username"])
        return self.status()

    def missing_permissions(self) -> tuple[Permission, ...]:
        """Return the requested permissions that the login does not include."""
        held = {server: each.scope.split() for server, each in self.store.get_token_data_by_resource_server().items()}
        found = [each for each in self.permissions if not set(each.scopes) <= set(held.get(each.server, ()))]
        missing_scopes = [
            scope for scope in self._demands.get("required_scopes", ()) if not any(scope in s for s in held.values())
        ]
        return (*found, *(Permission("", (scope,), f"use {scope.rpartition('/')[2]}") for scope in missing_scopes))

    def link(self, *, fresh: bool = False) -> str:
        """Return the URL of the login page: the pending link, or a new one if `fresh`."""
        with self._lock:
            fresh = fresh or self._link_is_stale
            self._link_is_stale = False
            return self._login_flow().link(self._demands, fresh=fresh)

    def add_demands(self, demands: Mapping[str, Any]) -> None:
        """Add the demands of a service to the next link."""
        with self._lock:
            scopes = [*self._demands.get("required_scopes", ()), *map(str, demands.get("required_scopes") or ())]
            all_demands = {**self._demands, **demands, "required_scopes": list(dict.fromkeys(scopes))}
            self._link_is_stale = self._link_is_stale or all_demands != self._demands
            self._demands = all_demands

    def finish(self, code: str) -> LoginStatus:
        """Log in with the code from the login page, or with that page's URL.

        Raises
        ------
        InvalidArgument
            If there is no code or no pending link.
        ClientError
            If Globus does not accept the code or does not answer.
        """
        code = extract_code(code)
        with self._lock:
            before = self.store.get_token_data_by_resource_server()
            name = self._login_flow().finish(code)
            self.store.pending = None
            self.store.name = name
            self._demands = {}
            kept = {each.identity_id for each in self.store.get_token_data_by_resource_server().values()}
            self._revoke([each for each in before.values() if each.identity_id and each.identity_id not in kept])
        status = self.status()
        if status is None:
            raise LoginRequired(401, f"Globus returned no token for {self.server_name}.", "Check portal_client_id.")
        return status

    def log_out(self) -> bool | None:
        """Delete the tokens, then revoke them at Globus.

        Returns
        -------
        bool or None
            Whether Globus revoked them; None if there were none.
        """
        with self._lock:
            old = self.store.clear()
            self._demands = {}
        return self._revoke(old) if old else None

    def token(self, server: str, rejected: str | None = None) -> TokenStorageData | None:
        """Return a valid token, renewed if necessary; None if there is none.

        Parameters
        ----------
        rejected : str, optional
            An access token that the service has rejected.

        Raises
        ------
        LoginRequired
            If the token cannot be renewed.
        ClientError
            If Globus does not answer.
        """
        kept = self.store.get_token_data(server)
        if kept is None or _is_valid(kept, rejected):
            return kept
        try:
            with self.store.locked():
                # Another kernel may have renewed the token meanwhile.
                kept = self.store.get_token_data(server)
                return kept if kept is None or _is_valid(kept, rejected) else self._renew(kept)
        except LoginRequired as ended:
            raise self.required(ended.message) from None

    def required(self, message: str = "") -> LoginRequired:
        """Return the error that asks for a login, with its link."""
        return LoginRequired(401, message or f"You are not logged in to {self.server_name}.", CURE, url=self.link())

    @functools.cached_property
    def _client(self) -> globus_sdk.NativeAppAuthClient:
        return with_short_timeouts(globus_sdk.NativeAppAuthClient(self._client_id))

    def _login_flow(self) -> LoginFlow:
        if self._flow is None:
            self._flow = LoginFlow(self._client_id, self.permissions, self.store)
        return self._flow

    def _renew(self, kept: TokenStorageData) -> TokenStorageData:
        server = kept.resource_server
        try:
            if kept.refresh_token is None:
                raise LoginRequired(401, _ENDED)
            with translate_globus_errors(LoginRequired(401, _ENDED)):
                # A quick request first: a network that drops packets would block all kernels at the lock.
                run_with_timeout(ANSWER_SECONDS, self._client.get_openid_configuration)
                answer = self._client.oauth2_refresh_token(kept.refresh_token)
        except LoginRequired:
            self.store.remove_token_data(server)
            raise
        new = answer.by_resource_server[server]
        changed = {key: new[key] for key in ("access_token", "refresh_token", "expires_at_seconds") if new.get(key)}
        made = TokenStorageData.from_dict({**kept.to_dict(), **changed})
        self.store.store_token_data_by_resource_server({server: made})
        return made

    def _revoke(self, tokens: list[TokenStorageData]) -> bool:
        texts = [text for each in tokens for text in (each.refresh_token, each.access_token) if text]
        try:
            with translate_globus_errors(AeroError("")):
                run_with_timeout(
                    ANSWER_SECONDS, *(lambda text=text: self._client.oauth2_revoke_token(text) for text in texts)
                )
        except AeroError:
            return False
        return True


def _is_valid(token: TokenStorageData, rejected: str | None) -> bool:
    return token.access_token != rejected and token.expires_at_seconds > time.time() + _RENEWAL_MARGIN_SECONDS
