"""Logging in from a notebook: what `%aero_login` shows, and what a cell shows that failed for want of a login."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from IPython.display import display

from aero_jupyter.auth.authorizers import cannot_log_in
from aero_jupyter.auth.globus_errors import CURE
from aero_jupyter.core.errors import LoginRequired, ServerFailed, Unreachable
from aero_jupyter.notebook.panels.login_panel import LoginPanel
from aero_jupyter.notebook.widgets.cards import Card, LoginCard
from aero_jupyter.notebook.widgets.frontend import front_end

if TYPE_CHECKING:
    from aero_jupyter.auth.credentials import Credentials
    from aero_jupyter.auth.user_login import UserLogin
    from aero_jupyter.session.session import Session

_panels: WeakKeyDictionary[UserLogin, LoginPanel] = WeakKeyDictionary()


def log_in(session: Session, code: str | None, force: bool) -> Card | LoginPanel:
    """Log in with a code, or return what shows how to log in. Never blocks.

    Raises
    ------
    LoginRequired
        If the kernel has no front end to log in with.
    ClientError
        If Globus does not accept the code or does not answer.
    """
    credentials = session.credentials
    login = credentials.user_login if credentials else None
    if credentials is None or (credentials.signs_without_login and code is None):
        return LoginCard(
            (credentials.describe_login(check=True) if credentials else None) or "The local AERO needs no login."
        )
    if login is None:
        raise cannot_log_in(session.name)
    if code is not None:
        login.finish(code)
        if login in _panels:
            _panels[login].show_login()
        return LoginCard(str(login.status()))
    return (None if force else _current_login(login)) or _login_prompt(credentials, login, force)


def show_login_prompt(error: LoginRequired) -> None:
    """Show the login panel below a cell that failed because nobody is logged in."""
    from aero_jupyter.session import current

    credentials = current().credentials
    if credentials is None or credentials.user_login is None or front_end() == "none":
        return
    if error.demands:
        credentials.user_login.add_demands(error.demands)
    display(_login_prompt(credentials, credentials.user_login, force=False))


def _current_login(login: UserLogin) -> Card | None:
    """Return a card about the login; None if it is missing or lacks permissions."""
    try:
        status, warning = login.verified_status(), ""
    except (Unreachable, ServerFailed) as error:
        status, warning = login.status(), f"{error.message} The login could not be checked."
    return LoginCard(str(status), warning) if status and not login.missing_permissions() else None


def _login_prompt(credentials: Credentials, login: UserLogin, force: bool) -> Card | LoginPanel:
    kind = front_end()
    if kind == "none":
        raise LoginRequired(
            401, f"You are not logged in to {login.server_name}, and this kernel has no front end.", CURE
        )
    link = login.link(fresh=force)
    if kind == "text":
        return Card("Open this page, log in and copy the code it shows:", link, "Then: %aero_login --code CODE")
    previous = _panels.get(login)
    if previous is not None and previous.link == link:
        return previous
    if previous is not None:
        previous.retire()
    _panels[login] = LoginPanel(credentials, login, link)
    return _panels[login]
