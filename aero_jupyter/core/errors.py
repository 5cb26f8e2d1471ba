"""The tree of errors.

::

    AeroError
    ├── InvalidArgument      an argument is invalid (also a ValueError)
    │   ├── UnknownName      no such data, flow, endpoint … or several of that name
    │   └── UnknownProfile   the configuration file has no such profile (also a KeyError)
    ├── ClientError          an AERO server refused; .code is the HTTP status
    │   ├── NotFound         404
    │   ├── AlreadyExists    409, 501
    │   ├── NotAuthorized    401, 403
    │   │   └── LoginRequired    a person must log in, or consent to more
    │   ├── Rejected         400, 413, 422
    │   ├── ServerFailed     5xx
    │   └── Unreachable      no answer at all; .code is 0
    ├── FunctionRefused      the function in this cell cannot travel to an endpoint
    ├── RunFailed            a run ended as failed or cancelled
    ├── Unreadable           the bytes of a version do not make a table
    ├── LocalServiceFailed   the local AERO does not start or answer
    └── MissingExtra         a package of an extra is not installed
"""

from __future__ import annotations

from collections.abc import Mapping

from aero_jupyter.core.redaction import redact_text
from aero_jupyter.core.terminal_text import escape_controls


class AeroError(Exception):
    """The base of all errors: one sentence on what happened, another on what to do.

    Parameters
    ----------
    message : str
        What happened.
    cure : str
        What to do about it; empty where nothing is to be done.
    details : str
        The longer story (a remote traceback, a log), shown by ``%aero_traceback``.

    Examples
    --------
    >>> print(AeroError("There is no dataset cases.", "List them with %aero_list data"))
    There is no dataset cases.
    List them with %aero_list data
    """

    def __init__(self, message: str, cure: str = "", *, details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure
        self.details = details

    def __str__(self) -> str:
        return f"{self.message}\n{self.cure}" if self.cure else self.message

    def _render_traceback_(self, *_: object) -> list[str]:
        """Return the two lines that IPython shows in place of a traceback."""
        return escape_controls(redact_text(str(self))).splitlines()


class InvalidArgument(AeroError, ValueError):
    """An argument is invalid."""


class UnknownName(InvalidArgument):
    """No dataset, flow, endpoint or version has this name, or several do.

    Attributes
    ----------
    candidates : tuple of str
        The ids or names that could have been meant.
    """

    def __init__(self, message: str, cure: str = "", *, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(message, cure)
        self.candidates = candidates


class UnknownProfile(InvalidArgument, KeyError):
    """The configuration file has no such profile."""


class ClientError(AeroError):
    """An AERO server refused or failed; ``args`` holds the code and the message.

    Parameters
    ----------
    code : int
        The HTTP status (the server's own code where it sends one in the body); 0 when there was no answer.
    message, cure, details : str
        As for `AeroError`.

    Examples
    --------
    >>> try:
    ...     client.get_data("00000000-0000-0000-0000-000000000000")
    ... except ClientError as error:
    ...     error.code
    404
    """

    def __init__(self, code: int, message: str, cure: str = "", *, details: str = "") -> None:
        super().__init__(message, cure, details=details)
        self.args = (code, message)
        self.code = code

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        return type(self), (self.code, self.message, self.cure)


class NotFound(ClientError):
    """The record does not exist on the server (404)."""


class AlreadyExists(ClientError):
    """The record exists on the server already (409, or AERO's 501)."""


class NotAuthorized(ClientError):
    """The token is missing, expired or not enough (401, 403)."""


class LoginRequired(NotAuthorized):
    """No user is logged in, or a service asks for more than this login allows.

    Attributes
    ----------
    url : str
        The page to log in at; empty where it is not known.
    demands : dict
        What a service asks for beyond what was consented to, in Globus's words (``required_scopes``, …).
    """

    def __init__(
        self,
        code: int,
        message: str,
        cure: str = "",
        *,
        details: str = "",
        url: str = "",
        demands: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(code, message, cure, details=details)
        self.url = url
        self.demands = dict(demands or {})


class Rejected(ClientError):
    """The server did not accept the request as it was sent (400, 413, 422)."""


class ServerFailed(ClientError):
    """The server failed while it handled the request (5xx)."""


class Unreachable(ClientError):
    """No answer came from the server."""


class FunctionRefused(AeroError):
    """The function in this cell cannot run on an endpoint as it is.

    Attributes
    ----------
    line : int or None
        The line of the cell it concerns, counted from 1.
    """

    def __init__(self, message: str, cure: str = "", *, line: int | None = None) -> None:
        super().__init__(message, cure)
        self.line = line


class RunFailed(AeroError):
    """A run ended as failed or cancelled.

    Attributes
    ----------
    run_id : str
        The run, for ``%aero_list run`` and ``client.run(run_id)``.
    """

    def __init__(self, message: str, cure: str = "", *, details: str = "", run_id: str = "") -> None:
        super().__init__(message, cure, details=details)
        self.run_id = run_id


class Unreadable(AeroError):
    """The bytes of a version do not make a table."""


class LocalServiceFailed(AeroError):
    """The local AERO does not start or does not answer."""


class MissingExtra(AeroError, ImportError):
    """A package that an extra brings is not installed."""
