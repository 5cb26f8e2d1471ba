"""Login from a terminal, reported line by line."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from aero_jupyter import session
from aero_jupyter.core.errors import LoginRequired


def log_in(code: str | None, force: bool) -> Iterator[str]:
    """Log in; prompt for the code if the terminal is interactive.

    Parameters
    ----------
    code : str or None
        The code; "-" reads it from standard input, which keeps it out of process lists.
    force : bool
        Whether to log in although a user is logged in already.
    """
    try:
        session.login(sys.stdin.readline() if code == "-" else code, force=force)
    except LoginRequired as required:
        if not required.url:
            raise
        yield f"Open this page, log in and copy the code it shows:\n\n{required.url}\n"
        if not sys.stdin.isatty():
            yield "Then finish with: aero-jupyter login --code CODE"
            return
        # Not getpass: a code works only once, and users want to see what they pasted.
        session.login(input("Code: "))
    credentials = session.current().credentials
    yield (credentials.describe_login() if credentials else None) or "The local AERO needs no login."
