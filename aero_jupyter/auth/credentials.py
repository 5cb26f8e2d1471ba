"""The choice of credentials: an access token, client credentials, the stored login of a user, or none."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from globus_sdk import ConfidentialAppAuthClient, GlobusError, IterableTransferResponse, TransferClient
from globus_sdk.authorizers import GlobusAuthorizer
from globus_sdk.globus_app import ClientApp, GlobusAppConfig
from globus_sdk.scopes import TransferScopes

from aero_jupyter.auth import scopes
from aero_jupyter.auth.authorizers import (
    AnonymousAuthorizer,
    ServiceSignature,
    StaticTokenAuthorizer,
    UserAuthorizer,
    describe_origin,
)
from aero_jupyter.auth.globus_errors import translate_globus_errors, with_short_timeouts
from aero_jupyter.auth.scopes import Permission
from aero_jupyter.auth.token_storage import store_in
from aero_jupyter.auth.user_login import UserLogin
from aero_jupyter.core.config import Profile
from aero_jupyter.core.errors import AeroError, InvalidArgument, LoginRequired, NotAuthorized
from aero_jupyter.jobs import collection_hosts
from aero_jupyter.jobs.loopback import bypass_proxies

_PAIRS = (("AERO_CLIENT_ID", "AERO_CLIENT_SECRET"), ("GLOBUS_COMPUTE_CLIENT_ID", "GLOBUS_COMPUTE_CLIENT_SECRET"))
_REVOKE = "https://auth.globus.org/v2/web/consents"


class Credentials:
    """The credentials for an AERO server, for Globus's services and for collections.

    Parameters
    ----------
    profile : Profile
    environ : mapping
        The environment variables.
    token : str, optional
        An access token for the AERO server.

    Attributes
    ----------
    user_login : UserLogin or None
        The user's login; None if the profile does not name the Globus clients that it needs.
    """

    def __init__(self, profile: Profile, environ: Mapping[str, str], token: str | None) -> None:
        self.server_name = profile.server.split("://")[1].rstrip("/")
        self._origin = "that was passed" if token else "AERO_ACCESS_TOKEN"
        self._token = token or environ.get("AERO_ACCESS_TOKEN") or None
        named = environ.get("AERO_COLLECTION_UUID")
        self._profile = profile
        self._collections = (*profile.collections, *profile.collection_hosts, *((named,) if named else ()))
        self._portal = profile.portal_client_id
        permissions = scopes.wanted(self._portal, self._collections) if self._portal else ()
        self._service = _service(environ, permissions)
        self.user_login: UserLogin | None = None
        if profile.client_uuid and profile.cache_dir and permissions:
            self.user_login = UserLogin(
                self.server_name, profile.client_uuid, permissions, store_in(profile.cache_dir, profile.name)
            )
            self.user_login.store.adopt()

    def __repr__(self) -> str:
        return f"Credentials({self.server_name})"

    @property
    def signs_without_login(self) -> bool:
        """True if requests are signed without a user's login."""
        return self._token is not None or self._service is not None

    def aero_authorizer(self) -> GlobusAuthorizer:
        """Return the authorizer for the AERO server."""
        if self._token is not None:
            return StaticTokenAuthorizer(self._token, self._origin)
        return self.globus_authorizer(self._portal or "", optional=True)

    def globus_authorizer(self, server: str, *, optional: bool = False) -> GlobusAuthorizer:
        """Return the authorizer for a resource server; `optional` if requests may also be sent unsigned."""
        if self._service is not None:
            return ServiceSignature(self._service, server)
        if self.user_login is not None:
            return UserAuthorizer(self.user_login, server, optional=optional)
        return AnonymousAuthorizer(self.server_name, optional)

    def collection_authorizers(self) -> dict[str, GlobusAuthorizer]:
        """Return the authorizer for each known collection, by its id."""
        held: Mapping[str, object] = {}
        if self.user_login is not None:
            # A damaged token file must not prevent %aero_logout, which repairs it.
            with contextlib.suppress(InvalidArgument):
                held = self.user_login.store.get_token_data_by_resource_server()
        granted = [each for each, data in held.items() if scopes.https(each) in str(getattr(data, "scope", "")).split()]
        services = {self._profile.client_uuid, self._portal, TransferScopes.resource_server, scopes.AUTH}
        names = dict.fromkeys(each for each in (*self._collections, *granted) if each not in services)
        return {each: self.globus_authorizer(each) for each in names}

    def collection_token(self, collection: str) -> str:
        """Return the token that reads and writes the files of a collection.

        Raises
        ------
        LoginRequired
            If the login does not include the collection.
        ClientError
            If Globus does not answer.
        """
        if self._service is not None:
            self._service.add_scope_requirements({collection: [scopes.https(collection)]})
        try:
            header = self.globus_authorizer(collection).get_authorization_header()
        except LoginRequired as required:
            if self.user_login is None or self.user_login.status() is None:
                raise
            message = f"The login to {self.server_name} does not include collection {collection}."
            raise LoginRequired(
                401, message, "Add it to collections in the profile, then run: aero-jupyter login --force"
            ) from required
        return str(header).partition(" ")[2]

    def collections_named(self, text: str) -> IterableTransferResponse:
        """Search Globus Transfer for collections.

        Raises
        ------
        LoginRequired
            If no user is logged in.
        ClientError
            If Globus refuses or does not answer.
        """
        refusal = NotAuthorized(403, "Globus Transfer refused the search.", "Log in with %aero_login")
        with TransferClient(authorizer=self.globus_authorizer(TransferScopes.resource_server)) as client:
            bypass_proxies(client.transport.session)
            with translate_globus_errors(refusal):
                return client.endpoint_search(text)

    def is_host_of(self, collection: str, url: str) -> bool | None:
        """Return whether a collection is on the host of a URL; None if no host of it is known."""
        return collection_hosts.is_host_of(
            vars(self._profile), collection, url, lambda: self._transfer_record(collection)
        )

    def _transfer_record(self, collection: str) -> Mapping[str, object] | None:
        try:
            with TransferClient(authorizer=self.globus_authorizer(TransferScopes.resource_server)) as client:
                bypass_proxies(client.transport.session)
                return dict(client.get_endpoint(collection).data)
        except (GlobusError, AeroError, ValueError, TypeError):
            return None

    def describe_login(self, *, check: bool = False) -> str | None:
        """Return a sentence on the identity that signs requests; None while logged out.

        Parameters
        ----------
        check : bool
            Whether to verify the login at Globus.

        Raises
        ------
        ClientError
            If the login is to be verified and Globus does not answer.
        """
        if check and self._service is not None:
            self.aero_authorizer().get_authorization_header()
        if self._token is not None:
            return f"Requests to {self.server_name} are signed with the access token {describe_origin(self._origin)}."
        if self._service is not None:
            return f"Logged in to {self.server_name} as the Globus client {str(self._service.client_id)[:8]}."
        status = self.user_login and (self.user_login.verified_status() if check else self.user_login.status())
        return str(status) if status else None

    def identity(self) -> str | None:
        """Return the identity that signs requests to Globus; None if it is not known."""
        if self._service is not None:
            return str(self._service.client_id)
        status = self.user_login.status() if self.user_login else None
        return status.name if status else None

    def log_out(self) -> str:
        """Delete the stored tokens, revoke them at Globus, and return a sentence on the result."""
        result = self._log_out_user()
        if self._token is not None:
            self._token = None
            result = f"The access token {describe_origin(self._origin)} is no longer used here."
        if self._service is not None:
            result = (
                f"{result} The client credentials of the environment remain in use; unset AERO_CLIENT_ID to log out."
            )
        return result

    def _log_out_user(self) -> str:
        done = self.user_login.log_out() if self.user_login else None
        if done is None:
            return f"You were not logged in to {self.server_name}."
        if done:
            return f"Logged out of {self.server_name}: the tokens were deleted here and revoked at Globus."
        return (
            f"Logged out of {self.server_name}: the tokens were deleted here. Globus did not answer, so they were not "
            f"revoked there; revoke them at {_REVOKE}."
        )


def _service(environ: Mapping[str, str], permissions: tuple[Permission, ...]) -> ClientApp | None:
    if bool(environ.get("AERO_CLIENT_ID")) != bool(environ.get("AERO_CLIENT_SECRET")):
        raise InvalidArgument(
            "Only one of AERO_CLIENT_ID and AERO_CLIENT_SECRET is set.",
            "Set both, or unset both and log in with %aero_login",
        )
    found = next((pair for pair in _PAIRS if all(environ.get(name) for name in pair)), None)
    if found is None:
        return None
    if not permissions:
        raise InvalidArgument(
            "Client credentials are set, but the profile does not name the AERO server's Globus client.",
            "Write portal_client_id, client_uuid and cache_dir into the configuration file.",
        )
    return ClientApp(
        "aero_jupyter",
        login_client=with_short_timeouts(ConfidentialAppAuthClient(environ[found[0]], environ[found[1]])),
        scope_requirements={each.server: list(each.scopes) for each in permissions if each.server != scopes.AUTH},
        config=GlobusAppConfig(token_storage="memory"),  # noqa: S106
    )
