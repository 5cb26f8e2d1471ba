"""The session in use: connect, log in and log out."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from aero_jupyter.core import config
from aero_jupyter.core.garbage import collection_paused
from aero_jupyter.service import daemon, local_home
from aero_jupyter.session.profiles import read_config

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session

_lock = threading.RLock()
_current: Session | None = None


def connect(server: str | None = None, profile: str | None = None, *, token: str | None = None) -> Session:
    """Connect to a server chosen by argument, environment or configuration file; the local AERO by default.

    Parameters
    ----------
    server : str, optional
        Base URL of an AERO server, or "local".
    profile : str, optional
        A table of the configuration file.
    token : str, optional
        An access token; by default ``AERO_ACCESS_TOKEN`` or the stored one.

    Returns
    -------
    Session
        The session in use from now on.

    Raises
    ------
    InvalidArgument
        If there is no such profile, or if the configuration file cannot be read.
    LocalServiceFailed
        If the local AERO is chosen and does not start.

    Examples
    --------
    >>> aero.connect("local")
    Session(local AERO)
    """
    global _current
    chosen = config.profile_from(read_config(), os.environ, server=server, name=profile)
    with _lock:
        # The import takes about as long as the start of the local AERO.
        state = daemon.ensure(local_home.home(), while_starting=_session_class) if chosen is None else None
        _current = _session_class()(chosen, token, state)
        return _current


def _session_class() -> type[Session]:
    with collection_paused():
        from aero_jupyter.session.session import Session
    return Session


def local() -> Session:
    """Connect to the local AERO.

    Returns
    -------
    Session
        The session in use from now on.

    Raises
    ------
    LocalServiceFailed
        If the local AERO does not start.

    Examples
    --------
    >>> aero.local().is_local
    True
    """
    return connect(config.LOCAL)


def current() -> Session:
    """Return the session in use, created at its first use; restart a local AERO that has stopped.

    Returns
    -------
    Session

    Raises
    ------
    InvalidArgument
        If the configuration file cannot be read.
    LocalServiceFailed
        If the local AERO is chosen and does not start.

    Examples
    --------
    >>> aero.current().name
    'local AERO'
    """
    with _lock:
        if _current is None:
            return connect()
        if _current.is_local and _current.home != local_home.home():
            return local()
        return _current.ensure_running()


def in_use() -> Session | None:
    """Return the session in use, or None if there is none; nothing is started."""
    return _current


def login(code: str | None = None, *, force: bool = False) -> Session:
    """Log in and return the session in use.

    Parameters
    ----------
    code : str, optional
        The code from the login page.
    force : bool
        Whether to log in although a user is logged in already.

    Raises
    ------
    LoginRequired
        If a user must log in; the ``url`` of the error is the login page.
    ClientError
        If Globus does not accept the code or does not respond.
    """
    session = current()
    if session.credentials is None or (session.credentials.signs_without_login and not code):
        return session
    user_login = session.credentials.user_login
    if user_login is None:
        from aero_jupyter.auth.authorizers import cannot_log_in

        raise cannot_log_in(session.name)
    if code is not None:
        user_login.finish(code)
    elif force:
        user_login.link(fresh=True)
        raise user_login.required()
    elif user_login.status() is None:
        raise user_login.required()
    return session


def logout() -> str:
    """Log out, revoke the tokens at Globus, and return the outcome in a sentence."""
    with _lock:
        session = _current
        chosen = config.profile_from(read_config(), os.environ) if session is None else session.profile
    if chosen is None:
        # The local AERO is not started only to log out.
        local_home.require_own(local_home.home())
        from aero_jupyter.session.session import NO_LOGIN_MESSAGE

        return NO_LOGIN_MESSAGE
    return (session or connect()).log_out()
