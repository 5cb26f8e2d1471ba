"""Translation of Globus Auth errors, and a timeout for its requests."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar  # attributes of globus_sdk that its types leave out

import globus_sdk

from aero_jupyter.core.errors import AeroError, NotAuthorized, ServerFailed, Unreachable
from aero_jupyter.jobs.loopback import bypass_proxies

T = TypeVar("T")

#: Seconds after which Globus counts as unreachable.
ANSWER_SECONDS = 5.0
#: The advice to a user who is logged out.
CURE = (
    "Log in with %aero_login. For unattended use, set AERO_CLIENT_ID and AERO_CLIENT_SECRET (or AERO_ACCESS_TOKEN), "
    "or log in once with: aero-jupyter login"
)


def with_short_timeouts(client: T) -> T:
    """Configure a client of Globus Auth without retries and with short timeouts: no request may be sent twice."""
    adjusted: Any = client
    adjusted.retry_config.max_retries = 0
    adjusted.transport.http_timeout = (3.0, 20.0)
    bypass_proxies(adjusted.transport.session)
    return client


@contextlib.contextmanager
def translate_globus_errors(refusal: AeroError) -> Iterator[None]:
    """Translate errors of the Globus SDK to errors of this package.

    Parameters
    ----------
    refusal : AeroError
        The error to raise if Globus refuses the request.
    """
    try:
        yield
    except AeroError:
        raise
    except globus_sdk.GlobusAPIError as error:
        raise _of_answer(error, refusal) from None
    except globus_sdk.NetworkError as error:
        raise out_of_reach(type(error.underlying_exception).__name__) from None
    except (KeyError, TypeError, ValueError):
        raise _web_page() from None


def out_of_reach(details: str = "") -> Unreachable:
    """Return the error for a Globus service that does not answer."""
    return Unreachable(0, "Globus does not answer.", "Check the network, then try again.", details=details)


def _of_answer(error: globus_sdk.GlobusAPIError, refusal: AeroError) -> AeroError:
    body = error.raw_json or {}
    if error.http_status >= 500:
        return ServerFailed(error.http_status, f"Globus failed (status {error.http_status}).", "Try again later.")
    if not body:
        return _web_page()
    if body.get("error") in ("invalid_client", "unauthorized_client"):
        return NotAuthorized(
            401, "Globus does not know this client.", "Check client_uuid, or AERO_CLIENT_ID and AERO_CLIENT_SECRET."
        )
    return refusal


def _web_page() -> ServerFailed:
    return ServerFailed(502, "A web page answered instead of Globus.", "Check whether a proxy intercepts requests.")


def run_with_timeout(seconds: float, *calls: Callable[[], T]) -> list[T]:
    """Run calls concurrently and return their results.

    Raises
    ------
    Unreachable
        If a call has not ended after `seconds`; it is abandoned.
    Exception
        The exception of the first failed call.
    """
    outcomes: list[Any] = [None] * len(calls)
    done = threading.Semaphore(0)

    def make(at: int, call: Callable[[], T]) -> None:
        try:
            outcomes[at] = (call(), None)
        except Exception as error:
            outcomes[at] = (None, error)
        finally:
            done.release()

    for at, call in enumerate(calls):
        threading.Thread(target=make, args=(at, call), daemon=True).start()
    _await(done, len(calls), seconds)
    for _, error in outcomes:
        if error is not None:
            raise error
    return [value for value, _ in outcomes]


def _await(done: threading.Semaphore, count: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    for _ in range(count):
        if not done.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise out_of_reach(f"No answer within {seconds:g} s.")
