"""Ports that depend only on a name, so that flows of an earlier kernel still reach their source."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from typing import Protocol, TypeVar

from aero_jupyter.service import local_home


class Source(Protocol):
    """A source that is served on a port."""

    url: str


S = TypeVar("S", bound=Source)


def at_usual_port(name: str, serve: Callable[[int], S], what: str) -> S:
    """Serve a source on the port of its name, or on another one if that port is in use; then print a warning.

    Parameters
    ----------
    name : str
        The name, which determines the port together with the folder of the local AERO.
    serve : callable
        Serves the source on a port; 0 is any free one.
    what : str
        The source, for the warning.

    Raises
    ------
    OSError
        If no port is free.
    """
    wanted, *others = _ports(name)
    for port in (wanted, *others, 0):
        try:
            opened = serve(port)
        except OSError:
            continue
        if port != wanted:
            sys.stdout.write(
                f"Port {wanted} of {what} is in use, perhaps by another kernel: the URL is {opened.url} now. "
                "Flows that download from the usual URL do not see what is published there.\n"
            )
        return opened
    raise OSError("No free port on 127.0.0.1.")


def _ports(name: str) -> list[int]:
    """Return the ports to try, below the range from which systems take ports for outgoing connections."""
    digest = hashlib.sha256(f"{local_home.home().absolute()}\n{name}".encode()).digest()
    return [20_000 + int.from_bytes(digest[at : at + 2], "big") % 12_000 for at in range(0, 10, 2)]
