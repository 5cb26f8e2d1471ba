"""Status of a session's server: whether it answers, and with which login it is used."""

from __future__ import annotations

import contextlib
import getpass
from typing import TYPE_CHECKING

from aero_jupyter.core.errors import AeroError

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session


class ServerStatus:
    """Status of a session's server.

    Attributes
    ----------
    error : str or None
        The error of the last check; empty if the server answered, None before the first check.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._login = login_label(session)
        self.error: str | None = None

    def check(self) -> bool:
        """Check whether the server answers."""
        self._login = login_label(self._session)
        try:
            self._session.client.list("flow").page(1, 1)
            self.error = ""
        except AeroError as error:
            self.error = f"{error.message} Trying again."
        return not self.error

    @property
    def can_start(self) -> bool:
        """Return whether the server is a local AERO that does not answer."""
        return bool(self.error) and self._session.is_local

    @property
    def heading(self) -> str:
        """The session, its server and its login, with the mark of the state."""
        mark = "◌" if self.error is None else "✕" if self.error else "✓"
        where = self._session.client.base_url if self._session.is_local else "Globus"
        return f"{mark} {' · '.join(part for part in (self._session.name, where, self._login) if part)}"

    @property
    def state(self) -> str:
        """The state as text."""
        return "connecting" if self.error is None else self.error or "answers"


def login_label(session: Session) -> str:
    """Return the login of a session, as far as this machine knows it."""
    if session.credentials is None:
        return getpass.getuser()
    # Logging in reports a broken file of tokens.
    with contextlib.suppress(AeroError):
        identity = session.credentials.identity()
        if identity:
            return identity
    return "with an access token" if session.credentials.signs_without_login else "not logged in"
