"""What we test with, for those who test on top of us."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aero_jupyter.service import daemon

if TYPE_CHECKING:
    from aero_jupyter.testing.globus_auth_rules import GlobusAuth


@contextlib.contextmanager
def local_aero(home: Path | None = None) -> Iterator[daemon.State]:
    """Run a local AERO of its own, and stop it at the end.

    Parameters
    ----------
    home : Path, optional
        Its folder; by default a temporary one that is removed.

    Yields
    ------
    State
        Where it is and what opens it.
    """
    with contextlib.ExitStack() as stack:
        folder = home or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aero-")))
        stack.callback(daemon.stop, folder)
        yield daemon.ensure(folder)


@contextlib.contextmanager
def globus_auth(
    clients: Mapping[str, str | None], servers: Mapping[str, tuple[str, ...]], **options: Any
) -> Iterator[GlobusAuth]:
    """Run a stand-in for Globus Auth; the Globus SDK finds it by ``GLOBUS_SDK_SERVICE_URL_AUTH``.

    Parameters
    ----------
    clients : mapping
        Client id to secret; None for a native app.
    servers : mapping
        Id of an AERO server or of a collection, to the names of its scopes.
    **options
        As for `GlobusAuth`.

    Yields
    ------
    GlobusAuth
        Its `url` is to be put into the environment; `log_in` does what a person does with a link.
    """
    from aero_jupyter.testing.globus_auth_rules import GlobusAuth
    from aero_jupyter.testing.globus_auth_web import serving

    with serving(GlobusAuth(clients, servers, **options)) as auth:
        yield auth
