"""The login flow by link and pasted code: it never prompts and never blocks."""

from __future__ import annotations

import contextlib
import platform
import time
from dataclasses import asdict, dataclass
from typing import Any  # attributes of globus_sdk that its types leave out
from urllib.parse import parse_qs, urlsplit

import globus_sdk
import jwt
from globus_sdk.gare import GlobusAuthorizationParameters
from globus_sdk.globus_app import GlobusAppConfig, UserApp
from globus_sdk.login_flows import LoginFlowManager
from globus_sdk.token_storage import TokenValidationError

from aero_jupyter.auth.globus_errors import (
    ANSWER_SECONDS,
    CURE,
    run_with_timeout,
    translate_globus_errors,
    with_short_timeouts,
)
from aero_jupyter.auth.scopes import Permission
from aero_jupyter.auth.token_storage import TokenStore
from aero_jupyter.core.errors import InvalidArgument, LoginRequired, NotAuthorized

#: Seconds in which another process may finish a pending login.
_LINK_LIFETIME_SECONDS = 3600.0


@dataclass(frozen=True)
class Pending:
    """A pending login: the link whose code was not entered yet.

    Attributes
    ----------
    verifier : str
        The secret that binds the code to this login; it never leaves the token file.
    since : float
        The creation time, in seconds since the epoch.
    """

    url: str
    verifier: str
    scopes: tuple[str, ...]
    since: float

    def __repr__(self) -> str:
        return f"Pending({len(self.scopes)} scopes)"


class IdTokens(globus_sdk.IDTokenDecoder):
    """A decoder of ID tokens: verifies Globus's signature and stores the user's name."""

    name: str | None = None

    def decode(self, id_token: str, /) -> dict[str, Any]:
        """Return the claims of an ID token."""
        try:
            claims = super().decode(id_token)
        except (jwt.ImmatureSignatureError, jwt.ExpiredSignatureError):
            issued = jwt.decode(id_token, options={"verify_signature": False})["iat"]
            minutes = abs(time.time() - issued) / 60
            raise NotAuthorized(
                401,
                f"The clocks of this machine and Globus differ by {minutes:.0f} min.",
                "Set the clock, then try again.",
            ) from None
        except jwt.InvalidTokenError:
            raise NotAuthorized(
                401,
                "The answer does not have Globus's signature.",
                "Check whether a proxy intercepts requests.",
            ) from None
        name = claims.get("preferred_username") or claims.get("email")
        self.name = str(name) if name else None
        return claims


class PastedCode(LoginFlowManager):
    """A login flow manager for a pasted code; without a code it raises `LoginRequired` with the link to it."""

    def __init__(self, client: globus_sdk.NativeAppAuthClient) -> None:
        grant = f"AERO notebook on {platform.node()}"
        super().__init__(client, request_refresh_tokens=True, native_prefill_named_grant=grant)
        self.native = client
        self.pending: Pending | None = None
        self.code: str | None = None

    @property
    def redirect(self) -> str:
        """The page on which Globus shows the code."""
        return f"{str(self.native.base_url).rstrip('/')}/v2/web/auth-code"

    def run_login_flow(self, auth_parameters: GlobusAuthorizationParameters) -> globus_sdk.OAuthTokenResponse:
        """Exchange the pasted code, or raise `LoginRequired` with the pending link."""
        if self.code is not None:
            with translate_globus_errors(_refusal()):
                return self.native.oauth2_exchange_code_for_tokens(self.code)
        scopes = tuple(auth_parameters.required_scopes or ())
        # A new link invalidates the code of the previous one.
        if self.pending is None or not set(scopes) <= set(self.pending.scopes):
            url = self._get_authorize_url(auth_parameters, self.redirect)
            verifier: Any = self.native.current_oauth2_flow_manager
            self.pending = Pending(url, verifier.verifier, scopes, time.time())
        raise LoginRequired(401, "You are not logged in.", CURE, url=self.pending.url)

    def resume(self, pending: Pending) -> None:
        """Resume a login whose link another process created."""
        self.native.oauth2_start_flow(
            list(pending.scopes), redirect_uri=self.redirect, verifier=pending.verifier, refresh_tokens=True
        )
        self.pending = pending


def _refusal() -> NotAuthorized:
    cure = "A code works once and for a few minutes: open the link again for a new one."
    return NotAuthorized(401, "Globus did not accept this code.", cure)


class LoginFlow:
    """The login flow of one user: a `UserApp`, its link and its code.

    Parameters
    ----------
    client_id : str
        The id of the native app that requests the tokens.
    permissions : sequence of Permission
        The requested permissions.
    store : TokenStore
        The token storage.
    """

    def __init__(self, client_id: str, permissions: tuple[Permission, ...], store: TokenStore) -> None:
        self._store = store
        self.client = with_short_timeouts(globus_sdk.NativeAppAuthClient(client_id))
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
        """Return the pending link, or create one."""
        if fresh:
            self._manager.pending = None
        try:
            parameters = GlobusAuthorizationParameters.from_dict(demands)
        except ValueError:
            # The demands come from a service: invalid ones must not prevent the login.
            parameters = GlobusAuthorizationParameters(required_scopes=demands["required_scopes"])
        try:
            self.app.login(auth_params=parameters, force=True)
        except LoginRequired as required:
            self._store_pending()
            return required.url
        raise AssertionError("a login without a code cannot succeed")

    def finish(self, code: str) -> str | None:
        """Exchange a code for tokens and store them; return the user's name.

        Raises
        ------
        InvalidArgument
            If no link is pending.
        ClientError
            If Globus does not accept the code or does not answer.
        """
        if self._manager.pending is None:
            self._manager.resume(self._stored_pending())
        with translate_globus_errors(_refusal()):
            # The key is fetched before the code is sent, so that the code is not lost if Globus does not answer.
            run_with_timeout(ANSWER_SECONDS, self._tokens.get_jwk)
        self._exchange(code)
        self._manager.pending = None
        return self._tokens.name

    def _exchange(self, code: str) -> None:
        # The new login may belong to another user than the previous one.
        self.app.token_storage.identity_id = None
        self._manager.code = code
        try:
            self.app.login(force=True)
        except TokenValidationError:
            raise NotAuthorized(
                401,
                "Globus granted fewer permissions than requested.",
                "Open the link again, and allow all that it lists.",
            ) from None
        finally:
            self._manager.code = None

    def _store_pending(self) -> None:
        made = self._manager.pending
        # If the link cannot be stored, this process can still finish the login.
        with contextlib.suppress(InvalidArgument):
            if made is not None and (self._store.pending or {}).get("url") != made.url:
                self._store.pending = asdict(made)

    def _stored_pending(self) -> Pending:
        kept = self._store.pending
        if kept is None or kept["since"] + _LINK_LIFETIME_SECONDS < time.time():
            raise InvalidArgument("No login was started.", "Start one with %aero_login, or: aero-jupyter login")
        return Pending(**{**kept, "scopes": tuple(kept["scopes"])})


def extract_code(text: str) -> str:
    """Extract the code from pasted text: the code with spaces or quotes, or the URL of its page.

    Raises
    ------
    InvalidArgument
        If the text contains no code.
    """
    text = "".join(text.split()).strip("'\"`")
    if "://" in text:
        text = parse_qs(urlsplit(text).query).get("code", [""])[0]
    if not text:
        raise InvalidArgument("The login code is missing.", "Paste the code that the login page shows.")
    return text
