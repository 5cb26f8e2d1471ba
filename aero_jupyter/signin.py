"""Logging in from a terminal: what is said, line by line."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from aero_jupyter import session
from aero_jupyter.core.errors import LoginRequired


def log_in(code: str | None, force: bool) -> Iterator[str]:
    """Log in; ask for the code where somebody sits at the terminal.

    Parameters
    ----------
    code : str or None
        The code; "-" reads it from the standard input, where no list of processes shows it.
    force : bool
        Whether to log in although somebody is.
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
        # Not getpass: a code works once, and people want to see what they pasted.
        session.login(input("Code: "))
    credentials = session.current().credentials
    yield (credentials.who() if credentials else None) or "The local AERO needs no login."
