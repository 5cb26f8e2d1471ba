"""The composition root: which server, whose token, which endpoint, put together once."""

from __future__ import annotations

import os
import sys
import threading
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from globus_sdk import AccessTokenAuthorizer
from globus_sdk.scopes import ComputeScopes, FlowsScopes

from aero_jupyter.auth.credentials import Credentials
from aero_jupyter.auth.signatures import cannot_log_in
from aero_jupyter.client import AeroClient
from aero_jupyter.client.globus_runs import globus_runs
from aero_jupyter.compute.registrar import Registrar
from aero_jupyter.core import config
from aero_jupyter.core.config import Profile
from aero_jupyter.core.errors import InvalidArgument
from aero_jupyter.core.models import Flow, Run
from aero_jupyter.registration import FlowRegistry
from aero_jupyter.service import daemon
from aero_jupyter.service.daemon import State

if TYPE_CHECKING:
    import pandas as pd

_lock = threading.RLock()
_current: Session | None = None
_NO_LOGIN = "Logged out. The local AERO needs no login: where it runs it keeps running, and data stays."


class Session(FlowRegistry):
    """A server, and what talks to it.

    Attributes
    ----------
    client : AeroClient
    profile : Profile or None
        None on the local AERO.
    name : str
        How people call the server.
    state : State or None
        Where the local AERO is; followed when it begins anew, so that whatever holds the session goes on.
    home : Path
        The folder of the local AERO.
    credentials : Credentials or None
        What signs requests to a real server and to Globus.
    """

    def __init__(self, profile: Profile | None, token: str | None = None) -> None:
        self.profile = profile
        self.state: State | None = None
        self.endpoint: str | None = None
        self.home = daemon.home()
        self.credentials = Credentials(profile, os.environ, token) if profile else None
        if profile is None:
            self.name = "local AERO"
            self.go_on()
        elif self.credentials is not None:
            self.name = self.credentials.where
            own, others = self.credentials.aero(), self.credentials.collections()
            self.client = AeroClient(
                profile.server, authorizer=own, collection_authorizers=others, ca_bundle=_ca_bundle(profile)
            )
            self.compute = Registrar(
                # globus_compute_sdk does not heed the variable that moves all other services.
                os.environ.get("GLOBUS_SDK_SERVICE_URL_COMPUTE"),
                self.credentials.globus(ComputeScopes.resource_server),
                owner=self.credentials.identity,
            )

    def __repr__(self) -> str:
        return f"Session({self.name})"

    def go_on(self) -> Session:
        """See to it that the local AERO runs where that is meant; give the session.

        Raises
        ------
        LocalServiceFailed
            If it does not start.
        """
        if self.profile is None:
            self._stand(daemon.ensure(self.home))
        return self

    @property
    def compute(self) -> Registrar:
        """Functions and endpoints."""
        self._follow()
        return self._compute

    @compute.setter
    def compute(self, compute: Registrar) -> None:
        self._compute = compute

    def _follow(self) -> None:
        """Go where the local AERO is by now: it may have begun anew, with another token, at another port."""
        told = daemon.told(self.home) if self.profile is None else None
        if told is not None:
            self._stand(told)

    def _stand(self, state: State) -> None:
        if state == self.state:
            return
        authorizer = AccessTokenAuthorizer(state.token)
        if self.state is None:
            self.client = AeroClient(state.url, authorizer=authorizer, before=self._follow)
        self.client.move(state.url, authorizer)
        self._compute = Registrar(state.url + "compute", authorizer)
        self.state, self.endpoint = state, state.endpoint

    def log_out(self) -> str:
        """Forget and revoke the tokens of this session; say what happened."""
        if self.credentials is None:
            return _NO_LOGIN
        said = self.credentials.log_out()
        self.client.authorizer = self.credentials.aero()
        return said

    def runs(self, limit: int, flow: Flow | None = None) -> list[Run]:
        """List the newest runs; of a real server's flows, those that Globus Flows shows this user.

        Parameters
        ----------
        limit : int
            How many, at most.
        flow : Flow, optional
            Only its runs. Globus Flows knows them by their label only: where no label names it, all are given.

        Raises
        ------
        ClientError
            If the server or Globus Flows refuses or does not answer.
        """
        if self.client.dialect.runs or self.credentials is None:
            return list(islice(self.client.list("run", match=flow.id if flow else None), limit))
        from globus_sdk import FlowsClient

        authorizer = self.credentials.globus(FlowsScopes.resource_server)
        with FlowsClient(authorizer=authorizer) as flows:
            found = globus_runs(flows, limit)
        names = [name for name in (flow.id, flow.description) if name] if flow else []
        return [run for run in found if any(name in run.trigger for name in names)] or found

    @property
    def is_local(self) -> bool:
        """Whether it is the local AERO."""
        return self.state is not None


