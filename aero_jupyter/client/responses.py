"""The answers of a server: parsed bodies, and the errors for requests without a usable answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar  # JSON values

import requests

from aero_jupyter.core import errors
from aero_jupyter.core.safe_parsing import parse_json
from aero_jupyter.jobs.answer_limits import OverLimit

T = TypeVar("T")

#: The instruction to the user when a proxy refuses a request.
PROXY_CURE = "Correct HTTPS_PROXY and HTTP_PROXY, or add the host to NO_PROXY; then restart the kernel."


class Answer(NamedTuple):
    """The parsed body and the headers of an answer."""

    body: Any
    headers: Mapping[str, str]


class NotJson(errors.ServerFailed):
    """An answer that is not JSON."""


def parse_json_body(content: bytes, where: str) -> Any:
    """Parse the body of an answer from `where` as JSON; an empty one is None.

    Raises
    ------
    NotJson
    """
    if not content:
        return None
    try:
        return parse_json(content)
    except ValueError:
        page = content.lstrip()[:1] == b"<"
    what = "with a web page" if page else "with something other than JSON"
    raise NotJson(502, f"{where} answered {what}.", "Check the URL; a proxy or a login page may have answered.")


def decode_body(read: Callable[[Any], T], body: object) -> T:
    """Parse the body of an answer into a record with `read`.

    Raises
    ------
    ServerFailed
        If the body does not match the expected format.
    """
    try:
        return read(body)
    except (AttributeError, IndexError, KeyError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise errors.ServerFailed(
            502,
            "The server answered with an invalid record.",
            "Report it to the server's administrator.",
            details=repr(error),
        ) from error


def over_limit(where: str, error: OverLimit) -> errors.Unreachable:
    """Return the error for an answer that exceeds its limits."""
    cure = "Raise that limit if the answer is expected; otherwise report it to the server's administrator."
    return errors.Unreachable(0, f"The answer of {where} {error}.", cure)


def unreachable(where: str, cause: Exception) -> errors.Unreachable:
    """Return the error for a request to `where` that got no answer."""
    details = f"{type(cause).__name__}: {cause}"
    if isinstance(cause, requests.exceptions.SSLError):
        cure = "Name its certificate authority (ca_bundle), or report it to the server's administrator."
        return errors.Unreachable(0, f"The certificate of {where} is not trusted.", cure, details=details)
    if isinstance(cause, requests.exceptions.ProxyError):
        return errors.Unreachable(
            0, f"The proxy of this machine blocks requests to {where}.", PROXY_CURE, details=details
        )
    if isinstance(cause, requests.ReadTimeout):
        return errors.Unreachable(0, f"{where} did not answer in time.", "Try again later.", details=details)
    return errors.Unreachable(0, f"No answer from {where}.", "Check the URL and the network.", details=details)
