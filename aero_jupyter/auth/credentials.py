"""Who signs requests: a token handed over, client credentials, the stored login of a person, or nobody."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from globus_sdk import ConfidentialAppAuthClient
from globus_sdk.authorizers import GlobusAuthorizer
from globus_sdk.globus_app import ClientApp, GlobusAppConfig

from aero_jupyter.auth import permissions
from aero_jupyter.auth.permissions import Permission
from aero_jupyter.auth.person import Person
from aero_jupyter.auth.signatures import HandedOver, Nobody, ServiceSignature, Signature, how
from aero_jupyter.auth.store import store_in
from aero_jupyter.auth.words import tuned
from aero_jupyter.core.config import Profile
from aero_jupyter.core.errors import InvalidArgument

_PAIRS = (("AERO_CLIENT_ID", "AERO_CLIENT_SECRET"), ("GLOBUS_COMPUTE_CLIENT_ID", "GLOBUS_COMPUTE_CLIENT_SECRET"))
_REVOKE = "https://auth.globus.org/v2/web/consents"


class Credentials:
    """What signs requests to an AERO server, to Globus's services and to collections.

    Parameters
    ----------
    profile : Profile
    environ : mapping
        The environment variables.
    token : str, optional
        An access token for the AERO server, handed over.

    Attributes
    ----------
    person : Person or None
        Who can log in; None where the profile does not name the Globus clients it takes.
    """

    def __init__(self, profile: Profile, environ: Mapping[str, str], token: str | None) -> None:
        self.where = profile.server.split("://")[1].rstrip("/")
        self._origin = "handed over" if token else "AERO_ACCESS_TOKEN"
        self._token = token or environ.get("AERO_ACCESS_TOKEN") or None
        named = environ.get("AERO_COLLECTION_UUID")
        self._collections = (*profile.collections, *((named,) if named else ()))
        self._portal = profile.portal_client_id
        asked = permissions.wanted(self._portal, self._collections) if self._portal else ()
        self._service = _service(environ, asked)
        self.person: Person | None = None
        if profile.client_uuid and profile.cache_dir and asked:
            self.person = Person(self.where, profile.client_uuid, asked, store_in(profile.cache_dir, profile.name))
            self.person.store.adopt()

    def __repr__(self) -> str:
        return f"Credentials({self.where})"

    @property
    def needs_nobody(self) -> bool:
        """Whether requests are signed without a person."""
        return self._token is not None or self._service is not None

    def aero(self) -> GlobusAuthorizer:
        """Give what signs requests to the AERO server."""
        if self._token is not None:
            return HandedOver(self._token, self._origin)
        return self.globus(self._portal or "", optional=True)

    def globus(self, server: str, *, optional: bool = False) -> GlobusAuthorizer:
        """Give what signs requests to a resource server; `optional` where they may also go out unsigned."""
        if self._service is not None:
            return ServiceSignature(self._service, server)
        if self.person is not None:
            return Signature(self.person, server, optional=optional)
        return Nobody(self.where, optional)

    def collections(self) -> dict[str, GlobusAuthorizer]:
        """Give what signs requests to each known collection, by its id."""
        held: Mapping[str, object] = {}
        if self.person is not None:
            # A file that is broken must not keep anybody from %aero_logout, which mends it.
            with contextlib.suppress(InvalidArgument):
                held = self.person.store.get_token_data_by_resource_server()
        asked = {each.server for each in self.person.permissions} if self.person else set()
        names = dict.fromkeys((*self._collections, *(each for each in held if each not in asked)))
        return {each: self.globus(each) for each in names}

    def who(self, *, check: bool = False) -> str | None:
        """Say who signs requests; None if nobody does.

        Parameters
        ----------
        check : bool
            Whether to ask Globus.

        Raises
        ------
        ClientError
            If Globus is to be asked and does not answer.
        """
        if check and self._service is not None:
            self.aero().get_authorization_header()
        if self._token is not None:
            return f"Requests to {self.where} are signed with the access token {how(self._origin)}."
        if self._service is not None:
            return f"Logged in to {self.where} as the Globus client {str(self._service.client_id)[:8]}."
        who = self.person and (self.person.checked() if check else self.person.who())
        return str(who) if who else None

    def identity(self) -> str | None:
        """Tell whose requests to Globus are; None while that is not known."""
        if self._service is not None:
            return str(self._service.client_id)
        who = self.person.who() if self.person else None
        return who.name if who else None

    def log_out(self) -> str:
        """Forget what can be forgotten, revoke what can be revoked, and say what happened."""
        said = self._forgotten()
        if self._token is not None:
            self._token = None
            said = f"The access token {how(self._origin)} is not used any more here."
        if self._service is not None:
            said = f"{said} The client credentials of the environment stay; unset AERO_CLIENT_ID to stop using them."
        return said

    def _forgotten(self) -> str:
        done = self.person.log_out() if self.person else None
        if done is None:
            return f"Nobody was logged in to {self.where}."
        if done:
            return f"Logged out of {self.where}: the tokens are forgotten here and revoked at Globus."
        return (
            f"Logged out of {self.where}: the tokens are forgotten here. Globus did not answer, so they are not "
            f"revoked there; do that at {_REVOKE}."
        )


def _service(environ: Mapping[str, str], asked: tuple[Permission, ...]) -> ClientApp | None:
    if bool(environ.get("AERO_CLIENT_ID")) != bool(environ.get("AERO_CLIENT_SECRET")):
        raise InvalidArgument(
            "Only one of AERO_CLIENT_ID and AERO_CLIENT_SECRET is set.", "Set both, or neither to log in yourself."
        )
    found = next((pair for pair in _PAIRS if all(environ.get(name) for name in pair)), None)
    if found is None:
        return None
    if not asked:
        raise InvalidArgument(
            "Client credentials are set, but the profile does not name the AERO server's Globus client.",
            "Write portal_client_id, client_uuid and cache_dir into the configuration file.",
        )
    return ClientApp(
        "aero_jupyter",
        login_client=tuned(ConfidentialAppAuthClient(environ[found[0]], environ[found[1]])),
        scope_requirements={each.server: list(each.scopes) for each in asked if each.server != permissions.AUTH},
        config=GlobusAppConfig(token_storage="memory"),  # noqa: S106
    )
