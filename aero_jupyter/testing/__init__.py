"""Stand-in services for users who write tests with this package.

The stand-ins may import every subpackage, but nothing of the tests; no subpackage imports them.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aero_jupyter.service import daemon, local_home

if TYPE_CHECKING:
    from aero_jupyter.testing.auth_server.service import GlobusAuth


@contextlib.contextmanager
def local_aero(home: Path | None = None) -> Iterator[local_home.State]:
    """Run a temporary local AERO and stop it at the end.

    Parameters
    ----------
    home : Path, optional
        The folder of the local AERO; by default a temporary folder that is removed.

    Yields
    ------
    State
        The ``url``, ``token``, process id and version of the local AERO.

    Raises
    ------
    LocalServiceFailed
        If the local AERO does not start.

    Examples
    --------
    >>> with local_aero() as state:  # doctest: +SKIP
    ...     client = AeroClient(state.url, authorizer=AccessTokenAuthorizer(state.token))
    """
    with contextlib.ExitStack() as stack:
        folder = home or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aero-")))
        stack.callback(daemon.stop, folder)
        yield daemon.ensure(folder)


@contextlib.contextmanager
def globus_auth(
    clients: Mapping[str, str | None], servers: Mapping[str, tuple[str, ...]], **options: Any
) -> Iterator[GlobusAuth]:
    """Run a stand-in for Globus Auth; the Globus SDK finds it through ``GLOBUS_SDK_SERVICE_URL_AUTH``.

    Parameters
    ----------
    clients : mapping of str to str or None
        Client id to secret; None for a native app.
    servers : mapping of str to tuple of str
        Id of an AERO server or of a collection, to the names of its scopes.
    **options
        As for `GlobusAuth`: ``identities``, ``code_lifetime`` and ``token_lifetime`` (seconds), ``rotate``, ``clock``.

    Yields
    ------
    GlobusAuth
        Set the environment variable to its ``url``; ``log_in`` logs a user in through a login link.

    Examples
    --------
    >>> with globus_auth({"my-client": None}, {"my-server": ("action_all",)}) as auth:
    ...     auth.url.startswith("http://127.0.0.1:")
    True
    """
    from aero_jupyter.testing.auth_server.service import GlobusAuth
    from aero_jupyter.testing.auth_server.web import serving

    with serving(GlobusAuth(clients, servers, **options)) as auth:
        yield auth
