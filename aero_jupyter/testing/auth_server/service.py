"""A stand-in for Globus Auth with the checks of the real service, so that an incorrect client fails in tests."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt

from aero_jupyter.testing.auth_server.records import (
    AuthorizationRequest,
    Code,
    Grant,
    Identity,
    OAuthError,
    challenge,
    key,
    service_scopes,
)


class GlobusAuth:
    """The state and the rules of Globus Auth; `aero_jupyter.testing.globus_auth` serves them.

    Parameters
    ----------
    clients : mapping
        Client id to secret; None for a native app, which has none.
    servers : mapping
        Additional resource servers: the id of an AERO server or of a collection, to the names of its scopes.
    identities : sequence of Identity
        The users who can log in.
    code_lifetime, token_lifetime : float
        Lifetimes in seconds.
    rotate : bool
        Whether a refresh token can be used only once.
    clock : callable
        Returns the time in seconds since the epoch.
    """

    def __init__(
        self,
        clients: Mapping[str, str | None],
        servers: Mapping[str, tuple[str, ...]],
        identities: tuple[Identity, ...] = (Identity("vh@example.edu", "Vera Hall"), Identity("jo@example.edu", "Jo")),
        *,
        code_lifetime: float = 600.0,
        token_lifetime: float = 172_800.0,
        rotate: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.url = ""
        self.clients, self.identities = dict(clients), identities
        self.code_lifetime, self.token_lifetime, self.rotate, self.clock = code_lifetime, token_lifetime, rotate, clock
        self.scopes = service_scopes()
        for id, names in servers.items():
            self.scopes |= {f"https://auth.globus.org/scopes/{id}/{name}": id for name in names}
        #: The requests to the token endpoint: the grant types, and "revoke".
        self.log: list[str] = []
        #: The status of every response, while it is set.
        self.failing: int | None = None
        #: Every secret that was issued, for tests that search for leaked secrets.
        self.secrets: list[str] = []
        self._codes: dict[str, Code] = {}
        self._grants: dict[str, Grant] = {}
        self._lock = threading.RLock()

    @property
    def redirect(self) -> str:
        """The only redirect URL, whose page shows the code."""
        return f"{self.url}/v2/web/auth-code"

    def asked(self, query: Mapping[str, str]) -> AuthorizationRequest:
        """Validate a login link and return its parameters.

        Raises
        ------
        OAuthError
            If a native app may not send such a request.
        """
        client = query.get("client_id", "")
        if client not in self.clients:
            raise OAuthError(400, "unknown_client")
        if query.get("redirect_uri") != self.redirect:
            raise OAuthError(400, "redirect_uri_mismatch")
        if query.get("response_type") != "code":
            raise OAuthError(400, "unsupported_response_type")
        if query.get("code_challenge_method") != "S256" or len(query.get("code_challenge", "")) != 43:
            raise OAuthError(400, "pkce_required")
        scopes = tuple(query.get("scope", "").split())
        self._known(scopes)
        offline = query.get("access_type") == "offline"
        return AuthorizationRequest(
            client, scopes, self.redirect, query.get("state", ""), query["code_challenge"], offline
        )

    def consent(self, asked: AuthorizationRequest, username: str) -> str:
        """Log a user in with consent; return the authorization code."""
        identity = next((each for each in self.identities if each.username == username), None)
        if identity is None:
            raise OAuthError(403, "unknown_identity")
        code = self._secret(30)
        with self._lock:
            self._codes[code] = Code(asked, identity, self.clock() + self.code_lifetime)
        return code

    def log_in(self, link: str, username: str = "vh@example.edu") -> str:
        """Follow a login link as a user does; return the code that the page shows."""
        return self.consent(self.asked(dict(parse_qsl(urlsplit(link).query))), username)

    def token(self, form: Mapping[str, str], basic: tuple[str, str] | None) -> dict[str, Any]:
        """Return the response to a token request.

        Raises
        ------
        OAuthError
            If the grant is not valid.
        """
        kind = form.get("grant_type", "")
        grants = {
            "authorization_code": self._from_code,
            "refresh_token": self._from_refresh_token,
            "client_credentials": self._from_credentials,
        }
        with self._lock:
            self.log.append(kind)
            if kind not in grants:
                raise OAuthError(400, "unsupported_grant_type")
            return grants[kind](form, self._client(form, basic))

    def revoke(self, form: Mapping[str, str], basic: tuple[str, str] | None) -> dict[str, Any]:
        """Revoke a token of this client; an unknown token counts as revoked."""
        client = self._client(form, basic)
        with self._lock:
            self.log.append("revoke")
            grant = self._grants.get(form.get("token", ""))
            if grant is not None and grant.client == client:
                del self._grants[form["token"]]
        return {"active": False}

    def revoke_all(self) -> None:
        """Revoke every token, as its owner can on the website."""
        with self._lock:
            self._grants.clear()

    def active(self, token: str, scope: str = "") -> Identity | None:
        """Return the owner of an access token; None if the token is not valid or lacks the scope."""
        with self._lock:
            grant = self._grants.get(token)
        if grant is None or grant.refresh or grant.expires <= self.clock():
            return None
        return grant.identity if not scope or scope in grant.scope.split() else None

    def userinfo(self, token: str) -> dict[str, Any]:
        """Return the claims about the owner of a token."""
        identity = self.active(token, "openid")
        if identity is None:
            raise OAuthError(401, "invalid_token")
        return self._claims(identity)

    def link(self, query: Mapping[str, str]) -> str:
        """Return a URL of the login page."""
        return f"{self.url}/v2/oauth2/authorize?{urlencode(query)}"

    def jwks(self) -> dict[str, Any]:
        """Return the public key that verifies id tokens."""
        from jwt.algorithms import RSAAlgorithm

        public = RSAAlgorithm.to_jwk(key().public_key(), as_dict=True)
        return {"keys": [{**public, "alg": "RS512", "use": "sig", "kid": "stub"}]}

    def _client(self, form: Mapping[str, str], basic: tuple[str, str] | None) -> str:
        client, secret = basic or (form.get("client_id", ""), None)
        known = self.clients.get(client, "")
        if client not in self.clients or not (known is None or secrets.compare_digest(known, secret or "")):
            raise OAuthError(401, "invalid_client")
        return client

    def _from_code(self, form: Mapping[str, str], client: str) -> dict[str, Any]:
        # A code is used up by the first attempt, with the right verifier or not.
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.expires <= self.clock():
            raise OAuthError(401, "invalid_grant")
        asked = code.asked
        if (client, form.get("redirect_uri")) != (asked.client, asked.redirect):
            raise OAuthError(401, "invalid_grant")
        if challenge(form.get("code_verifier", "")) != asked.challenge:
            raise OAuthError(401, "invalid_grant")
        answer = self._issued(client, code.identity, asked.scopes, offline=asked.offline)
        if "openid" in asked.scopes:
            answer["id_token"] = self._id_token(client, code.identity)
        return {**answer, "state": asked.state}

    def _from_refresh_token(self, form: Mapping[str, str], client: str) -> dict[str, Any]:
        token = form.get("refresh_token", "")
        grant = self._grants.get(token)
        if grant is None or not grant.refresh or grant.client != client:
            raise OAuthError(400, "invalid_grant")
        if self.rotate:
            del self._grants[token]
        return self._issued(client, grant.identity, tuple(grant.scope.split()), offline=self.rotate)

    def _from_credentials(self, form: Mapping[str, str], client: str) -> dict[str, Any]:
        if self.clients[client] is None:
            raise OAuthError(400, "unauthorized_client")
        scopes = tuple(form.get("scope", "").split())
        self._known(scopes)
        return self._issued(client, Identity(f"{client}@clients.auth.globus.org", client, client), scopes)

    def _known(self, scopes: tuple[str, ...]) -> None:
        if not scopes or any(scope not in self.scopes for scope in scopes):
            raise OAuthError(400, "unknown_scope")

    def _issued(
        self, client: str, identity: Identity, scopes: tuple[str, ...], *, offline: bool = False
    ) -> dict[str, Any]:
        by_server: dict[str, list[str]] = {}
        for scope in scopes:
            by_server.setdefault(self.scopes[scope], []).append(scope)
        answers = []
        for server, names in by_server.items():
            scope = " ".join(names)
            expires = self.clock() + self.token_lifetime
            answer = {"resource_server": server, "scope": scope, "token_type": "Bearer"}
            made = [("access_token", Grant(client, identity, server, scope, expires))]
            if offline:
                made.append(("refresh_token", Grant(client, identity, server, scope, expires, refresh=True)))
            for word, grant in made:
                answer[word] = self._secret(48)
                self._grants[answer[word]] = grant
            answers.append({**answer, "expires_in": int(self.token_lifetime)})
        return {**answers[0], "other_tokens": answers[1:]}

    def _id_token(self, client: str, identity: Identity) -> str:
        now = int(self.clock())
        claims = {**self._claims(identity), "iss": self.url, "aud": client, "iat": now, "exp": now + 172_800}
        return jwt.encode(claims, key(), algorithm="RS512", headers={"kid": "stub"})

    def _claims(self, identity: Identity) -> dict[str, Any]:
        mail = {"preferred_username": identity.username, "email": identity.username}
        return {"sub": identity.id, "name": identity.name, **mail}

    def _secret(self, size: int) -> str:
        self.secrets.append(secrets.token_urlsafe(size))
        return self.secrets[-1]