def connect(server: str | None = None, profile: str | None = None, *, token: str | None = None) -> Session:
    """Choose the server to work with: argument, environment, configuration file, else the local AERO.

    Parameters
    ----------
    server : str, optional
        Base url of an AERO server, or "local".
    profile : str, optional
        A table of the configuration file.
    token : str, optional
        An access token; else ``AERO_ACCESS_TOKEN`` or the stored one.

    Raises
    ------
    InvalidArgument
        If the profile is not there.
    LocalServiceFailed
        If the local AERO does not start.
    """
    global _current
    chosen = config.profile_from(_document(), os.environ, server=server, name=profile)
    with _lock:
        _current = Session(chosen, token)
        return _current


def local() -> Session:
    """Work with the local AERO."""
    return connect(config.LOCAL)


def current() -> Session:
    """The session in use; made at first use. Where the local AERO went away it is started again."""
    with _lock:
        if _current is None:
            return connect()
        if _current.is_local and _current.home != daemon.home():
            return local()
        return _current.go_on()


def in_use() -> Session | None:
    """The session in use; None while there is none, and nothing is started for it."""
    return _current


def login(code: str | None = None, *, force: bool = False) -> Session:
    """Give the session in use, once something signs its requests.

    Parameters
    ----------
    code : str, optional
        The code that the login page has shown.
    force : bool
        Whether to log in although somebody is.

    Raises
    ------
    LoginRequired
        If a person must log in; its ``url`` is the page to do so.
    ClientError
        If Globus does not accept the code or does not answer.
    """
    session = current()
    if session.credentials is None or (session.credentials.needs_nobody and not code):
        return session
    person = session.credentials.person
    if person is None:
        raise cannot_log_in(session.name)
    if code is not None:
        person.finish(code)
    elif force:
        person.link(fresh=True)
        raise person.required()
    elif person.who() is None:
        raise person.required()
    return session


def logout() -> str:
    """Forget who is logged in, revoke the tokens at Globus, and say what happened."""
    with _lock:
        session = _current
        chosen = config.profile_from(_document(), os.environ) if session is None else session.profile
    # The local AERO is not started to be left.
    return (session or connect()).log_out() if chosen else _NO_LOGIN


def read(name_or_id: str, version: int | None = None, **options: Any) -> pd.DataFrame:
    """Read a version of a Data, by name or id, as a DataFrame; `options` go to the pandas reader."""
    client = current().client
    return client.read(client.resolve_data(name_or_id).id, version, **options)


def _ca_bundle(profile: Profile) -> str | None:
    if profile.ca_bundle is None:
        return None
    path = Path(profile.ca_bundle).expanduser()
    if not path.is_file():
        raise InvalidArgument(
            f"There is no ca_bundle {path}.", f"Correct profile {profile.name!r} of the configuration."
        )
    return str(path)


def _document() -> dict[str, Any]:
    path = Path(os.environ.get("AERO_CONFIG_FILE") or Path.home() / config.CONFIG_FILE).expanduser()
    if not path.exists():
        return {}
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidArgument(f"The configuration file cannot be read: {error}.", "Correct it.") from None
