"""What ``aero-jupyter doctor`` looks at."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from aero_jupyter._version import __version__
from aero_jupyter.core.errors import AeroError
from aero_jupyter.service import daemon

if TYPE_CHECKING:
    from aero_jupyter.session import Session

#: Bytes free below which there is a problem.
LEAST_FREE = 1_000_000_000
#: Seconds between this clock and the server's above which there is a problem.
MOST_SKEW = 60.0


@dataclass(frozen=True)
class Finding:
    """What one check found; ``cure`` is empty where all is well."""

    name: str
    ok: bool
    said: str
    cure: str = ""


def findings() -> Iterator[Finding]:
    """Make every check, one after the other; a failing one stops none."""
    for name, check in _CHECKS.items():
        try:
            yield Finding(name, True, check())
        except AeroError as error:
            yield Finding(name, False, error.message, error.cure)


def _session() -> Session:
    from aero_jupyter.session import current

    return current()


def _server() -> str:
    session = _session()
    return f"{session.name} answers at {session.client.base_url} ({session.client.dialect.name} dialect)"


def _version() -> str:
    state = daemon.running(daemon.home())
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
        raise AeroError(f"Nobody is logged in to {session.name}.", "Log in with %aero_login.")
    names = [str(each.get("name")) for each in session.endpoints()]
    if not names:
        raise AeroError("You have no endpoint.", "Start one with globus-compute-endpoint, or ask who runs one.")
    return ", ".join(names)


def _disk() -> str:
    home = daemon.home()
    folder = next(each for each in (home, *home.parents) if each.exists())
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        raise AeroError(f"Only {free / 1e6:.0f} MB are free for {home}.", "Free some space, or set AERO_HOME.")
    return f"{free / 1e9:.0f} GB free for {home}"


def _clock() -> str:
    import requests

    try:
        with requests.get(_session().client.base_url, timeout=10, stream=True, allow_redirects=False) as answer:
            date = answer.headers.get("Date")
        skew = (datetime.now(timezone.utc) - parsedate_to_datetime(date)).total_seconds() if date else 0.0
    except (requests.RequestException, ValueError, TypeError):
        raise AeroError("The server did not tell the time.", "See what it says under server.") from None
    if abs(skew) > MOST_SKEW:
        raise AeroError(f"This clock and the server's are {abs(skew):.0f} s apart.", "Set this machine's clock.")
    return "agrees with the server's"


_CHECKS: dict[str, Callable[[], str]] = {
    "server": _server,
    "versions": _version,
    "endpoint": _endpoint,
    "disk": _disk,
    "clock": _clock,
}
