"""The logout of scripts."""

from __future__ import annotations

from aero_jupyter.session import logout


def globus_logout() -> None:
    """Delete the tokens and revoke them at Globus, so that the next call needs a login.

    Raises
    ------
    ClientError
        If Globus does not answer.

    Examples
    --------
    >>> aero.globus_logout()
    """
    logout()
