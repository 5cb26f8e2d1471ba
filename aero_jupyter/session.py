"""The composition root: which server, whose token, which endpoint, put together once."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aero_jupyter.auth import tokens
from aero_jupyter.client import AeroClient
from aero_jupyter.compute.registrar import Registrar
from aero_jupyter.core import config
from aero_jupyter.core.config import Profile
from aero_jupyter.core.errors import InvalidArgument, NotAuthorized
from aero_jupyter.registration import FlowRegistry
from aero_jupyter.service import daemon

if TYPE_CHECKING:
    import pandas as pd

_lock = threading.RLock()
_current: Session | None = None


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
        Where the local AERO is.
    """

    def __init__(self, profile: Profile | None, token: str | None = None) -> None:
        self.profile = profile
        self.state = daemon.ensure(daemon.home()) if profile is None else None
        self.endpoint = self.state.endpoint if self.state else None
        authorizer = tokens.authorizer(profile, os.environ, self.state.token if self.state else token)
        url = self.state.url if self.state else profile.server if profile else ""
        self.name = "local AERO" if self.state else url.split("://")[1].rstrip("/")
        self.client = AeroClient(url, authorizer=authorizer)
        self.compute = Registrar(self.state.url + "compute", authorizer) if self.state else Registrar(None, None)

    def __repr__(self) -> str:
        return f"Session({self.name})"

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
    """The session in use; made at first use, and made anew when the local AERO went away."""
    with _lock:
        if _current is None or (_current.state and daemon.running(daemon.home()) != _current.state):
            return connect() if _current is None else local()
        return _current


def login() -> Session:
    """Give the session in use, once something signs its requests.

    Raises
    ------
    NotAuthorized
        If no token for its server is known.
    """
    session = current()
    if session.client.authorizer is None:
        cure = "Set AERO_ACCESS_TOKEN, or choose a profile whose token file is there."
        raise NotAuthorized(401, f"No token for {session.name} is known.", cure)
    return session


def logout() -> bool:
    """Forget who is logged in; False when nobody was."""
    global _current
    with _lock:
        chosen = config.profile_from(_document(), os.environ) if _current is None else _current.profile
        _current = None
    return tokens.forget(chosen) if chosen else False


def read(name_or_id: str, version: int | None = None, **options: Any) -> pd.DataFrame:
    """Read a version of a Data, by name or id, as a DataFrame; `options` go to the pandas reader."""
    client = current().client
    return client.read(client.resolve_data(name_or_id).id, version, **options)


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
