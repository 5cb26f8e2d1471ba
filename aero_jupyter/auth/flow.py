"""The way to tokens by a link and a code: it never asks and never waits."""

from __future__ import annotations

import contextlib
import platform
import time
from dataclasses import asdict, dataclass
from typing import Any

import globus_sdk
import jwt
from globus_sdk.gare import GlobusAuthorizationParameters
from globus_sdk.globus_app import GlobusAppConfig, UserApp
from globus_sdk.login_flows import LoginFlowManager
from globus_sdk.token_storage import TokenValidationError

from aero_jupyter.auth.permissions import Permission
from aero_jupyter.auth.store import TokenStore
from aero_jupyter.auth.words import CURE, PATIENCE, in_our_words, tuned, within
from aero_jupyter.core.errors import InvalidArgument, LoginRequired, NotAuthorized

#: Seconds for which a link may be finished by another process.
_LINK_LIFETIME = 3600.0


@dataclass(frozen=True)
class Pending:
    """A link that waits for its code.

    Attributes
    ----------
    verifier : str
        The secret that makes the code ours; it never leaves the token file.
    since : float
        When it was made, in seconds since the epoch.
    """

    url: str
    verifier: str
    scopes: tuple[str, ...]
    since: float

    def __repr__(self) -> str:
        return f"Pending({len(self.scopes)} scopes)"


class IdTokens(globus_sdk.IDTokenDecoder):
    """Checks Globus's signature under who somebody is, and remembers the name."""

    name: str | None = None

    def decode(self, id_token: str, /) -> dict[str, Any]:
        """Give the claims of an id token."""
        try:
            claims = super().decode(id_token)
        except (jwt.ImmatureSignatureError, jwt.ExpiredSignatureError):
            issued = jwt.decode(id_token, options={"verify_signature": False})["iat"]
            minutes = abs(time.time() - issued) / 60
            raise NotAuthorized(
                401, f"This machine's clock and Globus's are {minutes:.0f} min apart.", "Set the clock, then try again."
            ) from None
        except jwt.InvalidTokenError:
            raise NotAuthorized(
                401, "The answer is not signed by Globus.", "A proxy may stand in between; ask who runs the network."
            ) from None
        name = claims.get("preferred_username") or claims.get("email")
        self.name = str(name) if name else None
        return claims


class PastedCode(LoginFlowManager):
    """Gives tokens for a pasted code; without one it raises `LoginRequired` with the link to the code."""

    def __init__(self, client: globus_sdk.NativeAppAuthClient) -> None:
        grant = f"AERO notebook on {platform.node()}"
        super().__init__(client, request_refresh_tokens=True, native_prefill_named_grant=grant)
        self.native = client
        self.pending: Pending | None = None
        self.code: str | None = None

    @property
    def redirect(self) -> str:
        """Where Globus shows the code."""
        return f"{str(self.native.base_url).rstrip('/')}/v2/web/auth-code"

    def run_login_flow(self, auth_parameters: GlobusAuthorizationParameters) -> globus_sdk.OAuthTokenResponse:
        """Exchange the pasted code, or raise `LoginRequired` with the link that is pending."""
        if self.code is not None:
            with in_our_words(_refusal()):
                return self.native.oauth2_exchange_code_for_tokens(self.code)
        scopes = tuple(auth_parameters.required_scopes or ())
        # Every new link makes the code of the one before worthless.
        if self.pending is None or not set(scopes) <= set(self.pending.scopes):
            url = self._get_authorize_url(auth_parameters, self.redirect)
            verifier: Any = self.native.current_oauth2_flow_manager
            self.pending = Pending(url, verifier.verifier, scopes, time.time())
        raise LoginRequired(401, "Nobody is logged in.", CURE, url=self.pending.url)

    def resume(self, pending: Pending) -> None:
        """Take up a link that another process has made."""
        self.native.oauth2_start_flow(
            list(pending.scopes), redirect_uri=self.redirect, verifier=pending.verifier, refresh_tokens=True
        )
        self.pending = pending


def _refusal() -> NotAuthorized:
    cure = "A code works once and for a few minutes: open the link again for a new one."
    return NotAuthorized(401, "Globus did not accept this code.", cure)


class LoginFlow:
    """One person's way to log in: a `UserApp`, its link and its code.

    Parameters
    ----------
    client_id : str
        The native app that logs in.
    permissions : sequence of Permission
        What is asked for.
    store : TokenStore
        Where tokens go.
    """

    def __init__(self, client_id: str, permissions: tuple[Permission, ...], store: TokenStore) -> None:
        self._store = store
        self.client = tuned(globus_sdk.NativeAppAuthClient(client_id))
        self._manager = PastedCode(self.client)
        self._tokens = IdTokens(self.client)
        self.app = UserApp(
            "aero_jupyter",
            login_client=self.client,
            scope_requirements={each.server: list(each.scopes) for each in permissions},
            config=GlobusAppConfig(
                login_flow_manager=self._manager,
                token_storage=store,
                request_refresh_tokens=True,
                id_token_decoder=self._tokens,
            ),
        )

    def link(self, demands: dict[str, Any], *, fresh: bool = False) -> str:
        """Give the link that is pending, or a new one."""
        if fresh:
            self._manager.pending = None
        try:
            parameters = GlobusAuthorizationParameters.from_dict(demands)
        except ValueError:
            # What a service demands came from outside: nonsense must not keep people from logging in.
            parameters = GlobusAuthorizationParameters(required_scopes=demands["required_scopes"])
        try:
            self.app.login(auth_params=parameters, force=True)
        except LoginRequired as required:
            self._keep()
            return required.url
        raise AssertionError("a login without a code cannot succeed")

    def finish(self, code: str) -> str | None:
        """Exchange a code for tokens and keep them; give the name of whom they belong to.

        Raises
        ------
        InvalidArgument
            If no link is pending.
        ClientError
            If Globus does not accept the code or does not answer.
        """
        if self._manager.pending is None:
            self._manager.resume(self._kept())
        with in_our_words(_refusal()):
            # Asked before the code is sent, so that a code is not lost where nobody answers.
            within(PATIENCE, self._tokens.get_jwk)
        self._exchange(code)
        self._manager.pending = None
        return self._tokens.name

    def _exchange(self, code: str) -> None:
        # Who logs in now may be somebody else than who did before.
        self.app.token_storage.identity_id = None
        self._manager.code = code
        try:
            self.app.login(force=True)
        except TokenValidationError:
            raise NotAuthorized(
                401, "Globus gave less than was asked for.", "Open the link again, and allow all that it lists."
            ) from None
        finally:
            self._manager.code = None

    def _keep(self) -> None:
        made = self._manager.pending
        # Where nothing can be kept, this process can still finish it.
        with contextlib.suppress(InvalidArgument):
            if made is not None and (self._store.pending or {}).get("url") != made.url:
                self._store.pending = asdict(made)

    def _kept(self) -> Pending:
        kept = self._store.pending
        if kept is None or kept["since"] + _LINK_LIFETIME < time.time():
            raise InvalidArgument("No login has been begun.", "Begin with %aero_login, or: aero-jupyter login")
        return Pending(**{**kept, "scopes": tuple(kept["scopes"])})
