"""Tokens for scripts: those of the login, and that of a collection."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from aero_jupyter.api.client_configuration import conf_in_use
from aero_jupyter.core.errors import InvalidArgument, LoginRequired, NotAuthorized
from aero_jupyter.session import current

if TYPE_CHECKING:
    from globus_sdk import IterableTransferResponse, NativeAppAuthClient, OAuthTokenResponse

#: The suffix of the host of a Globus collection.
_GLOBUS_HOSTS = ".data.globus.org"


def authenticate(client: NativeAppAuthClient, scope: str | list[str]) -> OAuthTokenResponse:
    """Log in at Globus with a code that is pasted at the prompt of a terminal.

    Parameters
    ----------
    client : NativeAppAuthClient
        The Globus client that logs in.
    scope : str or list of str
        The requested scopes.

    Returns
    -------
    OAuthTokenResponse
        The tokens; they are not stored. ``aero-jupyter login`` stores those of its login.

    Raises
    ------
    InvalidArgument
        If this runs in a notebook, which must not wait at a prompt.
    ClientError
        If Globus does not accept the code or does not answer.

    Examples
    --------
    >>> from globus_sdk import NativeAppAuthClient
    >>> from aero_jupyter import utils
    >>> utils.authenticate(NativeAppAuthClient(utils.CONF.client_uuid), "openid")  # doctest: +SKIP
    Open https://auth.globus.org/... and enter the code:
    """
    from aero_jupyter.auth.globus_errors import translate_globus_errors

    if getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)() is not None:
        raise InvalidArgument("authenticate() waits at a prompt, which would hold up the notebook.", "%aero_login")
    page = f"{str(client.base_url).rstrip('/')}/v2/web/auth-code"
    client.oauth2_start_flow(scope, redirect_uri=page, refresh_tokens=True)
    code = input(f"Open {client.oauth2_get_authorize_url()} and enter the code: ").strip()
    with translate_globus_errors(NotAuthorized(401, "Globus did not accept this code.", "A code works once.")):
        return client.oauth2_exchange_code_for_tokens(code)


def load_tokens() -> dict[str, dict[str, Any]]:
    """Load the tokens of the session in use.

    Returns
    -------
    dict
        Resource server to ``access_token``, ``refresh_token``, ``scope`` and ``expires_at_seconds``. The AERO server's
        is at ``CONF.portal_client_id``.

    Raises
    ------
    LoginRequired
        If no user is logged in.

    Examples
    --------
    >>> from aero_jupyter import utils
    >>> sorted(utils.load_tokens()[utils.CONF.portal_client_id])
    ['access_token', 'expires_at_seconds', 'refresh_token', 'scope']
    """
    session = current()
    credentials = session.credentials
    login = credentials.user_login if credentials and not credentials.signs_without_login else None
    if login is not None:
        stored = login.store.get_token_data_by_resource_server()
        if not stored:
            raise login.required()
        return {server: each.to_dict() for server, each in stored.items()}
    token = bearer_token()
    # The token of the local AERO is not renewed, so a script may use it in either place.
    renewal = token if session.is_local else None
    entry = {"access_token": token, "refresh_token": renewal, "scope": "", "expires_at_seconds": None}
    return {conf_in_use().portal_client_id: entry}


def bearer_token() -> str:
    """Return the access token that signs requests to the AERO server.

    Returns
    -------
    str

    Raises
    ------
    LoginRequired
        If no user is logged in.

    Examples
    --------
    >>> from aero_jupyter.api.tokens import bearer_token
    >>> len(bearer_token()) > 20
    True
    """
    session = current()
    authorizer = session.client.authorizer
    header = authorizer.get_authorization_header() if authorizer else None
    if header:
        return header.partition(" ")[2]
    login = session.credentials.user_login if session.credentials else None
    raise login.required() if login else LoginRequired(401, f"No user is logged in to {session.name}.")


def get_transfer_token(collection_uuid: str) -> str:
    """Return the token that reads and writes the files of a collection.

    Parameters
    ----------
    collection_uuid : str

    Returns
    -------
    str

    Raises
    ------
    InvalidArgument
        If the session is the local AERO and the collection is not its own.
    LoginRequired
        If the login does not include the collection.
    ClientError
        If Globus does not answer.

    Examples
    --------
    >>> from aero_jupyter import utils
    >>> data = client.resolve_data("sewage")
    >>> len(utils.get_transfer_token(data.collection_uuid)) > 20
    True
    """
    session = current()
    collection = str(collection_uuid)
    if session.credentials is not None:
        return session.credentials.collection_token(collection)
    if session.state is None or collection != session.state.collection:
        cure = "Connect to the AERO server of the collection: set AERO_PROFILE to its profile."
        raise InvalidArgument(f"{collection} is not the collection of the local AERO.", cure)
    return session.state.token


def get_collection_metadata(domain: str) -> IterableTransferResponse:
    """Search Globus Transfer for the collection of a host.

    Parameters
    ----------
    domain : str
        The host of a collection, such as ``g-18d480.a4b6ed.a567.data.globus.org``.

    Returns
    -------
    IterableTransferResponse
        The records of Globus Transfer, in ``["DATA"]``.

    Raises
    ------
    InvalidArgument
        If the session is the local AERO, whose collection Globus does not know.
    LoginRequired
        If no user is logged in.
    ClientError
        If Globus refuses or does not answer.

    Examples
    --------
    >>> from aero_jupyter import utils
    >>> utils.get_collection_metadata("g-18d480.a4b6ed.a567.data.globus.org")["DATA"][0]["id"]  # doctest: +SKIP
    '94d05b66-bf20-435d-a406-2577096b6cb6'
    """
    session = current()
    if session.credentials is None:
        cure = "Read its id with: aero-jupyter list data --json"
        raise InvalidArgument("Globus does not know the collection of the local AERO.", cure)
    return session.credentials.collections_named(domain.strip().rstrip("/").removesuffix(_GLOBUS_HOSTS))
