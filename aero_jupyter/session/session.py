"""The composition root: connects server, credentials and endpoint once."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from functools import cache, partial
from itertools import islice
from typing import TYPE_CHECKING

from globus_sdk.authorizers import AccessTokenAuthorizer

from aero_jupyter._version import __version__
from aero_jupyter.client import AeroClient
from aero_jupyter.core import wire
from aero_jupyter.core.config import Profile
from aero_jupyter.core.errors import Unreachable
from aero_jupyter.core.models import Flow, Run
from aero_jupyter.core.service_settings import changed_settings
from aero_jupyter.service import daemon, local_home
from aero_jupyter.service.local_home import State
from aero_jupyter.session.profiles import ca_bundle_of, options_file_of
from aero_jupyter.session.registration import FlowRegistry

if TYPE_CHECKING:
    from aero_jupyter.auth.credentials import Credentials
    from aero_jupyter.compute.compute_client import Registrar

#: The outcome of a logout from the local AERO.
NO_LOGIN_MESSAGE = "Logged out. The local AERO needs no login: it keeps running, and datasets stay."


class Session(FlowRegistry):
    """A server with its clients and credentials; `connect` creates a session, `current` returns the one in use.

    Attributes
    ----------
    client : AeroClient
        Client of the AERO server.
    compute : Registrar
        Registers functions and lists endpoints.
    profile : Profile or None
        The profile of the configuration file; None on the local AERO.
    name : str
        Name of the server in messages and panels.
    state : State or None
        URL, token and process of the local AERO; updated after a restart, so that every object that holds the session
        continues to work.
    endpoint : str or None
        Id of the endpoint called "local"; None on a real server.
    home : Path
        Folder of the local AERO.
    credentials : Credentials or None
        Signs requests to a real server and to Globus.

    Examples
    --------
    >>> aero.current()
    Session(local AERO)
    """

    def __init__(self, profile: Profile | None, token: str | None = None, state: State | None = None) -> None:
        self.profile = profile
        self.state: State | None = None
        self.endpoint: str | None = None
        self.home = local_home.home()
        self._warned: set[str] = set()
        self._build_compute: Callable[[], Registrar]
        self.credentials: Credentials | None = None
        if profile is not None:
            self._use_server(profile, token)
            return
        self.name = "local AERO"
        self._use_service(state or daemon.ensure(self.home))
        self._warn_about_settings()

    def _use_server(self, profile: Profile, token: str | None) -> None:
        """Create the clients of a real server; the local AERO does not need what they import."""
        from globus_sdk.scopes import ComputeScopes

        from aero_jupyter.auth.credentials import Credentials
        from aero_jupyter.compute.compute_client import Registrar

        self.credentials = credentials = Credentials(profile, os.environ, token)
        self.name = credentials.server_name
        self.client = AeroClient(
            profile.server,
            authorizer=credentials.aero_authorizer(),
            collection_authorizers=credentials.collection_authorizers(),
            is_host_of=credentials.is_host_of,
            options_file=options_file_of(profile),
            ca_bundle=ca_bundle_of(profile),
        )
        self.compute = Registrar(
            # globus_compute_sdk ignores the variable that redirects all other services.
            os.environ.get("GLOBUS_SDK_SERVICE_URL_COMPUTE"),
            credentials.globus_authorizer(ComputeScopes.resource_server),
            owner=credentials.identity,
        )

    def __repr__(self) -> str:
        return f"Session({self.name})"

    def ensure_running(self) -> Session:
        """Start the local AERO if the session uses it and it is not running.

        Returns
        -------
        Session
            This session.

        Raises
        ------
        LocalServiceFailed
            If the local AERO does not start.

        Examples
        --------
        >>> aero.current().ensure_running()
        Session(local AERO)
        """
        if self.profile is None:
            self._use_service(daemon.ensure(self.home))
            self._warn_about_settings()
        return self

    def _warn_about_settings(self) -> None:
        """Warn once of each variable that differs from the environment in which the running service was started."""
        started_with = self.state.settings if self.state else None
        if not isinstance(started_with, dict):
            return
        for name, text in changed_settings(started_with, os.environ):
            if name not in self._warned:
                self._warned.add(name)
                warnings.warn(text, UserWarning, stacklevel=3)

    @property
    def compute(self) -> Registrar:
        """The client for functions and endpoints."""
        self._refresh_connection()
        return self._build_compute()

    @compute.setter
    def compute(self, compute: Registrar) -> None:
        self._build_compute = lambda: compute

    def _refresh_connection(self) -> None:
        """Update the session to the current URL and token of the local AERO, which change when it restarts."""
        if self.profile is not None:
            return
        state = local_home.read_state(self.home)
        if state is not None:
            self._use_service(state)
        # After the end of the service, another process may use its port, and must not receive the token.
        if daemon.find_holder(self.home) is None:
            url = self.state.url if self.state else self.home
            raise Unreachable(0, f"No answer from {url}.", "Start the local AERO with: aero-jupyter local start")

    def _use_service(self, state: State) -> None:
        if state == self.state:
            return
        authorizer = AccessTokenAuthorizer(state.token)
        if self.state is None:
            dialect = wire.LOCAL if state.version == __version__ else None
            self.client = AeroClient(state.url, authorizer=authorizer, dialect=dialect, before=self._refresh_connection)
        self.client.move(state.url, authorizer)
        self._build_compute = cache(partial(_local_registrar, state))
        self.state, self.endpoint = state, state.endpoint

    def log_out(self) -> str:
        """Delete the tokens of this session, and revoke them at Globus.

        Returns
        -------
        str
            The outcome, in one or two sentences.

        Examples
        --------
        >>> print(aero.current().log_out())
        Logged out. ...
        """
        if self.credentials is None:
            return NO_LOGIN_MESSAGE
        result = self.credentials.log_out()
        self.client.authorizer = self.credentials.aero_authorizer()
        return result

    def runs(self, limit: int, flow: Flow | None = None) -> list[Run]:
        """List the newest runs.

        Parameters
        ----------
        limit : int
            Maximum number of runs.
        flow : Flow, optional
            Return only the runs of this flow. Globus Flows identifies runs by their label only: if no label names the
            flow, all runs are returned.

        Returns
        -------
        list of Run
            Newest first. On a real server, the runs that Globus Flows shows this user.

        Raises
        ------
        ClientError
            If the server or Globus Flows refuses or does not respond.

        Examples
        --------
        >>> [run.is_final for run in aero.current().runs(1)]
        [True]
        """
        if self.client.dialect.runs or self.credentials is None:
            return list(islice(self.client.list("run", match=flow.id if flow else None), limit))
        from globus_sdk import FlowsClient
        from globus_sdk.scopes import FlowsScopes

        from aero_jupyter.client.globus_flows import globus_runs
        from aero_jupyter.jobs.loopback import bypass_proxies

        authorizer = self.credentials.globus_authorizer(FlowsScopes.resource_server)
        with FlowsClient(authorizer=authorizer) as flows:
            bypass_proxies(flows.transport.session)
            found = globus_runs(flows, limit)
        names = [name for name in (flow.id, flow.description) if name] if flow else []
        return [run for run in found if any(name in run.trigger for name in names)] or found

    @property
    def is_local(self) -> bool:
        """True if the server is the local AERO."""
        return self.state is not None


def _local_registrar(state: State) -> Registrar:
    """Create the client for functions of the local AERO; few commands need what it imports."""
    from aero_jupyter.compute.compute_client import Registrar

    return Registrar(state.url + "compute", AccessTokenAuthorizer(state.token))
