"""What goes wrong at Globus Auth, in our words; and waiting for it no longer than a person would."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import globus_sdk

from aero_jupyter.core.errors import AeroError, NotAuthorized, ServerFailed, Unreachable

T = TypeVar("T")

#: Seconds after which Globus counts as out of reach.
PATIENCE = 5.0
#: What to do where nobody is logged in.
CURE = (
    "Log in with %aero_login. Where nobody can, set AERO_CLIENT_ID and AERO_CLIENT_SECRET (or AERO_ACCESS_TOKEN), "
    "or log in there once with: aero-jupyter login"
)


def tuned(client: T) -> T:
    """Make a client of Globus Auth give up soon: nothing it sends may be sent twice."""
    adjusted: Any = client
    adjusted.retry_config.max_retries = 0
    adjusted.transport.http_timeout = (3.0, 20.0)
    return client


@contextlib.contextmanager
def in_our_words(refusal: AeroError) -> Iterator[None]:
    """Turn what the SDK raises into one of ours.

    Parameters
    ----------
    refusal : AeroError
        What to raise where Globus says no.
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
    """Say that Globus does not answer."""
    return Unreachable(0, "Globus does not answer.", "Check the network, then try again.", details=details)


def _of_answer(error: globus_sdk.GlobusAPIError, refusal: AeroError) -> AeroError:
    body = error.raw_json or {}
    if error.http_status >= 500:
        return ServerFailed(error.http_status, f"Globus is out of order ({error.http_status}).", "Try again later.")
    if not body:
        return _web_page()
    if body.get("error") in ("invalid_client", "unauthorized_client"):
        return NotAuthorized(
            401, "Globus does not know this client.", "Check client_uuid, or AERO_CLIENT_ID and _SECRET."
        )
    return refusal


def _web_page() -> ServerFailed:
    return ServerFailed(502, "A web page came instead of Globus's answer.", "A proxy may stand in between.")


def within(seconds: float, *calls: Callable[[], T]) -> list[T]:
    """Make calls side by side, and give what they give.

    Raises
    ------
    Unreachable
        If one has not ended after so many seconds; it is left alone.
    Exception
        What the first failing one raised.
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
