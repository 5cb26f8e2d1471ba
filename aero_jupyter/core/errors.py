"""Everything that can go wrong, as one tree.

::

    AeroError
    ├── InvalidArgument      what was asked makes no sense (also a ValueError)
    │   └── UnknownName      no such data, flow, endpoint … or several of that name
    ├── ClientError          an AERO server said no; .code is the HTTP status
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


class AeroError(Exception):
    """What happened in one sentence, and the cure in another.

    Attributes
    ----------
    message : str
        What happened.
    cure : str
        What to do about it; empty where nothing is to be done.
    details : str
        The longer story (a remote traceback, a log), shown by ``%aero_traceback``.
    """

    def __init__(self, message: str, cure: str = "", *, details: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure
        self.details = details

    def __str__(self) -> str:
        return f"{self.message}\n{self.cure}" if self.cure else self.message

    def _render_traceback_(self, *_: object) -> list[str]:
        """Show two lines in IPython instead of a wall."""
        return str(self).splitlines()


class InvalidArgument(AeroError, ValueError):
    """What was asked makes no sense as it stands."""


class UnknownName(InvalidArgument):
    """No such data, flow, endpoint or version; or more than one of that name.

    Attributes
    ----------
    candidates : tuple of str
        The ids or names that could have been meant.
    """

    def __init__(self, message: str, cure: str = "", *, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(message, cure)
        self.candidates = candidates


class ClientError(AeroError):
    """An AERO server refused or failed.

    Attributes
    ----------
    code : int
        The HTTP status (the server's own code where it sends one in the body); 0 when there was no answer.
    """

    def __init__(self, code: int, message: str, cure: str = "", *, details: str = "") -> None:
        super().__init__(message, cure, details=details)
        self.code = code

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        return type(self), (self.code, self.message, self.cure)


class NotFound(ClientError):
    """The server does not have it (404)."""


class AlreadyExists(ClientError):
    """The server has it already (409, or AERO's 501)."""


class NotAuthorized(ClientError):
    """The token is missing, expired or not enough (401, 403)."""


class LoginRequired(NotAuthorized):
    """Nobody is logged in, or a service asks for more than this login allows.

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
    """The server broke while answering (5xx)."""


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
