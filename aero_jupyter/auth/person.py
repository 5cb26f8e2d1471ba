"""A person's login: who it is, the tokens that sign requests, and the end of it."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import globus_sdk
from globus_sdk.token_storage import TokenStorageData

from aero_jupyter.auth.flow import LoginFlow
from aero_jupyter.auth.permissions import AUTH, Permission
from aero_jupyter.auth.signatures import Signature
from aero_jupyter.auth.store import TokenStore
from aero_jupyter.auth.words import CURE, PATIENCE, in_our_words, tuned, within
from aero_jupyter.core.errors import AeroError, InvalidArgument, LoginRequired

#: Seconds before its end at which a token is renewed.
_MARGIN = 60
_ENDED = "The login has ended, or was revoked."


@dataclass(frozen=True)
class Who:
    """Who is logged in.

    Attributes
    ----------
    name : str or None
        As Globus calls them, where that is known.
    until : datetime
        When the token ends; it renews itself before.
    """

    name: str | None
    until: datetime

    def __str__(self) -> str:
        who = f" as {self.name}" if self.name else ""
        return f"Logged in{who} until {self.until:%d %b %H:%M} UTC (renewed by itself)."


class Person:
    """The login of one person to one AERO server.

    Parameters
    ----------
    where : str
        How people call the server.
    client_id : str
        The native app that logs in.
    permissions : tuple of Permission
        What is asked for; the first is the AERO server's.
    store : TokenStore
        Where tokens are kept.
    """

    def __init__(self, where: str, client_id: str, permissions: tuple[Permission, ...], store: TokenStore) -> None:
        self.where = where
        self.permissions = permissions
        self.store = store
        self._client_id = client_id
        self._lock = threading.RLock()
        self._flow: LoginFlow | None = None
        self._demands: dict[str, Any] = {}
        self._link_is_stale = False

    def __repr__(self) -> str:
        return f"Person({self.where})"

    def who(self) -> Who | None:
        """Tell who is logged in, as far as this machine knows."""
        token = self.store.get_token_data(self.permissions[0].server)
        if token is None:
            return None
        return Who(self.store.name, datetime.fromtimestamp(token.expires_at_seconds, timezone.utc))

    def checked(self) -> Who | None:
        """Tell who is logged in after asking Globus.

        Raises
        ------
        ClientError
            If Globus does not answer.
        """
        if self.who() is None or self.store.get_token_data(AUTH) is None:
            return self.who()
        client = tuned(globus_sdk.AuthClient(authorizer=Signature(self, AUTH)))
        try:
            with in_our_words(LoginRequired(401, _ENDED)):
                [about] = within(PATIENCE, client.userinfo)
        except LoginRequired:
            return None
        if about["preferred_username"] != self.store.name:
            self.store.name = str(about["preferred_username"])
        return self.who()

    def lacks(self) -> tuple[Permission, ...]:
        """List what the login does not include, of what is asked for."""
        held = {server: each.scope.split() for server, each in self.store.get_token_data_by_resource_server().items()}
        found = [each for each in self.permissions if not set(each.scopes) <= set(held.get(each.server, ()))]
        asked = [
            scope for scope in self._demands.get("required_scopes", ()) if not any(scope in s for s in held.values())
        ]
        return (*found, *(Permission("", (scope,), f"use {scope.rpartition('/')[2]}") for scope in asked))

    def link(self, *, fresh: bool = False) -> str:
        """Give the page to log in at: the pending one, unless a fresh one is wished."""
        with self._lock:
            fresh = fresh or self._link_is_stale
            self._link_is_stale = False
            return self._ready().link(self._demands, fresh=fresh)

    def demand(self, demands: Mapping[str, Any]) -> None:
        """Remember what a service asks for beyond what was consented to, for the next link."""
        with self._lock:
            scopes = [*self._demands.get("required_scopes", ()), *map(str, demands.get("required_scopes") or ())]
            asked = {**self._demands, **demands, "required_scopes": list(dict.fromkeys(scopes))}
            self._link_is_stale = self._link_is_stale or asked != self._demands
            self._demands = asked

    def finish(self, code: str) -> Who:
        """Log in with the code that the page showed; the page's address does as well.

        Raises
        ------
        InvalidArgument
            If there is no code, or no link it could belong to.
        ClientError
            If Globus does not accept it or does not answer.
        """
        code = _code_in(code)
        with self._lock:
            before = self.store.get_token_data_by_resource_server()
            name = self._ready().finish(code)
            self.store.pending = None
            self.store.name = name
            self._demands = {}
            kept = {each.identity_id for each in self.store.get_token_data_by_resource_server().values()}
            self._revoked([each for each in before.values() if each.identity_id and each.identity_id not in kept])
        who = self.who()
        if who is None:
            raise LoginRequired(401, f"Globus gave no token for {self.where}.", "Check portal_client_id.")
        return who

    def log_out(self) -> bool | None:
        """Forget the tokens, then revoke them at Globus.

        Returns
        -------
        bool or None
            Whether Globus revoked them; None if there were none.
        """
        with self._lock:
            old = self.store.clear()
            self._demands = {}
        return self._revoked(old) if old else None

    def token(self, server: str, rejected: str | None = None) -> TokenStorageData | None:
        """Give a token that holds, renewed where it must be; None where there is none.

        Parameters
        ----------
        rejected : str, optional
            An access token that the service has not accepted.

        Raises
        ------
        LoginRequired
            If it cannot be renewed.
        ClientError
            If Globus does not answer.
        """
        kept = self.store.get_token_data(server)
        if kept is None or _holds(kept, rejected):
            return kept
        try:
            with self.store.locked():
                # Another kernel may have renewed it in the meantime.
                kept = self.store.get_token_data(server)
                return kept if kept is None or _holds(kept, rejected) else self._renewed(kept)
        except LoginRequired as ended:
            raise self.required(ended.message) from None

    def required(self, message: str = "") -> LoginRequired:
        """Say that somebody must log in, and where."""
        return LoginRequired(401, message or f"Nobody is logged in to {self.where}.", CURE, url=self.link())

    @functools.cached_property
    def _client(self) -> globus_sdk.NativeAppAuthClient:
        return tuned(globus_sdk.NativeAppAuthClient(self._client_id))

    def _ready(self) -> LoginFlow:
        if self._flow is None:
            self._flow = LoginFlow(self._client_id, self.permissions, self.store)
        return self._flow

    def _renewed(self, kept: TokenStorageData) -> TokenStorageData:
        server = kept.resource_server
        try:
            if kept.refresh_token is None:
                raise LoginRequired(401, _ENDED)
            with in_our_words(LoginRequired(401, _ENDED)):
                # Asked first: a network that swallows everything would hold up all kernels for long.
                within(PATIENCE, self._client.get_openid_configuration)
                answer = self._client.oauth2_refresh_token(kept.refresh_token)
        except LoginRequired:
            self.store.remove_token_data(server)
            raise
        new = answer.by_resource_server[server]
        changed = {key: new[key] for key in ("access_token", "refresh_token", "expires_at_seconds") if new.get(key)}
        made = TokenStorageData.from_dict({**kept.to_dict(), **changed})
        self.store.store_token_data_by_resource_server({server: made})
        return made

    def _revoked(self, tokens: list[TokenStorageData]) -> bool:
        texts = [text for each in tokens for text in (each.refresh_token, each.access_token) if text]
        try:
            with in_our_words(AeroError("")):
                within(PATIENCE, *(lambda text=text: self._client.oauth2_revoke_token(text) for text in texts))
        except AeroError:
            return False
        return True


def _holds(token: TokenStorageData, rejected: str | None) -> bool:
    return token.access_token != rejected and token.expires_at_seconds > time.time() + _MARGIN


def _code_in(text: str) -> str:
    """Read the code out of what was pasted: itself with spaces or quotes around, or the address of its page."""
    text = "".join(text.split()).strip("'\"`")
    if "://" in text:
        text = parse_qs(urlsplit(text).query).get("code", [""])[0]
    if not text:
        raise InvalidArgument("There is no code to log in with.", "Paste the code that the login page shows.")
    return text
