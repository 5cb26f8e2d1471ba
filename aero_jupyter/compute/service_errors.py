"""Errors of the Compute SDK as AERO's errors: one sentence, and a cure."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import globus_sdk

from aero_jupyter.core import server_errors
from aero_jupyter.core.errors import ServerFailed, Unreachable
from aero_jupyter.jobs.answer_limits import OverLimit
from aero_jupyter.jobs.redirects import ForeignRedirect


@contextlib.contextmanager
def translate_errors(service: str) -> Iterator[None]:
    """Raise AERO's errors instead of those of the SDK.

    Parameters
    ----------
    service : str
        The URL or the name of the service, for messages.

    Raises
    ------
    ClientError
        If the service refuses or does not answer.
    """
    try:
        yield
    except globus_sdk.GlobusAPIError as error:
        raise server_errors.error_from(error.http_status, error.text) from None
    except OverLimit as error:
        cure = "Raise that limit if the answer is expected; otherwise report it to the operator of the service."
        raise Unreachable(0, f"The answer of {service} {error}.", cure) from None
    except ForeignRedirect as error:
        message = f"{service} {error}; nothing was sent there."
        raise Unreachable(0, message, "Use the URL of that host, if it is the service that you mean.") from None
    except (KeyError, TypeError) as error:
        message = f"{service} sent an answer of another format."
        raise ServerFailed(502, message, "Check the URL.", details=repr(error)) from error
    except globus_sdk.NetworkError as error:
        raise Unreachable(
            0, f"No answer from {service}.", "Check the network.", details=repr(error.underlying_exception)
        ) from None
