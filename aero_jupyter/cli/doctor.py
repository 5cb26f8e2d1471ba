"""The checks of ``aero-jupyter doctor``."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from aero_jupyter._version import __version__
from aero_jupyter.core.errors import AeroError
from aero_jupyter.core.setting_names import ENVIRONMENT_NAMES, unknown_settings
from aero_jupyter.jobs.loopback import bypass_proxies
from aero_jupyter.service import daemon, local_home

if TYPE_CHECKING:
    from aero_jupyter.session.session import Session

#: Free bytes below which the check reports a problem.
LEAST_FREE_BYTES = 1_000_000_000
#: Seconds of difference between the clocks of client and server above which the check reports a problem.
MOST_CLOCK_SKEW_SECONDS = 60.0


@dataclass(frozen=True)
class CheckResult:
    """The result of one check; ``cure`` is empty if there is no problem."""

    name: str
    is_ok: bool
    message: str
    cure: str = ""


def run_checks() -> Iterator[CheckResult]:
    """Yield the result of every check, one after the other; a failing check does not stop the others."""
    for name, check in _CHECKS.items():
        try:
            yield CheckResult(name, True, check())
        except AeroError as error:
            yield CheckResult(name, False, error.message, error.cure)


def _session() -> Session:
    from aero_jupyter.session import current

    return current()


def _server() -> str:
    session = _session()
    return f"{session.name} answers at {session.client.base_url} ({session.client.dialect.name} dialect)"


def _version() -> str:
    state = daemon.find_running(local_home.home())
    if state and state.version != __version__:
        raise AeroError(
            f"The local AERO is {state.version}, this package {__version__}.", "Run: aero-jupyter local stop"
        )
    return f"aero-jupyter {__version__}, Python {platform.python_version()}"


def _endpoint() -> str:
    session = _session()
    if session.endpoint:
        return f"local ({session.endpoint[:8]})"
    if session.client.authorizer is None:
        raise AeroError(f"No user is logged in to {session.name}.", "Log in with %aero_login")
    names = [str(each.get("name")) for each in session.endpoints()]
    if not names:
        raise AeroError(
            "You have no endpoint.",
            "Start one with globus-compute-endpoint, or ask for access to an existing one.",
        )
    return ", ".join(names)


def _disk() -> str:
    home = local_home.home()
    folder = next(each for each in (home, *home.parents) if each.exists())
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        raise AeroError(f"Only {free / 1e6:.0f} MB are free for {home}.", "Free some space, or set AERO_HOME.")
    return f"{free / 1e9:.0f} GB free for {home}"


def _space() -> str:
    from aero_jupyter.session.retention import space_line

    return space_line(_session()) or "not reported by this server"


def _clock() -> str:
    import requests

    try:
        session = bypass_proxies(requests.Session())
        with session, session.get(_session().client.base_url, timeout=10, stream=True, allow_redirects=False) as answer:
            date = answer.headers.get("Date")
        skew = (datetime.now(timezone.utc) - parsedate_to_datetime(date)).total_seconds() if date else 0.0
    except (requests.RequestException, ValueError, TypeError, OverflowError, IndexError):
        raise AeroError("The server sent no Date header.", "Read the line of the check server above.") from None
    if abs(skew) > MOST_CLOCK_SKEW_SECONDS:
        raise AeroError(f"This clock and the server's are {abs(skew):.0f} s apart.", "Set this machine's clock.")
    return "agrees with the server's"


def _settings() -> str:
    sentences = list(unknown_settings(os.environ))
    if sentences:
        raise AeroError(" ".join(sentences), "Correct the names, or unset the variables.")
    names = [name for name in ENVIRONMENT_NAMES if os.environ.get(name)]
    return ", ".join(names) or "none in the environment"


_CHECKS: dict[str, Callable[[], str]] = {
    "server": _server,
    "versions": _version,
    "endpoint": _endpoint,
    "disk": _disk,
    "space": _space,
    "clock": _clock,
    "settings": _settings,
}
